//! `erasure` and `erasure_subject`: erasures on their course, and whom they are about.

use super::{json, to_json, word};
use crate::domain::erasure::{Erasure, Standing};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    struct ErasureRow {
        id: Uuid,
        referral_id: Uuid,
        purposes: String,
        reason: String,
        stage: String,
        proposer: String,
        proposed_at: At,
        confirmer: Option<String>,
        decided_at: Option<At>,
        clearance: Option<i64>,
        cleared_at: Option<At>,
        keys_destroyed: Option<i64>,
        destroyed_at: Option<At>,
        ended_at: Option<At>,
        hold: Option<String>,
    }

    struct StandingRow {
        subject_id: Uuid,
        referral_id: Uuid,
        customer: Option<String>,
        state: String,
        qualified_at: Option<At>,
    }
}

impl ErasureRow {
    fn erasure(self) -> Result<Erasure, Fault> {
        Ok(Erasure {
            id: self.id,
            referral: self.referral_id,
            purposes: json(&self.purposes)?,
            reason: word(&self.reason)?,
            stage: word(&self.stage)?,
            proposer: self.proposer,
            proposed_at: self.proposed_at.0,
            confirmer: self.confirmer,
            decided_at: self.decided_at.map(|at| at.0),
            clearance: self.clearance,
            cleared_at: self.cleared_at.map(|at| at.0),
            keys: self.keys_destroyed,
            destroyed_at: self.destroyed_at.map(|at| at.0),
            ended_at: self.ended_at.map(|at| at.0),
            hold: self.hold,
        })
    }
}

impl StandingRow {
    fn standing(self) -> Result<Standing, Fault> {
        Ok(Standing {
            subject: self.subject_id,
            referral: self.referral_id,
            customer: self.customer,
            state: word(&self.state)?,
            qualified_at: self.qualified_at.map(|at| at.0),
        })
    }
}

/// Adds an erasure.
pub(crate) async fn insert(tx: &mut Tx, erasure: &Erasure) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO erasure (id, referral_id, purposes, reason, stage, proposer, proposed_at, confirmer, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (
            erasure.id,
            erasure.referral,
            to_json(&erasure.purposes)?,
            erasure.reason.as_str(),
            erasure.stage.as_str(),
            erasure.proposer.as_str(),
            At(erasure.proposed_at),
            erasure.confirmer.as_deref(),
            erasure.decided_at.map(At),
        ),
    )
    .await
    .map(drop)
}

/// One erasure, locked against others who move it.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Erasure>, Fault> {
    let sql = tx.pick(
        "SELECT id, referral_id, purposes, reason, stage, proposer, proposed_at, confirmer, decided_at, clearance,
            cleared_at, keys_destroyed, destroyed_at, ended_at, hold FROM erasure WHERE id = $1 FOR UPDATE",
        "SELECT id, referral_id, purposes, reason, stage, proposer, proposed_at, confirmer, decided_at, clearance,
            cleared_at, keys_destroyed, destroyed_at, ended_at, hold FROM erasure WHERE id = $1",
    );
    let row: Option<ErasureRow> = tx.opt(sql, (id,)).await?;
    row.map(ErasureRow::erasure).transpose()
}

/// One erasure.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Erasure>, Fault> {
    let row: Option<ErasureRow> = tx
        .opt(
            "SELECT id, referral_id, purposes, reason, stage, proposer, proposed_at, confirmer, decided_at, clearance,
                cleared_at, keys_destroyed, destroyed_at, ended_at, hold FROM erasure WHERE id = $1",
            (id,),
        )
        .await?;
    row.map(ErasureRow::erasure).transpose()
}

/// Erasures that go by themselves, the longest decided first.
pub(crate) async fn under_way(tx: &mut Tx, limit: i64) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT id FROM erasure WHERE stage IN ('DECIDED', 'CLEARED', 'DESTROYED') ORDER BY decided_at LIMIT $1",
            (limit,),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Erasures whose keys are destroyed, from behind an id on, in order.
pub(crate) async fn destroyed(tx: &mut Tx, behind: Uuid, limit: i64) -> Result<Vec<Erasure>, Fault> {
    let rows: Vec<ErasureRow> = tx
        .all(
            "SELECT id, referral_id, purposes, reason, stage, proposer, proposed_at, confirmer, decided_at, clearance,
                cleared_at, keys_destroyed, destroyed_at, ended_at, hold FROM erasure
             WHERE stage IN ('DESTROYED', 'ERASED') AND id > $1 ORDER BY id LIMIT $2",
            (behind, limit),
        )
        .await?;
    rows.into_iter().map(ErasureRow::erasure).collect()
}

/// Saves how far an erasure is.
pub(crate) async fn save(tx: &mut Tx, erasure: &Erasure) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE erasure SET stage = $2, confirmer = $3, decided_at = $4, clearance = $5, cleared_at = $6,
            keys_destroyed = $7, destroyed_at = $8, ended_at = $9, hold = $10 WHERE id = $1",
        (
            erasure.id,
            erasure.stage.as_str(),
            erasure.confirmer.as_deref(),
            erasure.decided_at.map(At),
            erasure.clearance,
            erasure.cleared_at.map(At),
            erasure.keys,
            erasure.destroyed_at.map(At),
            erasure.ended_at.map(At),
            erasure.hold.as_deref(),
        ),
    )
    .await
}

/// Notes whom a decided erasure is about.
pub(crate) async fn add_subjects(tx: &mut Tx, erasure: Uuid, subjects: Vec<Uuid>) -> Result<(), Fault> {
    let erasures = vec![erasure; subjects.len()];
    tx.bulk(
        "INSERT INTO erasure_subject (erasure_id, subject_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
        "INSERT INTO erasure_subject (erasure_id, subject_id) VALUES ($1, $2)",
        vec![Column::Uuid(erasures), Column::Uuid(subjects)],
    )
    .await
    .map(drop)
}

/// Where every referral of a referee stands: those that hold his blind index, and those that an earlier erasure took to be his.
pub(crate) async fn standings(tx: &mut Tx, referral: Uuid) -> Result<Vec<Standing>, Fault> {
    let rows: Vec<StandingRow> = tx
        .all(
            "SELECT r.subject_id, r.id AS referral_id, k.customer, r.state, r.qualified_at
             FROM referral r LEFT JOIN referee_customer k ON k.referral_id = r.id
             WHERE r.contact_index = (SELECT contact_index FROM referral WHERE id = $1)
                OR r.subject_id IN (
                    SELECT other.subject_id FROM referral named
                    JOIN erasure_subject own ON own.subject_id = named.subject_id
                    JOIN erasure_subject other ON other.erasure_id = own.erasure_id
                    WHERE named.id = $1)
             ORDER BY r.created_at, r.id",
            (referral,),
        )
        .await?;
    rows.into_iter().map(StandingRow::standing).collect()
}

/// Where the referrals of those stand whom a decided erasure is about.
pub(crate) async fn standings_of(tx: &mut Tx, erasure: Uuid) -> Result<Vec<Standing>, Fault> {
    let rows: Vec<StandingRow> = tx
        .all(
            "SELECT r.subject_id, r.id AS referral_id, k.customer, r.state, r.qualified_at
             FROM erasure_subject e JOIN referral r ON r.subject_id = e.subject_id
             LEFT JOIN referee_customer k ON k.referral_id = r.id
             WHERE e.erasure_id = $1 ORDER BY r.created_at, r.id",
            (erasure,),
        )
        .await?;
    rows.into_iter().map(StandingRow::standing).collect()
}

/// Referrals whose referee may no longer be contacted, and of whom something is still sealed for that: his last consent was given
/// before an instant, and no erasure is under way, nor was one stopped by a hold since `held_since`. Oldest first.
pub(crate) async fn run_out(
    tx: &mut Tx,
    before: Timestamp,
    held_since: Timestamp,
    limit: i64,
) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT r.id FROM consent c JOIN referral r ON r.id = c.referral_id JOIN subject s ON s.id = r.subject_id
             WHERE c.given_at < $1 AND length(s.sealed_contact) > 0
               AND NOT EXISTS (SELECT 1 FROM referral later JOIN consent lc ON lc.referral_id = later.id
                               WHERE later.contact_index = r.contact_index AND lc.given_at >= $1)
               AND NOT EXISTS (SELECT 1 FROM erasure_subject es JOIN erasure e ON e.id = es.erasure_id
                               WHERE es.subject_id = r.subject_id
                                 AND (e.stage IN ('DECIDED', 'CLEARED', 'DESTROYED') OR e.ended_at > $2))
             ORDER BY c.given_at, r.id LIMIT $3",
            (At(before), At(held_since), limit),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
