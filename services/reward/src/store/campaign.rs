//! The counters that only some plans have: seasons with budgets of their own, and how far introducers have come towards
//! milestones. They change under the plan's budget row, see [`super::counter::BUDGET`].

use super::counter::{id, pot};
use crate::domain::grant::{Pot, Progress, SeasonKey, WindowKey};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeSet;
use uuid::Uuid;

fn season_id(key: &SeasonKey) -> String {
    format!("{}/{}", key.plan, key.season)
}

/// Opens the counters of these seasons, or goes on with them: the highest budget of any version holds.
pub(crate) async fn open_seasons(tx: &mut Tx, seasons: &[(SeasonKey, i64)]) -> Result<(), Fault> {
    if seasons.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO plan_season (id, plan_id, season, limit_minor)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[])
         ON CONFLICT (id) DO UPDATE SET limit_minor = excluded.limit_minor
         WHERE plan_season.limit_minor < excluded.limit_minor",
        "INSERT INTO plan_season (id, plan_id, season, limit_minor) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET limit_minor = excluded.limit_minor
         WHERE plan_season.limit_minor < excluded.limit_minor",
        vec![
            Column::Text(seasons.iter().map(|(key, _)| season_id(key)).collect()),
            Column::Text(seasons.iter().map(|(key, _)| key.plan.clone()).collect()),
            Column::Text(seasons.iter().map(|(key, _)| key.season.clone()).collect()),
            Column::Int(seasons.iter().map(|(_, limit)| *limit).collect()),
        ],
    )
    .await?;
    Ok(())
}

row! {
    pub(crate) struct SeasonRow {
        pub plan_id: String,
        pub season: String,
        pub granted_minor: i64,
        pub warned_80_at: Option<At>,
        pub warned_100_at: Option<At>,
    }
}

/// What stands in these seasons; those that were never opened are absent.
pub(crate) async fn seasons(tx: &mut Tx, keys: &[SeasonKey]) -> Result<Vec<(SeasonKey, Pot)>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<SeasonRow> = tx
        .all_by(
            "SELECT plan_id, season, granted_minor, warned_80_at, warned_100_at FROM plan_season WHERE id = ANY($1)",
            "SELECT plan_id, season, granted_minor, warned_80_at, warned_100_at FROM plan_season WHERE id = $1",
            Column::Text(keys.iter().map(season_id).collect()),
        )
        .await?;
    Ok(rows.into_iter().map(SeasonRow::restore).collect())
}

impl SeasonRow {
    fn restore(self) -> (SeasonKey, Pot) {
        let Self { plan_id, season, granted_minor, warned_80_at, warned_100_at } = self;
        (SeasonKey { plan: plan_id, season }, pot(granted_minor, warned_80_at, warned_100_at))
    }
}

/// Saves what stands in seasons that were opened.
pub(crate) async fn save_seasons(tx: &mut Tx, seasons: &[(SeasonKey, Pot)]) -> Result<(), Fault> {
    if seasons.is_empty() {
        return Ok(());
    }
    let at =
        |of: fn(&Pot) -> Option<Timestamp>| Column::OptAt(seasons.iter().map(|(_, pot)| of(pot).map(At)).collect());
    tx.bulk(
        "UPDATE plan_season SET granted_minor = saved.granted_minor, warned_80_at = saved.warned_80_at,
                                warned_100_at = saved.warned_100_at
         FROM UNNEST($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
              AS saved (id, granted_minor, warned_80_at, warned_100_at)
         WHERE plan_season.id = saved.id",
        "UPDATE plan_season SET granted_minor = $2, warned_80_at = $3, warned_100_at = $4 WHERE id = $1",
        vec![
            Column::Text(seasons.iter().map(|(key, _)| season_id(key)).collect()),
            Column::Int(seasons.iter().map(|(_, pot)| pot.granted_minor).collect()),
            at(|pot| pot.warned_80_at),
            at(|pot| pot.warned_100_at),
        ],
    )
    .await?;
    Ok(())
}

row! {
    pub(crate) struct ProgressRow {
        pub plan_id: String,
        pub window_key: String,
        pub beneficiary: String,
        pub referral_count: i64,
        pub highest_count: i64,
    }
}

/// How far introducers have come in these windows; those who have not begun are absent.
pub(crate) async fn progress(tx: &mut Tx, keys: &[WindowKey]) -> Result<Vec<(WindowKey, Progress)>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ProgressRow> = tx
        .all_by(
            "SELECT plan_id, window_key, beneficiary, referral_count, highest_count
             FROM milestone_progress WHERE id = ANY($1)",
            "SELECT plan_id, window_key, beneficiary, referral_count, highest_count
             FROM milestone_progress WHERE id = $1",
            Column::Text(keys.iter().map(id).collect()),
        )
        .await?;
    let restore = |row: ProgressRow| {
        let ProgressRow { plan_id, window_key, beneficiary, referral_count, highest_count } = row;
        let key = WindowKey { plan: plan_id, window: window_key, beneficiary };
        (key, Progress { count: referral_count, highest: highest_count })
    };
    Ok(rows.into_iter().map(restore).collect())
}

/// Saves how far introducers have come.
pub(crate) async fn save_progress(tx: &mut Tx, progress: &[(WindowKey, Progress)]) -> Result<(), Fault> {
    if progress.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&WindowKey) -> &str| Column::Text(progress.iter().map(|(key, _)| of(key).to_owned()).collect());
    tx.bulk(
        "INSERT INTO milestone_progress (id, plan_id, window_key, beneficiary, referral_count, highest_count)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
         ON CONFLICT (id) DO UPDATE SET referral_count = excluded.referral_count, highest_count = excluded.highest_count",
        "INSERT INTO milestone_progress (id, plan_id, window_key, beneficiary, referral_count, highest_count)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET referral_count = excluded.referral_count, highest_count = excluded.highest_count",
        vec![
            Column::Text(progress.iter().map(|(key, _)| id(key)).collect()),
            text(|key| &key.plan),
            text(|key| &key.window),
            text(|key| &key.beneficiary),
            Column::Int(progress.iter().map(|(_, one)| one.count).collect()),
            Column::Int(progress.iter().map(|(_, one)| one.highest).collect()),
        ],
    )
    .await?;
    Ok(())
}

row! {
    pub(crate) struct CountedRow {
        pub referral: Uuid,
    }
}

/// Those of these referrals that count towards milestones, or were reversed before they could.
pub(crate) async fn counted(tx: &mut Tx, referrals: BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, Fault> {
    if referrals.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<CountedRow> = tx
        .all_by(
            "SELECT referral FROM milestone_referral WHERE referral = ANY($1)",
            "SELECT referral FROM milestone_referral WHERE referral = $1",
            Column::Uuid(referrals.into_iter().collect()),
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.referral).collect())
}

/// Notes where referrals are counted.
pub(crate) async fn count(tx: &mut Tx, counted: &[(Uuid, WindowKey)]) -> Result<(), Fault> {
    if counted.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO milestone_referral (referral, progress_id) SELECT * FROM UNNEST($1::uuid[], $2::text[])",
        "INSERT INTO milestone_referral (referral, progress_id) VALUES ($1, $2)",
        vec![
            Column::Uuid(counted.iter().map(|(referral, _)| *referral).collect()),
            Column::Text(counted.iter().map(|(_, key)| id(key)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// A reversed referral counts no more in its own window, and un-fires nothing; one that was not counted never will be. Told again,
/// nothing changes. The budget row of its plan is locked, where it was granted.
pub(crate) async fn uncount(tx: &mut Tx, referral: Uuid, now: Timestamp) -> Result<(), Fault> {
    tx.exec(
        "UPDATE milestone_progress SET referral_count = referral_count - 1
         WHERE id IN (SELECT progress_id FROM milestone_referral WHERE referral = $1 AND reversed_at IS NULL)",
        (referral,),
    )
    .await?;
    tx.exec(
        "INSERT INTO milestone_referral (referral, progress_id, reversed_at) VALUES ($1, '', $2)
         ON CONFLICT (referral) DO UPDATE SET reversed_at = excluded.reversed_at
         WHERE milestone_referral.reversed_at IS NULL",
        (referral, At(now)),
    )
    .await?;
    Ok(())
}
