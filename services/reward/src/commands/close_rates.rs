//! Time closes rate grants: offers that nobody used expire, and active ones end with their contract or their months.

use super::{activate_rate_grant::GrantKey, means::Means, rate_moves, statements};
use crate::{domain::rate_grant::Standing, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{At, Command, Fault, Tx};
use std::collections::BTreeSet;

/// A limited run of what time has closed by now.
pub(crate) struct CloseRates {
    pub(crate) means: Means,
    pub(crate) now: Timestamp,
    pub(crate) limit: i64,
}

impl Command for CloseRates {
    const NAME: &'static str = "rate.close";
    /// How many were looked at.
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let mut rows = store::rate_read::expired(tx, At(self.now), self.limit).await?;
        rows.extend(store::rate_read::run_out(tx, At(self.now), self.limit).await?);
        let plans: BTreeSet<String> = rows.iter().map(|row| row.plan_id.clone()).collect();
        store::rate_counter::lock(tx, plans.into_iter().collect()).await?;
        rows.sort_by(|one, other| {
            (&one.beneficiary, &one.product_id, one.id).cmp(&(&other.beneficiary, &other.product_id, other.id))
        });
        let mut owed = Vec::with_capacity(rows.len());
        for row in &rows {
            let key = GrantKey {
                id: row.id,
                plan: row.plan_id.clone(),
                customer: row.beneficiary.clone(),
                product: row.product_id.clone(),
            };
            owed.extend(self.close(tx, &key).await?);
        }
        self.means.outbox.owe(tx, self.now, owed).await?;
        Ok(rows.len())
    }
}

impl CloseRates {
    /// Closes one, unless somebody has moved it since it was looked up.
    async fn close(&self, tx: &mut Tx, key: &GrantKey) -> Result<Option<handsel_outbox::Owed>, Fault> {
        let (Some(grant), _) = key.lock(tx).await? else { return Ok(None) };
        let (kind, action, moved) = match grant.state.standing() {
            Standing::Offered => ("rate.expired", "expire", grant.expire(self.now)),
            _ => ("rate.ended", "run-out", grant.run_out(self.now)),
        };
        let Ok(moved) = moved else { return Ok(None) };
        rate_moves::save(tx, &self.means, &moved, self.now).await?;
        let (actor, body) = (Actor::system("reward/rates"), statements::rate_standing(&moved.grant));
        Ok(Some(statements::of_rate_grant(kind, action, &moved.grant, &actor, self.now, body)))
    }
}
