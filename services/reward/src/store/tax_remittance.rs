//! Remittances of tax: proposals and confirmations, both added and never changed.

use super::money;
use crate::domain::{
    ledger::Account,
    tax_remittance::{Confirmation, Remittance},
};
use handsel_money::{Currency, Timestamp};
use handsel_storage::{At, Db, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct RemittanceRow {
        pub id: Uuid,
        pub currency: String,
        pub amount_minor: i64,
        pub period: String,
        pub reference: String,
        pub proposed_by: String,
        pub proposed_at: At,
        pub confirmed_by: Option<String>,
        pub confirmed_at: Option<At>,
    }
}

impl RemittanceRow {
    fn restore(self) -> Result<Remittance, Fault> {
        let Self {
            id,
            currency,
            amount_minor,
            period,
            reference,
            proposed_by,
            proposed_at,
            confirmed_by,
            confirmed_at,
        } = self;
        let confirmation = confirmed_by.zip(confirmed_at).map(|(by, at)| Confirmation { by, at: at.0 });
        let amount = money(&currency, amount_minor)?;
        Ok(Remittance { id, amount, period, reference, proposed_by, proposed_at: proposed_at.0, confirmation })
    }
}

/// Adds a proposal.
pub(crate) async fn insert(tx: &mut Tx, remittance: &Remittance) -> Result<(), Fault> {
    let Remittance { id, amount, period, reference, proposed_by, proposed_at, confirmation: _ } = remittance.clone();
    tx.exec_one(
        "INSERT INTO tax_remittance (id, currency, amount_minor, period, reference, proposed_by, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        (id, amount.currency().code(), amount.minor(), period, reference, proposed_by, At(proposed_at)),
    )
    .await
}

/// Adds its confirmation. Another process that was faster is a lost race.
pub(crate) async fn confirm(tx: &mut Tx, remittance: &Remittance, confirmation: &Confirmation) -> Result<(), Fault> {
    let currency = remittance.amount.currency().code();
    let Confirmation { by, at } = confirmation.clone();
    tx.exec_one(
        "INSERT INTO tax_remittance_confirmation (remittance_id, currency, reference, confirmed_by, confirmed_at)
         VALUES ($1, $2, $3, $4, $5)",
        (remittance.id, currency, remittance.reference.clone(), by, At(at)),
    )
    .await
    .map_err(Fault::unique_is_race)
}

/// One remittance.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Remittance>, Fault> {
    let row: Option<RemittanceRow> = tx
        .opt(
            "SELECT r.id, r.currency, r.amount_minor, r.period, r.reference, r.proposed_by, r.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM tax_remittance r LEFT JOIN tax_remittance_confirmation c ON c.remittance_id = r.id
             WHERE r.id = $1",
            (id,),
        )
        .await?;
    row.map(RemittanceRow::restore).transpose()
}

/// The remittance that was confirmed for a payment; none.
pub(crate) async fn confirmed_for(tx: &mut Tx, currency: Currency, reference: &str) -> Result<Option<Uuid>, Fault> {
    let found: Option<(Uuid,)> = tx
        .opt(
            "SELECT remittance_id FROM tax_remittance_confirmation WHERE currency = $1 AND reference = $2",
            (currency.code(), reference.to_owned()),
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// A page of remittances, newest first, after a position.
pub(crate) async fn page(db: &Db, after: Option<(At, Uuid)>, limit: i64) -> Result<Vec<Remittance>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<RemittanceRow> = db
        .all(
            "SELECT r.id, r.currency, r.amount_minor, r.period, r.reference, r.proposed_by, r.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM tax_remittance r LEFT JOIN tax_remittance_confirmation c ON c.remittance_id = r.id
             WHERE $1 IS NULL OR (r.proposed_at, r.id) < ($1, $2)
             ORDER BY r.proposed_at DESC, r.id DESC LIMIT $3",
            (after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(RemittanceRow::restore).collect()
}

/// What tax payable holds in a currency over all plans, in minor units: credits less debits.
pub(crate) async fn payable(tx: &mut Tx, currency: Currency, now: Timestamp) -> Result<i128, Fault> {
    let rows = super::balance::at(tx, now, i64::MAX, None).await?;
    let of_currency =
        rows.iter().filter(|row| row.account == Account::TaxPayable.code() && row.currency == currency.code());
    let held = of_currency
        .map(|row| super::wide(row.credit_high, row.credit_low) - super::wide(row.debit_high, row.debit_low));
    Ok(held.sum())
}
