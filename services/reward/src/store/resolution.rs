//! What two people decide by hand. Whoever writes one has its reward locked.

use super::corrupt;
use crate::domain::{
    outcome::Status,
    resolution::{Basis, Finding, Found, Resolution, Standing, State, Verdict},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx, row};
use uuid::Uuid;

/// `SELECT` of everything that [`ResolutionRow`] holds, `FROM resolution`, and what follows.
macro_rules! resolution_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, reward_id, end_to_end_id, verdict, bank_reference, occurred_at, reason, evidence, seen_revision,
                    seen_status, seen_conflicts, state, proposer, proposer_account, proposed_at, checker, ended_at
             FROM resolution ",
            $rest
        )
    };
}

row! {
    pub(crate) struct ResolutionRow {
        pub id: Uuid,
        pub reward_id: Uuid,
        pub end_to_end_id: String,
        pub verdict: String,
        pub bank_reference: String,
        pub occurred_at: Option<At>,
        pub reason: String,
        pub evidence: String,
        pub seen_revision: i64,
        pub seen_status: String,
        pub seen_conflicts: i64,
        pub state: String,
        pub proposer: String,
        pub proposer_account: String,
        pub proposed_at: At,
        pub checker: String,
        pub ended_at: Option<At>,
    }
}

impl ResolutionRow {
    fn restore(self) -> Result<Resolution, Fault> {
        let finding = self.finding()?;
        let state = match (Standing::from_code(&self.state), self.ended_at) {
            (Some(Standing::Proposed), None) => State::Proposed,
            (Some(Standing::Confirmed), Some(at)) => State::Confirmed { by: self.checker, at: at.0 },
            (Some(Standing::Void), Some(at)) => State::Void { at: at.0 },
            _ => return Err(corrupt("resolution.state", &self.state)),
        };
        let status = match self.seen_status.as_str() {
            "" => None,
            code => Some(Status::from_code(code).ok_or_else(|| corrupt("resolution.seen_status", code))?),
        };
        Ok(Resolution {
            id: self.id,
            reward: self.reward_id,
            finding,
            reason: self.reason,
            evidence: self.evidence,
            basis: Basis { revision: self.seen_revision, status, conflicts: self.seen_conflicts },
            proposer: self.proposer,
            proposer_account: self.proposer_account,
            proposed_at: self.proposed_at.0,
            state,
        })
    }

    fn finding(&self) -> Result<Finding, Fault> {
        let settled = match (Verdict::from_code(&self.verdict), self.occurred_at) {
            (Some(Verdict::WrittenOff), None) => return Ok(Finding::WriteOff),
            (Some(Verdict::Settled), Some(at)) => (true, at),
            (Some(Verdict::Rejected), Some(at)) => (false, at),
            _ => return Err(corrupt("resolution.verdict", &self.verdict)),
        };
        Ok(Finding::Attempt(Found {
            end_to_end_id: self.end_to_end_id.clone(),
            settled: settled.0,
            bank_reference: self.bank_reference.clone(),
            occurred_at: settled.1.0,
        }))
    }
}

/// Adds a proposal; one of the same reward that nobody confirmed is void, and returned. Its reward is locked.
pub(crate) async fn propose(tx: &mut Tx, resolution: &Resolution) -> Result<Option<Resolution>, Fault> {
    let replaced: Option<ResolutionRow> =
        tx.opt(resolution_where!("WHERE reward_id = $1 AND state = 'PROPOSED'"), (resolution.reward,)).await?;
    if replaced.is_some() {
        tx.exec_one(
            "UPDATE resolution SET state = 'VOID', ended_at = $2 WHERE reward_id = $1 AND state = 'PROPOSED'",
            (resolution.reward, At(resolution.proposed_at)),
        )
        .await?;
    }
    let found = resolution.finding.attempt();
    tx.exec_one(
        "INSERT INTO resolution (id, reward_id, end_to_end_id, verdict, bank_reference, occurred_at, reason, evidence,
                                 seen_revision, seen_status, seen_conflicts, state, proposer, proposer_account, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        (
            resolution.id,
            resolution.reward,
            found.map(|found| found.end_to_end_id.clone()).unwrap_or_default(),
            resolution.finding.verdict().code(),
            found.map(|found| found.bank_reference.clone()).unwrap_or_default(),
            found.map(|found| At(found.occurred_at)),
            resolution.reason.clone(),
            resolution.evidence.clone(),
            resolution.basis.revision,
            resolution.basis.status.map_or("", Status::code),
            resolution.basis.conflicts,
            Standing::Proposed.code(),
            resolution.proposer.clone(),
            resolution.proposer_account.clone(),
            At(resolution.proposed_at),
        ),
    )
    .await?;
    replaced.map(ResolutionRow::restore).transpose()
}

/// Saves that a proposal was confirmed. Its reward is locked.
pub(crate) async fn confirm(tx: &mut Tx, resolution: &Resolution) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE resolution SET state = $2, checker = $3, ended_at = $4 WHERE id = $1 AND state = 'PROPOSED'",
        (
            resolution.id,
            resolution.state.standing().code(),
            resolution.state.confirmed_by().to_owned(),
            resolution.state.ended_at().map(At),
        ),
    )
    .await
}

/// One resolution.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Resolution>, Fault> {
    tx.opt::<ResolutionRow>(resolution_where!("WHERE id = $1"), (id,)).await?.map(ResolutionRow::restore).transpose()
}

/// The reward of a resolution, and that one's plan.
pub(crate) async fn place(db: &Db, id: Uuid) -> Result<Option<(Uuid, String)>, Fault> {
    db.opt("SELECT r.id, r.plan_id FROM resolution s JOIN reward r ON r.id = s.reward_id WHERE s.id = $1", (id,)).await
}

/// A page of resolutions, newest first, after a position.
pub(crate) async fn page(
    db: &Db,
    reward: Option<Uuid>,
    state: Option<Standing>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Resolution>, Fault> {
    let (after_at, after_id) = after.map(|(at, id)| (At(at), id)).unzip();
    let rows: Vec<ResolutionRow> = db
        .all(
            resolution_where!(
                "WHERE ($1 IS NULL OR reward_id = $1) AND ($2 IS NULL OR state = $2)
                   AND ($3 IS NULL OR (proposed_at, id) < ($3, $4))
                 ORDER BY proposed_at DESC, id DESC LIMIT $5"
            ),
            (reward, state.map(|state| state.code().to_owned()), after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(ResolutionRow::restore).collect()
}
