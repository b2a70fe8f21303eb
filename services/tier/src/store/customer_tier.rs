//! Which tier each customer is of, and since when: append-only.

use super::currency;
use crate::domain::customer_tier::{CustomerTier, Standing};
use crate::domain::scoring::{Measures, Scores};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use std::collections::HashMap;

row! {
    struct TierRow {
        customer: String,
        effective_at: At,
        tier: String,
        core: bool,
        policy: String,
        recency_days: i64,
        frequency: i64,
        monetary_minor: i64,
        currency: String,
        recency_score: i64,
        frequency_score: i64,
        monetary_score: i64,
    }
    struct LatestRow {
        customer: String,
        tier: String,
        core: bool,
    }
    struct GroupRow {
        tier: String,
        customers: i64,
    }
}

/// The newest standing of each of these customers who has one. Give each once.
pub(crate) async fn latest(tx: &mut Tx, customers: Vec<String>) -> Result<HashMap<String, Standing>, Fault> {
    let rows: Vec<LatestRow> = tx
        .all_by(
            "SELECT DISTINCT ON (customer) customer, tier, core FROM customer_tier WHERE customer = ANY($1)
             ORDER BY customer, effective_at DESC",
            "SELECT customer, tier, core FROM customer_tier WHERE customer = $1 ORDER BY effective_at DESC LIMIT 1",
            Column::Text(customers),
        )
        .await?;
    Ok(rows.into_iter().map(|LatestRow { customer, tier, core }| (customer, Standing { tier, core })).collect())
}

/// Writes new tiers.
pub(crate) async fn insert(tx: &mut Tx, tiers: &[CustomerTier]) -> Result<(), Fault> {
    let texts =
        |field: fn(&CustomerTier) -> &str| Column::Text(tiers.iter().map(|one| field(one).to_owned()).collect());
    let numbers = |field: fn(&CustomerTier) -> i64| Column::Int(tiers.iter().map(field).collect());
    let columns = vec![
        texts(|one| &one.customer),
        Column::At(tiers.iter().map(|one| At(one.effective_at)).collect()),
        texts(|one| &one.tier),
        Column::Bool(tiers.iter().map(|one| one.core).collect()),
        texts(|one| &one.policy),
        numbers(|one| one.measures.recency_days),
        numbers(|one| one.measures.frequency),
        numbers(|one| one.measures.monetary_minor),
        texts(|one| one.monetary.currency().code()),
        numbers(|one| one.scores.recency),
        numbers(|one| one.scores.frequency),
        numbers(|one| one.scores.monetary),
    ];
    tx.bulk(
        "INSERT INTO customer_tier (customer, effective_at, tier, core, policy, recency_days, frequency, monetary_minor,
                                    currency, recency_score, frequency_score, monetary_score)
         SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::boolean[], $5::text[], $6::bigint[],
                              $7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[])",
        "INSERT INTO customer_tier (customer, effective_at, tier, core, policy, recency_days, frequency, monetary_minor,
                                    currency, recency_score, frequency_score, monetary_score)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        columns,
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// The tier in force at an instant.
pub(crate) async fn at(db: &Db, customer: &str, at: Timestamp) -> Result<Option<CustomerTier>, Fault> {
    let row: Option<TierRow> = db
        .opt(
            "SELECT * FROM customer_tier WHERE customer = $1 AND effective_at <= $2 ORDER BY effective_at DESC LIMIT 1",
            (customer, At(at)),
        )
        .await?;
    row.map(TierRow::customer_tier).transpose()
}

/// How many customers are of each tier at an instant, by tier.
pub(crate) async fn counts(db: &Db, at: Timestamp) -> Result<Vec<(String, i64)>, Fault> {
    let rows: Vec<GroupRow> = db
        .all(
            "SELECT one.tier, COUNT(*) AS customers FROM customer_tier AS one
             JOIN (SELECT customer, MAX(effective_at) AS effective_at FROM customer_tier WHERE effective_at <= $1
                   GROUP BY customer) AS newest
               ON newest.customer = one.customer AND newest.effective_at = one.effective_at
             GROUP BY one.tier ORDER BY one.tier",
            (At(at),),
        )
        .await?;
    Ok(rows.into_iter().map(|GroupRow { tier, customers }| (tier, customers)).collect())
}

impl TierRow {
    fn customer_tier(self) -> Result<CustomerTier, Fault> {
        let Self {
            customer,
            effective_at,
            tier,
            core,
            policy,
            recency_days,
            frequency,
            monetary_minor,
            currency: code,
            recency_score,
            frequency_score,
            monetary_score,
        } = self;
        Ok(CustomerTier {
            customer,
            effective_at: effective_at.0,
            tier,
            core,
            policy,
            measures: Measures { recency_days, frequency, monetary_minor },
            monetary: Money::new(currency(&code)?, monetary_minor),
            scores: Scores { recency: recency_score, frequency: frequency_score, monetary: monetary_score },
        })
    }
}
