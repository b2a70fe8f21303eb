//! Messages of the contract ↔ values of the domain, fault by fault.

use crate::commands::policy_name;
use crate::domain::customer_tier::CustomerTier;
use crate::domain::policy::{Recorded, Rules, Scoring, State, TierCondition};
use crate::domain::proposal::{Proposal, ProposedScoring};
use crate::domain::refusal::Fault;
use handsel_money::{Currency, Money};
use handsel_proto::handsel::tier::v1 as proto;
use handsel_service::status::Violation;
use handsel_service::wire;

/// The rules that a message proposes. Output fields are ignored.
pub(super) fn proposal_from(message: proto::TierPolicy) -> Proposal {
    let mut unreadable = Vec::new();
    let currency: Result<Currency, _> = message.currency_code.parse();
    let currency = currency.map_err(|error| wire::violation(error, "tier_policy.currency_code"));
    let window_days =
        u32::try_from(message.window_days).map_err(|_| Violation::new("tier_policy.window_days", "must be 1 or more"));
    Proposal {
        display_name: message.display_name,
        window_days: kept(window_days, &mut unreadable).unwrap_or_default(),
        currency: kept(currency, &mut unreadable),
        scoring: scoring_from(message.scoring, &mut unreadable),
        tiers: message.tiers.into_iter().map(condition_from).collect(),
        default_tier: message.default_tier,
        unreadable,
    }
}

fn scoring_from(scoring: Option<proto::tier_policy::Scoring>, unreadable: &mut Vec<Fault>) -> ProposedScoring {
    let bands = match scoring {
        Some(proto::tier_policy::Scoring::Bands(bands)) => bands,
        Some(proto::tier_policy::Scoring::Quintiles(proto::QuintileScoring {})) => return ProposedScoring::Quintiles,
        None => {
            unreadable.push(Fault::new("tier_policy.scoring", "is required"));
            return ProposedScoring::Quintiles;
        }
    };
    let proto::BandScoring { recency_days, frequency, monetary } = bands;
    let amounts: Vec<Option<Money>> = monetary
        .iter()
        .enumerate()
        .map(|(place, amount)| {
            let field = format!("tier_policy.bands.monetary[{place}]");
            kept(wire::money_from(Some(amount), &field), unreadable)
        })
        .collect();
    ProposedScoring::Bands {
        recency_days: four(&recency_days, "tier_policy.bands.recency_days", unreadable).map(i64::from),
        frequency: four(&frequency, "tier_policy.bands.frequency", unreadable).map(i64::from),
        monetary: four(&amounts, "tier_policy.bands.monetary", unreadable),
    }
}

/// The four values of a band. The contract's field rules have counted them.
fn four<T: Copy + Default>(values: &[T], field: &str, unreadable: &mut Vec<Fault>) -> [T; 4] {
    <[T; 4]>::try_from(values).unwrap_or_else(|_| {
        unreadable.push(Fault::new(field, "must be four"));
        [T::default(); 4]
    })
}

/// What was read; what was not is a fault.
fn kept<T>(read: Result<T, Violation>, unreadable: &mut Vec<Fault>) -> Option<T> {
    let fault = |Violation { field, description, reason }| Fault::new(field, description).because(reason);
    read.map_err(|violation| unreadable.push(fault(violation))).ok()
}

fn condition_from(condition: proto::TierCondition) -> TierCondition {
    let proto::TierCondition { tier, min_recency, min_frequency, min_monetary, min_total, core } = condition;
    TierCondition {
        tier,
        min_recency: min_recency.into(),
        min_frequency: min_frequency.into(),
        min_monetary: min_monetary.into(),
        min_total: min_total.into(),
        core,
    }
}

/// A policy for the wire.
pub(super) fn to_policy(recorded: Recorded) -> proto::TierPolicy {
    let Recorded { policy, created_at, updated_at } = recorded;
    let state = match policy.state {
        State::Draft => proto::tier_policy::State::Draft,
        State::Active => proto::tier_policy::State::Active,
    };
    let Rules { display_name, window_days, currency, scoring, tiers, default_tier } = policy.rules;
    proto::TierPolicy {
        name: policy_name(&policy.id),
        display_name,
        state: state.into(),
        window_days: small(window_days.into()),
        currency_code: currency.code().to_owned(),
        scoring: Some(to_scoring(&scoring)),
        tiers: tiers.into_iter().map(to_condition).collect(),
        default_tier,
        etag: policy.version.to_string(),
        maker: policy.maker,
        checker: policy.checker.unwrap_or_default(),
        create_time: Some(wire::to_timestamp(created_at)),
        update_time: Some(wire::to_timestamp(updated_at)),
    }
}

fn to_scoring(scoring: &Scoring) -> proto::tier_policy::Scoring {
    match scoring {
        Scoring::Quintiles => proto::tier_policy::Scoring::Quintiles(proto::QuintileScoring {}),
        Scoring::Bands { recency_days, frequency, monetary } => {
            proto::tier_policy::Scoring::Bands(proto::BandScoring {
                recency_days: recency_days.map(small).to_vec(),
                frequency: frequency.map(small).to_vec(),
                monetary: monetary.map(wire::to_money).to_vec(),
            })
        }
    }
}

fn to_condition(condition: TierCondition) -> proto::TierCondition {
    let TierCondition { tier, min_recency, min_frequency, min_monetary, min_total, core } = condition;
    proto::TierCondition {
        tier,
        min_recency: small(min_recency),
        min_frequency: small(min_frequency),
        min_monetary: small(min_monetary),
        min_total: small(min_total),
        core,
    }
}

/// A tier for the wire.
pub(super) fn to_tier(tier: CustomerTier) -> proto::Tier {
    let CustomerTier { customer, effective_at, tier, core, policy, measures, monetary, scores } = tier;
    proto::Tier {
        name: format!("{customer}/tier"),
        tier,
        core,
        tier_policy: policy_name(&policy),
        effective_time: Some(wire::to_timestamp(effective_at)),
        recency_days: small(measures.recency_days),
        frequency: small(measures.frequency),
        monetary: Some(wire::to_money(monetary)),
        recency_score: small(scores.recency),
        frequency_score: small(scores.frequency),
        monetary_score: small(scores.monetary),
    }
}

/// Counts and scores fit the wire's 32 bits; a count beyond them says the most that can be said.
fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
