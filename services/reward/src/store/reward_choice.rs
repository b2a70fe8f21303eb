//! Choices between money and rate, one row for each reward that has one.

use super::{corrupt, currency};
use crate::domain::{
    rate_rule::Side,
    reward_choice::{Made, RewardChoice, State},
};
use handsel_money::Money;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct ChoiceRow {
        pub reward_id: Uuid,
        pub default_side: String,
        pub until_at: At,
        pub currency: String,
        pub estimate_minor: i64,
        pub extra_minor: i64,
        pub side: Option<String>,
        pub chosen_by: String,
        pub chosen_at: Option<At>,
        pub reason: String,
        pub grant_id: Option<Uuid>,
    }
}

impl ChoiceRow {
    fn restore(self) -> Result<RewardChoice, Fault> {
        let Self {
            reward_id,
            default_side,
            until_at,
            currency: code,
            estimate_minor,
            extra_minor,
            side: chosen,
            chosen_by,
            chosen_at,
            reason,
            grant_id,
        } = self;
        let currency = currency(&code)?;
        let state = match (chosen, chosen_at) {
            (Some(chosen), Some(at)) => {
                State::Made(Made { side: side(&chosen)?, by: chosen_by, at: at.0, reason, grant: grant_id })
            }
            (None, None) => State::Open,
            _ => return Err(corrupt("reward_choice.side", "one half of a choice")),
        };
        Ok(RewardChoice {
            reward: reward_id,
            default_side: side(&default_side)?,
            until: until_at.0,
            estimate: Money::new(currency, estimate_minor),
            extra: Money::new(currency, extra_minor),
            state,
        })
    }
}

fn side(code: &str) -> Result<Side, Fault> {
    Side::from_code(code).ok_or_else(|| corrupt("reward_choice.side", code))
}

/// Adds choices, open or with nothing to choose.
pub(crate) async fn insert(tx: &mut Tx, choices: &[RewardChoice]) -> Result<(), Fault> {
    if choices.is_empty() {
        return Ok(());
    }
    let made = |choice: &RewardChoice| match &choice.state {
        State::Open => None,
        State::Made(made) => Some(made.clone()),
    };
    tx.bulk(
        "INSERT INTO reward_choice (reward_id, default_side, until_at, currency, estimate_minor, extra_minor, side, chosen_by,
                                    chosen_at, reason)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
                              $8::text[], $9::timestamptz[], $10::text[])",
        "INSERT INTO reward_choice (reward_id, default_side, until_at, currency, estimate_minor, extra_minor, side, chosen_by,
                                    chosen_at, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        vec![
            Column::Uuid(choices.iter().map(|one| one.reward).collect()),
            Column::Text(choices.iter().map(|one| one.default_side.code().to_owned()).collect()),
            Column::At(choices.iter().map(|one| At(one.until)).collect()),
            Column::Text(choices.iter().map(|one| one.estimate.currency().code().to_owned()).collect()),
            Column::Int(choices.iter().map(|one| one.estimate.minor()).collect()),
            Column::Int(choices.iter().map(|one| one.extra.minor()).collect()),
            Column::OptText(choices.iter().map(|one| one.side().map(|side| side.code().to_owned())).collect()),
            Column::Text(choices.iter().map(|one| made(one).map(|made| made.by).unwrap_or_default()).collect()),
            Column::OptAt(choices.iter().map(|one| made(one).map(|made| At(made.at))).collect()),
            Column::Text(choices.iter().map(|one| made(one).map(|made| made.reason).unwrap_or_default()).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// The choice of a reward.
pub(crate) async fn of_reward(tx: &mut Tx, reward: Uuid) -> Result<Option<RewardChoice>, Fault> {
    let row: Option<ChoiceRow> = tx
        .opt(
            "SELECT reward_id, default_side, until_at, currency, estimate_minor, extra_minor, side, chosen_by, chosen_at,
                    reason, grant_id
             FROM reward_choice WHERE reward_id = $1",
            (reward,),
        )
        .await?;
    row.map(ChoiceRow::restore).transpose()
}

/// Saves that a choice was made. Its reward is locked; contention if it was made before.
pub(crate) async fn save(tx: &mut Tx, choice: &RewardChoice) -> Result<(), Fault> {
    let State::Made(made) = &choice.state else { return Ok(()) };
    tx.exec_one(
        "UPDATE reward_choice SET side = $2, chosen_by = $3, chosen_at = $4, reason = $5, grant_id = $6
         WHERE reward_id = $1 AND side IS NULL",
        (choice.reward, made.side.code(), made.by.clone(), At(made.at), made.reason.clone(), made.grant),
    )
    .await
}

/// The reward instead of which a rate was chosen.
pub(crate) async fn reward_of_grant(tx: &mut Tx, grant: Uuid) -> Result<Option<Uuid>, Fault> {
    let row: Option<(Uuid,)> = tx.opt("SELECT reward_id FROM reward_choice WHERE grant_id = $1", (grant,)).await?;
    Ok(row.map(|(reward,)| reward))
}

row! {
    pub(crate) struct LapsedRow {
        pub reward_id: Uuid,
        pub plan_id: String,
    }
}

/// Open choices whose deadline has passed, or whose reward does not wait for them any more, the longest passed first, and the plans
/// of their rewards.
pub(crate) async fn lapsed(tx: &mut Tx, now: At, limit: i64) -> Result<Vec<LapsedRow>, Fault> {
    tx.all(
        "SELECT c.reward_id, r.plan_id FROM reward_choice c JOIN reward r ON r.id = c.reward_id
         WHERE c.side IS NULL AND (c.until_at <= $1 OR r.state NOT IN ('ACCRUED', 'DUE')) ORDER BY c.until_at, c.reward_id LIMIT $2",
        (now, limit),
    )
    .await
}
