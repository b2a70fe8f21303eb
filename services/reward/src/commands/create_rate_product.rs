//! Makes a draft of a rate product: a new one, or the next version of one that is in force.

use super::{means::Means, statements};
use crate::{
    domain::{
        rate_product::{Proposed, RateProduct},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// A version as it was proposed, its terms without fault.
pub(crate) struct CreateRateProduct {
    pub(crate) means: Means,
    pub(crate) proposed: Proposed,
    pub(crate) maker: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for CreateRateProduct {
    const NAME: &'static str = "rate_product.create";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let newest = store::rate_product::lock(tx, &self.proposed.id).await?;
        let drafted = RateProduct::draft(newest.as_ref(), self.proposed.clone(), self.maker.clone(), self.now);
        let product = match drafted {
            Ok(product) => product,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !store::rate_product::insert(tx, &product).await? {
            return Ok(Err(Refusal::AlreadyExists(product.name())));
        }
        let owed = statements::of_rate_product("rate_product.created", "create", &product, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(product.name()))
    }
}
