//! Tier policies. Their rules are kept as versioned JSON: what a policy said is read the same way for ever.

use super::currency;
use crate::domain::policy::{Policy, Recorded, Rules, Scoring, State, TierCondition};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Db, Fault, LockTable, Tx, row, text_enum};
use serde::{Deserialize, Serialize};

text_enum! { for State { Draft = "DRAFT", Active = "ACTIVE" } }

/// Locks one policy.
pub(crate) static LOCK: LockTable =
    LockTable { table: "tier_policy", sql: "SELECT 1 FROM tier_policy WHERE id = $1 FOR UPDATE" };

row! {
    struct PolicyRow {
        id: String,
        state: State,
        rules: Vec<u8>,
        maker: String,
        checker: Option<String>,
        version: i64,
        created_at: At,
        updated_at: At,
    }
}

/// The rules as kept. A new version of this shape gets a new number and is read beside this one.
#[derive(Serialize, Deserialize)]
struct KeptRules {
    version: u32,
    display_name: String,
    window_days: u32,
    currency: String,
    bands: Option<KeptBands>,
    tiers: Vec<TierCondition>,
    default_tier: String,
}

#[derive(Serialize, Deserialize)]
struct KeptBands {
    recency_days: [i64; 4],
    frequency: [i64; 4],
    monetary_minor: [i64; 4],
}

const KEPT_VERSION: u32 = 1;

/// The policy of this id.
pub(crate) async fn find(tx: &mut Tx, id: &str) -> Result<Option<Policy>, Fault> {
    let row: Option<PolicyRow> = tx.opt("SELECT * FROM tier_policy WHERE id = $1", (id,)).await?;
    row.map(|row| row.recorded().map(|recorded| recorded.policy)).transpose()
}

/// The same outside a transaction, with its instants.
pub(crate) async fn read(db: &Db, id: &str) -> Result<Option<Recorded>, Fault> {
    let row: Option<PolicyRow> = db.opt("SELECT * FROM tier_policy WHERE id = $1", (id,)).await?;
    row.map(PolicyRow::recorded).transpose()
}

/// A page, newest first, from before the given instant and id on.
pub(crate) async fn page(db: &Db, before: (Timestamp, &str), limit: i64) -> Result<Vec<Recorded>, Fault> {
    let rows: Vec<PolicyRow> = db
        .all(
            "SELECT * FROM tier_policy WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
            (At(before.0), before.1, limit),
        )
        .await?;
    rows.into_iter().map(PolicyRow::recorded).collect()
}

/// Writes a new draft.
pub(crate) async fn insert(tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO tier_policy (id, state, rules, maker, checker, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        (
            policy.id.as_str(),
            policy.state,
            keep(&policy.rules)?,
            policy.maker.as_str(),
            policy.checker.as_deref(),
            policy.version,
            At(now),
        ),
    )
    .await?;
    Ok(())
}

/// Writes a policy's new standing over the version before.
pub(crate) async fn update(tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE tier_policy SET state = $2, checker = $3, version = $4, updated_at = $5 WHERE id = $1 AND version = $4 - 1",
        (policy.id.as_str(), policy.state, policy.checker.as_deref(), policy.version, At(now)),
    )
    .await
}

impl PolicyRow {
    fn recorded(self) -> Result<Recorded, Fault> {
        let Self { id, state, rules, maker, checker, version, created_at, updated_at } = self;
        let policy = Policy { id, state, rules: kept(&rules)?, maker, checker, version };
        Ok(Recorded { policy, created_at: created_at.0, updated_at: updated_at.0 })
    }
}

fn keep(rules: &Rules) -> Result<Vec<u8>, Fault> {
    let Rules { display_name, window_days, currency, scoring, tiers, default_tier } = rules;
    let bands = match scoring {
        Scoring::Quintiles => None,
        Scoring::Bands { recency_days, frequency, monetary } => Some(KeptBands {
            recency_days: *recency_days,
            frequency: *frequency,
            monetary_minor: monetary.map(Money::minor),
        }),
    };
    let kept = KeptRules {
        version: KEPT_VERSION,
        display_name: display_name.clone(),
        window_days: *window_days,
        currency: currency.code().to_owned(),
        bands,
        tiers: tiers.clone(),
        default_tier: default_tier.clone(),
    };
    serde_json::to_vec(&kept).map_err(|error| Fault::Invalid(error.to_string()))
}

fn kept(bytes: &[u8]) -> Result<Rules, Fault> {
    let kept: KeptRules = serde_json::from_slice(bytes).map_err(|error| Fault::Invalid(error.to_string()))?;
    if kept.version != KEPT_VERSION {
        return Err(Fault::Invalid(format!("rules of version {}", kept.version)));
    }
    let currency = currency(&kept.currency)?;
    let scoring = kept.bands.map_or(Scoring::Quintiles, |bands| Scoring::Bands {
        recency_days: bands.recency_days,
        frequency: bands.frequency,
        monetary: bands.monetary_minor.map(|minor| Money::new(currency, minor)),
    });
    Ok(Rules {
        display_name: kept.display_name,
        window_days: kept.window_days,
        currency,
        scoring,
        tiers: kept.tiers,
        default_tier: kept.default_tier,
    })
}
