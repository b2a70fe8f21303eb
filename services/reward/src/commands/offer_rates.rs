//! Offers the preferential rates of a batch of grants, in the transaction that grants them. Nothing is asked of the database for
//! plans that offer none.

use super::{choose_reward, grant_rewards::Case, means::Means, rate_moves::instruction, statements};
use crate::{
    domain::{
        grant::{Counters, Left},
        rate_grant::{self, Ground, Offered, RateGrant, Standing, Taken},
        rate_instruction::{Kind, RateInstruction},
        rate_product::Versions,
        rate_rule::RateRule,
        refusal::Refusal,
        reward::Reward,
        reward_choice::RewardChoice,
        terms::PlanInForce,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a batch of grants offers as preferential rates: everything is loaded once, decided in order of arrival, and saved once.
#[derive(Default)]
pub(crate) struct RateDesk {
    products: BTreeMap<String, Versions>,
    before: BTreeMap<String, Taken>,
    taken: BTreeMap<String, Taken>,
    offered: Vec<Offered>,
    choices: Vec<RewardChoice>,
    owed: Vec<Owed>,
}

impl RateDesk {
    /// Loads the products and counters of those plans that offer rates. The budget rows of the plans are locked.
    pub(crate) async fn open(tx: &mut Tx, plans: impl Iterator<Item = &PlanInForce>) -> Result<Self, Fault> {
        let (mut products, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for plan in plans {
            for rule in plan.plan.terms.rate_rules() {
                products.insert(rule.product.clone());
                ids.insert(plan.plan.id.clone());
            }
        }
        if products.is_empty() {
            return Ok(Self::default());
        }
        let products = store::rate_product::in_force(tx, products.into_iter().collect()).await?;
        let before = store::rate_counter::taken(tx, ids.into_iter().collect()).await?;
        Ok(Self { products, taken: before.clone(), before, ..Self::default() })
    }

    /// Offers the rates of one referral, or stage, that was not granted before, and opens the choices of its rewards, for whose
    /// dearer side it takes room of caps and budgets.
    pub(crate) fn offer(
        &mut self,
        means: &Means,
        (plan, case): (&PlanInForce, &Case),
        rewards: &[Reward],
        counters: &mut Counters,
    ) {
        let qualification = &case.qualification;
        for reward in rewards {
            self.open_choice(plan, reward, counters, case.now);
        }
        let unknown = Versions::default();
        for (role, rule) in plan.rates_of(&qualification.stage) {
            for beneficiary in qualification.beneficiaries(role) {
                let ground = Ground {
                    referral: qualification.referral,
                    plan: plan.plan.id.clone(),
                    plan_version: plan.plan.version,
                    role,
                    stage: qualification.stage.clone(),
                    milestone: String::new(),
                    milestone_count: 0,
                    beneficiary: beneficiary.to_owned(),
                    branch: qualification.branch.clone(),
                    qualified_at: qualification.qualified_at,
                };
                let limits = &plan.plan.terms.rate_limits;
                let product = self.products.get(&rule.product).unwrap_or(&unknown);
                let counter = self.taken.entry(plan.plan.id.clone()).or_default();
                let made = rate_grant::offer(ground, rule, limits, product, counter, (means.next_id(), case.now));
                self.owed.push(said(&made.grant, &case.actor, case.now));
                self.offered.push(made);
            }
        }
    }

    fn open_choice(&mut self, plan: &PlanInForce, reward: &Reward, counters: &mut Counters, now: Timestamp) {
        let entitlement = &reward.entitlement;
        let terms = plan.choice_of(entitlement.role, &entitlement.stage);
        let (Some(choice), Some(terms)) = (entitlement.choice, terms) else { return };
        let unknown = Versions::default();
        let product = self.products.get(&terms.rate.product).unwrap_or(&unknown);
        let estimate = rate_grant::estimate(choose_reward::ground(reward), &terms.rate, product, now);
        let left = Left::of(plan, entitlement, counters);
        let opened = RewardChoice::open(entitlement, choice, estimate, left, now);
        counters.hold(entitlement, opened.beyond(entitlement));
        self.choices.push(opened);
    }

    /// Saves what was offered.
    pub(crate) async fn save(self, means: &Means, tx: &mut Tx, now: Timestamp) -> Result<(), Fault> {
        let Self { products: _, before, taken, offered, choices, owed } = self;
        store::reward_choice::insert(tx, &choices).await?;
        if offered.is_empty() {
            return Ok(());
        }
        let moved: BTreeMap<String, Taken> =
            taken.into_iter().filter(|(plan, now)| before.get(plan).copied().unwrap_or_default() != *now).collect();
        store::rate_counter::save(tx, &moved).await?;
        save(means, tx, &offered, now).await?;
        means.outbox.owe(tx, now, owed).await
    }
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
