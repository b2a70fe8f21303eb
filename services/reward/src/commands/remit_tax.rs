//! Tax paid to the state: one person proposes, another confirms, and tax payable is less by it.

use super::means::Means;
use crate::{
    domain::{ledger, refusal::Refusal, tax_remittance::Remittance},
    store::{self, transfer::Transfer},
};
use handsel_money::{Currency, Money, Timestamp};
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use uuid::Uuid;

/// A person says that tax was paid.
pub(crate) struct ProposeTaxRemittance {
    pub(crate) means: Means,
    pub(crate) remittance: Remittance,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ProposeTaxRemittance {
    const NAME: &'static str = "tax.propose_remittance";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let payable = match payable(tx, self.remittance.amount.currency(), self.now).await? {
            Ok(payable) => payable,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let remittance = match self.remittance.clone().propose(payable) {
            Ok(remittance) => remittance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::tax_remittance::insert(tx, &remittance).await?;
        let said = said("tax.remittance_proposed", "propose", &remittance, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(remittance.name()))
    }
}

/// Another person has seen the payment.
pub(crate) struct ConfirmTaxRemittance {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ConfirmTaxRemittance {
    const NAME: &'static str = "tax.confirm_remittance";
    type Output = Result<String, Refusal>;

    /// One confirmation at a time, under the row that whoever tells taxes locks: two that are each covered may not be together.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        store::tax::read_through(tx).await?;
        let Some(remittance) = store::tax_remittance::one(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("tax-remittances/{}", self.id))));
        };
        let currency = remittance.amount.currency();
        let payable = match payable(tx, currency, self.now).await? {
            Ok(payable) => payable,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let paid = store::tax_remittance::confirmed_for(tx, currency, &remittance.reference).await?;
        let remittance = match remittance.confirm(payable, paid, &self.by, &self.actor.subject, self.now) {
            Ok(remittance) => remittance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.write(tx, &remittance).await?;
        Ok(Ok(remittance.name()))
    }
}

impl ConfirmTaxRemittance {
    async fn write(&self, tx: &mut Tx, remittance: &Remittance) -> Result<(), Fault> {
        if let Some(confirmation) = &remittance.confirmation {
            store::tax_remittance::confirm(tx, remittance, confirmation).await?;
        }
        let transfer = |posting| Transfer {
            id: remittance.id,
            reward: None,
            number: 0,
            posting,
            plan: String::new(),
            customer: String::new(),
            posted_at: self.now,
        };
        let transfers: Vec<Transfer> = ledger::tax_remittance(remittance.amount).into_iter().map(transfer).collect();
        store::transfer::insert(tx, &transfers).await?;
        let said = said("tax.remittance_confirmed", "confirm", remittance, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await
    }
}

/// What tax payable holds; refused where money cannot.
async fn payable(tx: &mut Tx, currency: Currency, now: Timestamp) -> Result<Result<Money, Refusal>, Fault> {
    let minor = store::tax_remittance::payable(tx, currency, now).await?;
    Ok(Money::checked_new(currency, minor).map_err(|_| Refusal::OutOfRange("the balance of tax payable")))
}

fn said(kind: &'static str, action: &'static str, remittance: &Remittance, actor: &Actor, now: Timestamp) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![remittance.name()],
        action,
        outcome: "success",
        reason: None,
        correlation: remittance.name(),
        amount: Some(remittance.amount),
        policy: None,
        body: json!({
            "state": remittance.state(),
            "period": remittance.period,
            "reference": remittance.reference,
        }),
    })
}
