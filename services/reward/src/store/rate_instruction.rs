//! What core banking has to be told of rate grants, and what it did.

use super::{corrupt, rate_grant::GrantRow};
use crate::domain::{
    rate_grant::RateGrant,
    rate_instruction::{Kind, RateInstruction, Status},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct InstructionRow {
        pub grant_id: Uuid,
        pub kind: String,
        pub instruction_id: String,
        pub status: String,
        pub reason_code: String,
        pub created_at: At,
        pub first_sent_at: Option<At>,
        pub answered_at: Option<At>,
    }
}

impl InstructionRow {
    fn restore(self) -> Result<RateInstruction, Fault> {
        let Self { grant_id, kind, instruction_id, status, reason_code, created_at, first_sent_at, answered_at } = self;
        Ok(RateInstruction {
            grant: grant_id,
            kind: Kind::from_code(&kind).ok_or_else(|| corrupt("rate_instruction.kind", &kind))?,
            id: instruction_id,
            status: Status::from_code(&status).ok_or_else(|| corrupt("rate_instruction.status", &status))?,
            reason_code,
            created_at: created_at.0,
            first_sent_at: first_sent_at.map(|at| at.0),
            answered_at: answered_at.map(|at| at.0),
        })
    }
}

/// Adds instructions of which nothing is known yet.
pub(crate) async fn insert(tx: &mut Tx, instructions: &[RateInstruction]) -> Result<(), Fault> {
    if instructions.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO rate_instruction (grant_id, kind, instruction_id, created_at)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])",
        "INSERT INTO rate_instruction (grant_id, kind, instruction_id, created_at) VALUES ($1, $2, $3, $4)",
        vec![
            Column::Uuid(instructions.iter().map(|one| one.grant).collect()),
            Column::Text(instructions.iter().map(|one| one.kind.code().to_owned()).collect()),
            Column::Text(instructions.iter().map(|one| one.id.clone()).collect()),
            Column::At(instructions.iter().map(|one| At(one.created_at)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Takes back the offer of a grant if it was never handed out; false if it was. The grant is locked.
pub(crate) async fn void_offer(tx: &mut Tx, grant: Uuid) -> Result<bool, Fault> {
    let voided = tx
        .exec(
            "UPDATE rate_instruction SET status = 'VOID'
             WHERE grant_id = $1 AND kind = 'OFFER' AND status = 'OPEN' AND first_sent_at IS NULL",
            (grant,),
        )
        .await?;
    Ok(voided == 1)
}

/// The instructions of a grant, oldest first.
pub(crate) async fn of_grant(tx: &mut Tx, grant: Uuid) -> Result<Vec<RateInstruction>, Fault> {
    let rows: Vec<InstructionRow> = tx
        .all(
            "SELECT grant_id, kind, instruction_id, status, reason_code, created_at, first_sent_at, answered_at
             FROM rate_instruction WHERE grant_id = $1 ORDER BY created_at, kind",
            (grant,),
        )
        .await?;
    rows.into_iter().map(InstructionRow::restore).collect()
}

/// Instructions without an answer, oldest first, after a position.
pub(crate) async fn open(tx: &mut Tx, after: Option<(At, String)>, limit: i64) -> Result<Vec<RateInstruction>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<InstructionRow> = tx
        .all(
            "SELECT grant_id, kind, instruction_id, status, reason_code, created_at, first_sent_at, answered_at
             FROM rate_instruction
             WHERE status = 'OPEN' AND ($1 IS NULL OR (created_at, instruction_id) > ($1, $2))
             ORDER BY created_at, instruction_id LIMIT $3",
            (after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(InstructionRow::restore).collect()
}

/// The grants of these ids, locked in order of id.
pub(crate) async fn lock_grants(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<RateGrant>, Fault> {
    let rows: Vec<GrantRow> = tx
        .all_by(
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                    currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons,
                    contract_reference, principal_minor, start_day, term_months, maturity_day, product_version,
                    effective_rate, applied_bps, benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by,
                    revision, updated_at
             FROM rate_grant WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                    currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons,
                    contract_reference, principal_minor, start_day, term_months, maturity_day, product_version,
                    effective_rate, applied_bps, benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by,
                    revision, updated_at
             FROM rate_grant WHERE id = $1",
            Column::Uuid(ids),
        )
        .await?;
    super::rate_grant::restore_all(rows)
}

/// Records that instructions leave for the first time. Their grants are locked; contention if one was taken back since.
pub(crate) async fn mark_sent(tx: &mut Tx, ids: Vec<String>, now: Timestamp) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let count = ids.len();
    let at = Column::At(ids.iter().map(|_| At(now)).collect());
    let marked = tx
        .bulk(
            "UPDATE rate_instruction SET first_sent_at = sent.at
             FROM UNNEST($1::text[], $2::timestamptz[]) AS sent (id, at)
             WHERE rate_instruction.instruction_id = sent.id AND rate_instruction.first_sent_at IS NULL
               AND rate_instruction.status = 'OPEN'",
            "UPDATE rate_instruction SET first_sent_at = $2
             WHERE instruction_id = $1 AND first_sent_at IS NULL AND status = 'OPEN'",
            vec![Column::Text(ids), at],
        )
        .await?;
    if usize::try_from(marked) == Ok(count) { Ok(()) } else { Err(Fault::Contention) }
}

/// The instruction of this id, locked.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<Option<RateInstruction>, Fault> {
    let sql = tx.pick(
        "SELECT grant_id, kind, instruction_id, status, reason_code, created_at, first_sent_at, answered_at
         FROM rate_instruction WHERE instruction_id = $1 FOR UPDATE",
        "SELECT grant_id, kind, instruction_id, status, reason_code, created_at, first_sent_at, answered_at
         FROM rate_instruction WHERE instruction_id = $1",
    );
    tx.opt::<InstructionRow>(sql, (id.to_owned(),)).await?.map(InstructionRow::restore).transpose()
}

/// Saves the answer to an instruction that is locked.
pub(crate) async fn answer(tx: &mut Tx, instruction: &RateInstruction) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE rate_instruction SET status = $2, reason_code = $3, answered_at = $4
         WHERE instruction_id = $1 AND status = 'OPEN'",
        (
            instruction.id.clone(),
            instruction.status.code(),
            instruction.reason_code.clone(),
            instruction.answered_at.map(At),
        ),
    )
    .await
}
