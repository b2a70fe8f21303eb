//! A contract takes an offered rate.

use super::{means::Means, rate_moves, statements};
use crate::{
    domain::{
        rate_grant::{Opening, RateGrant},
        rate_product::Versions,
        refusal::Refusal,
    },
    store::{self, counter::BUDGET},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// What never changes of a grant, and says which rows are locked for it. Empty where there is no such grant.
#[derive(Clone, Default)]
pub(crate) struct GrantKey {
    pub(crate) id: Uuid,
    pub(crate) plan: String,
    pub(crate) customer: String,
    pub(crate) product: String,
}

impl GrantKey {
    pub(super) fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.plan.as_str())]
    }

    pub(super) fn not_found(&self) -> Refusal {
        Refusal::NotFound(format!("rate-grants/{}", self.id))
    }

    /// The grant and the others of its customer and product, all locked.
    pub(super) async fn lock(&self, tx: &mut Tx) -> Result<(Option<RateGrant>, Vec<RateGrant>), Fault> {
        let all = store::rate_grant::lock_of_customer(tx, &self.customer, &self.product).await?;
        let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.offer.id == self.id);
        Ok((own.into_iter().next(), others))
    }
}

/// Which grant, and the contract as it was opened.
pub(crate) struct ActivateRateGrant {
    pub(crate) means: Means,
    pub(crate) key: GrantKey,
    pub(crate) opening: Opening,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ActivateRateGrant {
    const NAME: &'static str = "rate.activate";
    type Output = Result<(), Refusal>;

    fn locks(&self) -> Vec<Lock> {
        self.key.locks()
    }

    /// In this order: it is there; it was not activated by another contract; what [`RateGrant::activate`] refuses.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let (Some(grant), others) = self.key.lock(tx).await? else { return Ok(Err(self.key.not_found())) };
        match grant.was_opened_by(&self.opening) {
            Ok(false) => {}
            Ok(true) => return Ok(Ok(())),
            Err(refusal) => return Ok(Err(refusal)),
        }
        let mut products = store::rate_product::in_force(tx, vec![self.key.product.clone()]).await?;
        let product = products.remove(&self.key.product).unwrap_or_default();
        let starts_at = first_instant(&product, &self.opening);
        let counting = others.iter().filter_map(|other| other.counting_at(starts_at?)).collect();
        let (moved, record) = match grant.activate(self.opening.clone(), &product, counting, self.now) {
            Ok(activated) => activated,
            Err(refusal) => return Ok(Err(refusal)),
        };
        rate_moves::save(tx, &self.means, &moved, self.now).await?;
        let trace = serde_json::to_vec(&record)
            .map_err(|error| Fault::Invalid(format!("the trace of a rate grant: {error}")))?;
        store::rate_grant::keep_trace(tx, self.key.id, "ACTIVATION", trace, self.now).await?;
        let owed = self.said(&moved.grant);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(()))
    }
}

/// The first instant of the contract's first day; none where no version of the product holds then.
fn first_instant(product: &Versions, opening: &Opening) -> Option<Timestamp> {
    let version = product.on(opening.contract.start)?;
    Some(opening.contract.start.start_in(&version.terms.zone))
}

impl ActivateRateGrant {
    fn said(&self, grant: &RateGrant) -> handsel_outbox::Owed {
        let activation = grant.state.activation();
        let body = json!({
            "contract": self.opening.reference,
            "principal": self.opening.contract.principal.to_string(),
            "start": self.opening.contract.start.to_string(),
            "term_months": self.opening.contract.term_months,
            "effective_rate": activation.map(|one| one.rate.to_string()),
            "applied_bps": activation.map(|one| one.applied_bps.to_string()),
            "benefit": activation.map(|one| one.benefit.to_string()),
        });
        statements::of_rate_grant("rate.activated", "activate", grant, &self.actor, self.now, body)
    }
}
