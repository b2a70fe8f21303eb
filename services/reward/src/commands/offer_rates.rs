//! Offers the preferential rates of a batch of grants, in the transaction that grants them. Nothing is asked of the database for
//! plans that offer none.

use super::{means::Means, rate_moves::instruction, statements};
use crate::{
    domain::{
        rate_grant::{self, Ground, Offered, RateGrant, Standing, Taken},
        rate_instruction::{Kind, RateInstruction},
        rate_product::Versions,
        rate_rule::{RateLimits, RateRule},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One rate that a plan's rule offers.
pub(crate) struct DueOffer<'a> {
    pub(crate) ground: Ground,
    pub(crate) rule: &'a RateRule,
    pub(crate) limits: &'a RateLimits,
    pub(crate) actor: &'a Actor,
    pub(crate) now: Timestamp,
}

/// Offers rates in order of arrival. The budget rows of their plans are locked, and none of them was offered before.
pub(crate) async fn offer_all(means: &Means, tx: &mut Tx, due: Vec<DueOffer<'_>>) -> Result<(), Fault> {
    let Some(now) = due.first().map(|one| one.now) else { return Ok(()) };
    let products: BTreeSet<String> = due.iter().map(|one| one.rule.product.clone()).collect();
    let plans: BTreeSet<String> = due.iter().map(|one| one.ground.plan.clone()).collect();
    let products = store::rate_product::in_force(tx, products.into_iter().collect()).await?;
    let before = store::rate_counter::taken(tx, plans.into_iter().collect()).await?;
    let unknown = Versions::default();
    let mut taken = before.clone();
    let (mut offered, mut owed) = (Vec::with_capacity(due.len()), Vec::with_capacity(due.len()));
    for one in due {
        let product = products.get(&one.rule.product).unwrap_or(&unknown);
        let counter = taken.entry(one.ground.plan.clone()).or_default();
        let made = rate_grant::offer(one.ground, one.rule, one.limits, product, counter, (means.next_id(), one.now));
        owed.push(said(&made.grant, one.actor, one.now));
        offered.push(made);
    }
    let moved: BTreeMap<String, Taken> =
        taken.into_iter().filter(|(plan, now)| before.get(plan).copied().unwrap_or_default() != *now).collect();
    store::rate_counter::save(tx, &moved).await?;
    save(means, tx, &offered, now).await?;
    means.outbox.owe(tx, now, owed).await
}

/// Saves grants as they are offered, how they were valued, and what core banking has to be told.
pub(super) async fn save(means: &Means, tx: &mut Tx, offered: &[Offered], now: Timestamp) -> Result<(), Fault> {
    let grants: Vec<&RateGrant> = offered.iter().map(|one| &one.grant).collect();
    store::rate_grant::insert(tx, &grants).await?;
    let mut traces: Vec<(Uuid, Vec<u8>)> = Vec::with_capacity(offered.len());
    for one in offered {
        if let Some(record) = &one.record {
            let trace = serde_json::to_vec(record)
                .map_err(|error| Fault::Invalid(format!("the trace of a rate grant: {error}")))?;
            traces.push((one.grant.offer.id, trace));
        }
    }
    store::rate_grant::keep_traces(tx, traces, now).await?;
    let told: Vec<RateInstruction> = grants
        .into_iter()
        .filter(|grant| grant.state.standing() == Standing::Offered)
        .map(|grant| instruction(means, grant, Kind::Offer, now))
        .collect();
    store::rate_instruction::insert(tx, &told).await
}

/// What is said of a grant as it is offered, or refused for want of room.
pub(super) fn said(grant: &RateGrant, actor: &Actor, now: Timestamp) -> Owed {
    let body = json!({
        "role": grant.offer.ground.role.code(),
        "state": grant.state.standing().code(),
        "product": format!("rate-products/{}", grant.offer.rule.product),
        "bps": grant.offer.rule.change.bps().normalize().to_string(),
        "expire_time": grant.offer.expires_at.to_string(),
    });
    statements::of_rate_grant("rate.offered", "offer", grant, actor, now, body)
}

/// Refuses rules whose product is not in force, or cannot keep them, as of now.
///
/// The inner error is [`Refusal::RateProductNotActive`], or one of [`crate::domain::rate_product::ProductTerms::check_rule`].
pub(crate) async fn check_rules(
    tx: &mut Tx,
    rules: &[&RateRule],
    now: Timestamp,
) -> Result<Result<(), Refusal>, Fault> {
    let ids: BTreeSet<String> = rules.iter().map(|rule| rule.product.clone()).collect();
    let products = store::rate_product::in_force(tx, ids.into_iter().collect()).await?;
    for rule in rules {
        let found = products.get(&rule.product).and_then(|versions| versions.at(now));
        let Some((version, today)) = found else {
            return Ok(Err(Refusal::RateProductNotActive(format!("rate-products/{}", rule.product))));
        };
        if let Err(refusal) = version.terms.check_rule(rule, today) {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(()))
}
