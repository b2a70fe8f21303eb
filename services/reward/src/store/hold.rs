//! Holds, and the fence between them and the payments that leave.

use super::corrupt;
use crate::domain::hold::{Hold, Origin, Standing, State, Target};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Fault, LockTable, Tx, row};
use uuid::Uuid;

/// A hold, for who releases it.
pub(crate) static HOLD: LockTable =
    LockTable { table: "hold", sql: "SELECT 1 FROM hold WHERE id = ANY($1) ORDER BY id FOR UPDATE" };

row! {
    pub(crate) struct HoldRow {
        pub id: Uuid,
        pub reward_id: Option<Uuid>,
        pub referral: Option<Uuid>,
        pub beneficiary: Option<String>,
        pub plan_id: Option<String>,
        pub reason: String,
        pub state: String,
        pub placed_by: String,
        pub placed_at: At,
        pub origin: String,
        pub proposed_by: String,
        pub released_by: String,
        pub revision: i64,
        pub updated_at: At,
    }
}

impl HoldRow {
    fn restore(self) -> Result<Hold, Fault> {
        let Self {
            id,
            reward_id,
            referral,
            beneficiary,
            plan_id,
            reason,
            state,
            placed_by,
            placed_at,
            origin,
            proposed_by,
            released_by,
            revision,
            updated_at,
        } = self;
        let target = match (reward_id, referral, beneficiary, plan_id) {
            (Some(id), None, None, None) => Target::Reward(id),
            (None, Some(id), None, None) => Target::Referral(id),
            (None, None, Some(name), None) => Target::Beneficiary(name),
            (None, None, None, Some(id)) => Target::Plan(id),
            _ => return Err(corrupt("hold", &id.to_string())),
        };
        let standing = Standing::from_code(&state).ok_or_else(|| corrupt("hold.state", &state))?;
        let origin = Origin::from_code(&origin).ok_or_else(|| corrupt("hold.origin", &origin))?;
        Ok(Hold {
            id,
            target,
            reason,
            placed_by,
            placed_at: placed_at.0,
            origin,
            state: State::restore(standing, proposed_by, released_by),
            revision,
            updated_at: updated_at.0,
        })
    }
}

fn restore_all(rows: Vec<HoldRow>) -> Result<Vec<Hold>, Fault> {
    rows.into_iter().map(HoldRow::restore).collect()
}

/// A target as its four columns, of which one is given.
fn columns(target: &Target) -> (Option<Uuid>, Option<Uuid>, Option<String>, Option<String>) {
    match target.clone() {
        Target::Reward(id) => (Some(id), None, None, None),
        Target::Referral(id) => (None, Some(id), None, None),
        Target::Beneficiary(name) => (None, None, Some(name), None),
        Target::Plan(id) => (None, None, None, Some(id)),
    }
}

/// Has the fence alone: payments that are about to leave have left, or see what is placed now.
pub(crate) async fn close_fence(tx: &mut Tx) -> Result<(), Fault> {
    let sql = tx.pick("SELECT id FROM hold_fence WHERE id = 1 FOR UPDATE", "SELECT id FROM hold_fence WHERE id = 1");
    tx.one::<(i64,)>(sql, ()).await?;
    Ok(())
}

/// Shares the fence with others who let payments leave: no hold is placed until this transaction is over.
pub(crate) async fn pass_fence(tx: &mut Tx) -> Result<(), Fault> {
    let sql = tx.pick("SELECT id FROM hold_fence WHERE id = 1 FOR SHARE", "SELECT id FROM hold_fence WHERE id = 1");
    tx.one::<(i64,)>(sql, ()).await?;
    Ok(())
}

/// Adds a hold.
pub(crate) async fn insert(tx: &mut Tx, hold: &Hold) -> Result<(), Fault> {
    let (reward, referral, beneficiary, plan) = columns(&hold.target);
    tx.exec_one(
        "INSERT INTO hold (id, reward_id, referral, beneficiary, plan_id, reason, state, placed_by, placed_at, origin,
                           revision, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        (
            hold.id,
            reward,
            referral,
            beneficiary,
            plan,
            hold.reason.clone(),
            hold.state.standing().code(),
            hold.placed_by.clone(),
            At(hold.placed_at),
            hold.origin.code(),
            hold.revision,
            At(hold.updated_at),
        ),
    )
    .await
}

/// Saves where a hold stands. It is locked, so its revision follows the one that was read.
pub(crate) async fn save(tx: &mut Tx, hold: &Hold) -> Result<(), Fault> {
    let saved = tx
        .exec(
            "UPDATE hold SET state = $2, proposed_by = $3, released_by = $4, revision = $5, updated_at = $6
             WHERE id = $1 AND revision = $5 - 1",
            (
                hold.id,
                hold.state.standing().code(),
                hold.state.proposed_by().to_owned(),
                hold.state.released_by().to_owned(),
                hold.revision,
                At(hold.updated_at),
            ),
        )
        .await?;
    if saved == 1 { Ok(()) } else { Err(Fault::Contention) }
}

/// One hold.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Hold>, Fault> {
    let row: Option<HoldRow> = tx
        .opt(
            "SELECT id, reward_id, referral, beneficiary, plan_id, reason, state, placed_by, placed_at, origin, proposed_by,
                    released_by, revision, updated_at
             FROM hold WHERE id = $1",
            (id,),
        )
        .await?;
    row.map(HoldRow::restore).transpose()
}

/// The holds that keep a reward from being paid, oldest first.
pub(crate) async fn on_reward(
    tx: &mut Tx,
    reward: Uuid,
    referral: Uuid,
    beneficiary: &str,
    plan: &str,
) -> Result<Vec<Hold>, Fault> {
    let rows = tx
        .all(
            "SELECT id, reward_id, referral, beneficiary, plan_id, reason, state, placed_by, placed_at, origin, proposed_by,
                    released_by, revision, updated_at
             FROM hold
             WHERE state <> 'RELEASED' AND (reward_id = $1 OR referral = $2 OR beneficiary = $3 OR plan_id = $4)
             ORDER BY placed_at, id",
            (reward, referral, beneficiary.to_owned(), plan.to_owned()),
        )
        .await?;
    restore_all(rows)
}

row! {
    pub(crate) struct HeldRow {
        pub id: Uuid,
    }
}

/// Whether any of these rewards is held, or the bank has not said that it may be paid.
pub(crate) async fn keeps_back(tx: &mut Tx, rewards: Vec<Uuid>, now: Timestamp) -> Result<bool, Fault> {
    let rows: Vec<HeldRow> = tx
        .all_by(
            "SELECT r.id FROM reward r
             WHERE r.id = ANY($1)
               AND EXISTS (SELECT 1 FROM hold h
                           WHERE h.state <> 'RELEASED' AND (h.reward_id = r.id OR h.referral = r.referral
                                                            OR h.beneficiary = r.beneficiary OR h.plan_id = r.plan_id))",
            "SELECT r.id FROM reward r
             WHERE r.id = $1
               AND EXISTS (SELECT 1 FROM hold h
                           WHERE h.state <> 'RELEASED' AND (h.reward_id = r.id OR h.referral = r.referral
                                                            OR h.beneficiary = r.beneficiary OR h.plan_id = r.plan_id))",
            Column::Uuid(rewards.clone()),
        )
        .await?;
    let rounds = super::gate::rounds(tx, rewards).await?;
    Ok(!rows.is_empty() || rounds.iter().any(|round| !round.passes(now)))
}

/// A page of holds, newest first, after a position.
pub(crate) async fn page(
    db: &Db,
    target: Option<Target>,
    state: Option<Standing>,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<Hold>, Fault> {
    let (reward, referral, beneficiary, plan) = target.as_ref().map(columns).unwrap_or_default();
    let (after_at, after_id) = after.unzip();
    let rows = db
        .all(
            "SELECT id, reward_id, referral, beneficiary, plan_id, reason, state, placed_by, placed_at, origin, proposed_by,
                    released_by, revision, updated_at
             FROM hold
             WHERE ($1 IS NULL OR reward_id = $1)
               AND ($2 IS NULL OR referral = $2)
               AND ($3 IS NULL OR beneficiary = $3)
               AND ($4 IS NULL OR plan_id = $4)
               AND ($5 IS NULL OR state = $5)
               AND ($6 IS NULL OR (placed_at, id) < ($6, $7))
             ORDER BY placed_at DESC, id DESC LIMIT $8",
            (
                reward,
                referral,
                beneficiary,
                plan,
                state.map(|state| state.code().to_owned()),
                after_at,
                after_id,
                limit,
            ),
        )
        .await?;
    restore_all(rows)
}
