//! What clearing holds, and whether its payouts explain it.

use crate::{
    domain::{
        clearing::{Look, Standing, Unit},
        ledger::Account,
    },
    store::{self, currency, wide},
};
use handsel_money::{Currency, Money, Timestamp};
use handsel_storage::{At, Db, Fault};
use std::collections::BTreeMap;

pub(crate) use crate::store::clearing::Raised;

/// A page of payouts in clearing, oldest first, after a position; and the alarms that are up.
pub(crate) async fn open(
    db: &Db,
    after: Option<(Timestamp, String)>,
    limit: i64,
) -> Result<(Vec<Unit>, Vec<Raised>), Fault> {
    let mut tx = db.read().await?;
    let units = store::clearing::units(&mut tx, after.map(|(at, id)| (At(at), id)), limit).await?;
    Ok((units, store::clearing::alarms(&mut tx).await?))
}

/// Clearing of every plan and currency, its account and its payouts of one moment; and how many payouts that are.
pub(crate) async fn look(db: &Db) -> Result<(Look, i64), Fault> {
    let mut tx = db.read().await?;
    let mut held: BTreeMap<(String, Currency), (i128, i128, Option<Timestamp>)> = BTreeMap::new();
    for row in store::balance::at(&mut tx, Timestamp::MAX, i64::MAX, None).await? {
        if row.account == Account::Clearing.code() {
            let balance = wide(row.credit_high, row.credit_low) - wide(row.debit_high, row.debit_low);
            held.entry((row.plan_id, currency(&row.currency)?)).or_default().0 = balance;
        }
    }
    let mut units = 0_i64;
    for row in store::clearing::sums(&mut tx).await? {
        let of_plan = held.entry((row.plan_id, currency(&row.currency)?)).or_default();
        (of_plan.1, of_plan.2) = (wide(row.high, row.low), Some(row.oldest.0));
        units = units.saturating_add(row.units);
    }
    let too_large = |_| Fault::Invalid("clearing holds more than money can say".into());
    let mut look = Look::new();
    for ((plan, currency), (balance, explained, oldest)) in held {
        let balance = Money::checked_new(currency, balance).map_err(too_large)?;
        let explained = Money::checked_new(currency, explained).map_err(too_large)?;
        look.insert((plan, currency), Standing { balance, explained, oldest });
    }
    Ok((look, units))
}
