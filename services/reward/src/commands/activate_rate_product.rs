//! A second person puts a version of a rate product in force from its day on.

use super::{means::Means, statements};
use crate::{domain::refusal::Refusal, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which product, and the person who checked it.
pub(crate) struct ActivateRateProduct {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ActivateRateProduct {
    const NAME: &'static str = "rate_product.activate";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(product) = store::rate_product::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("rate-products/{}", self.id))));
        };
        // Whoever made it with a token that named no human is on record as his account.
        let by_account = product.second_person(&self.actor.subject);
        let activated = product.activate(&self.etag, &self.by, self.now).and_then(|one| by_account.map(|()| one));
        let product = match activated {
            Ok(product) => product,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::rate_product::save(tx, &product).await?;
        let owed = statements::of_rate_product("rate_product.activated", "activate", &product, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(product.name()))
    }
}
