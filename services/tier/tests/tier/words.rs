//! How tests make requests and read answers: amounts, instants and names as a banker writes them.

use handsel_money::Money;
use handsel_proto::google::r#type::Money as WireMoney;
use handsel_proto::handsel::tier::v1::{
    Activity, ActivityOutcome, BandScoring, QuintileScoring, Tier, TierCondition, TierPolicy, tier_policy::Scoring,
};
use handsel_service::wire;

/// `12.30 CZK`.
pub(crate) fn amount(text: &str) -> Option<WireMoney> {
    Some(wire::to_money(text.parse().unwrap()))
}

/// `2026-01-05T09:00:00Z`.
pub(crate) fn instant(text: &str) -> Option<prost_types::Timestamp> {
    Some(wire::to_timestamp(text.parse().unwrap()))
}

pub(crate) fn activity(id: &str, customer: &str, money: &str, at: &str) -> Activity {
    Activity {
        activity_id: id.to_owned(),
        customer: format!("customers/{customer}"),
        amount: amount(money),
        occur_time: instant(at),
    }
}

pub(crate) fn condition(tier: &str, min_recency: i32, min_total: i32, core: Core) -> TierCondition {
    TierCondition { tier: tier.to_owned(), min_recency, min_total, core: core == Core::Yes, ..TierCondition::default() }
}

/// Whether a tier counts as core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Core {
    Yes,
    No,
}

/// A month in fixed bands.
pub(crate) fn by_bands() -> TierPolicy {
    TierPolicy {
        display_name: "Value of a month".to_owned(),
        window_days: 30,
        currency_code: "CZK".to_owned(),
        scoring: Some(Scoring::Bands(BandScoring {
            recency_days: vec![3, 7, 14, 28],
            frequency: vec![2, 3, 5, 8],
            monetary: ["100 CZK", "500 CZK", "1000 CZK", "5000 CZK"].map(|one| amount(one).unwrap()).to_vec(),
        })),
        tiers: vec![condition("CORE", 4, 12, Core::Yes), condition("GENERAL", 0, 6, Core::No)],
        default_tier: "AT_RISK".to_owned(),
        ..TierPolicy::default()
    }
}

/// The same by rank among all customers.
pub(crate) fn by_quintiles() -> TierPolicy {
    TierPolicy { scoring: Some(Scoring::Quintiles(QuintileScoring {})), ..by_bands() }
}

/// A tier in one line.
pub(crate) fn line(tier: &Tier) -> String {
    let Tier {
        name,
        tier,
        core,
        tier_policy,
        effective_time,
        recency_days,
        frequency,
        monetary,
        recency_score,
        frequency_score,
        monetary_score,
    } = tier;
    let since = wire::timestamp_from(effective_time.as_ref(), "effective_time").unwrap();
    let monetary: Money = wire::money_from(monetary.as_ref(), "monetary").unwrap();
    let core = if *core { " (core)" } else { "" };
    format!(
        "{name}: {tier}{core} since {since} by {tier_policy}: \
         {recency_days} days {recency_score}, {frequency} times {frequency_score}, {monetary} {monetary_score}"
    )
}

/// What became of activities, a line each.
pub(crate) fn outcomes(outcomes: &[ActivityOutcome]) -> String {
    let line = |outcome: &ActivityOutcome| {
        let (result, ActivityOutcome { activity_id, reason, detail, .. }) = (outcome.result(), outcome);
        let result = result.as_str_name().trim_start_matches("RESULT_");
        format!("{activity_id}: {result} {reason} {detail}").trim_end().to_owned()
    };
    outcomes.iter().map(line).collect::<Vec<_>>().join("\n")
}
