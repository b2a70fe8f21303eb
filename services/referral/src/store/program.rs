//! `program`: one row a program.

use super::{count, json, to_json, word};
use crate::domain::{
    program::{FollowUpRule, Program, ProgramDraft},
    success::SuccessRule,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeMap;

row! {
    struct ProgramRow {
        id: String,
        display_name: String,
        state: String,
        version: i64,
        plan: String,
        plan_version: i64,
        starts_at: At,
        ends_at: Option<At>,
        plan_currency: String,
        success: String,
        referrer_limit: i64,
        core_hours: Option<i64>,
        other_hours: Option<i64>,
        maker: String,
        submitter: String,
        checker: String,
        created_at: At,
        updated_at: At,
        revision: i64,
    }
}

impl ProgramRow {
    fn program(self) -> Result<Program, Fault> {
        let follow_up = match (self.core_hours, self.other_hours) {
            (Some(core), Some(other)) => Some(FollowUpRule { core_hours: count(core)?, other_hours: count(other)? }),
            (None, _) | (_, None) => None,
        };
        let mut success: SuccessRule = json(&self.success)?;
        success.plan_currency = match self.plan_currency.as_str() {
            "" => None,
            code => Some(code.parse().map_err(|_| Fault::Invalid(format!("{code} is no currency")))?),
        };
        let terms = ProgramDraft {
            display_name: self.display_name,
            plan: self.plan,
            starts_at: self.starts_at.0,
            ends_at: self.ends_at.map(|at| at.0),
            success,
            referrer_limit: count(self.referrer_limit)?,
            follow_up,
        };
        Ok(Program {
            id: self.id,
            terms,
            state: word(&self.state)?,
            version: self.version,
            plan_version: self.plan_version,
            maker: self.maker,
            submitter: self.submitter,
            checker: self.checker,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            revision: self.revision,
        })
    }
}

/// Adds a program; false if its id is taken.
pub(crate) async fn insert(tx: &mut Tx, program: &Program) -> Result<bool, Fault> {
    let terms = &program.terms;
    let follow_up = terms.follow_up;
    let added = tx
        .exec(
            "INSERT INTO program (id, display_name, state, version, plan, plan_version, starts_at, ends_at, success,
                referrer_limit, core_hours, other_hours, maker, submitter, checker, created_at, updated_at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
             ON CONFLICT (id) DO NOTHING",
            (
                program.id.as_str(),
                terms.display_name.as_str(),
                program.state.as_str(),
                program.version,
                terms.plan.as_str(),
                program.plan_version,
                At(terms.starts_at),
                terms.ends_at.map(At),
                to_json(&terms.success)?,
                i64::from(terms.referrer_limit),
                follow_up.map(|rule| i64::from(rule.core_hours)),
                follow_up.map(|rule| i64::from(rule.other_hours)),
                program.maker.as_str(),
                program.submitter.as_str(),
                program.checker.as_str(),
                At(program.created_at),
                At(program.updated_at),
                program.revision,
            ),
        )
        .await?;
    Ok(added == 1)
}

/// Saves where a program stands; contention if it has changed since it was read.
pub(crate) async fn save_state(tx: &mut Tx, program: &Program) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE program SET state = $2, plan_version = $3, submitter = $4, checker = $5, updated_at = $6, revision = $7,
            plan_currency = $8
         WHERE id = $1 AND revision = $7 - 1",
        (
            program.id.as_str(),
            program.state.as_str(),
            program.plan_version,
            program.submitter.as_str(),
            program.checker.as_str(),
            At(program.updated_at),
            program.revision,
            program.terms.success.plan_currency.map_or("", |currency| currency.code()),
        ),
    )
    .await
}

/// One program.
pub(crate) async fn get(tx: &mut Tx, id: &str) -> Result<Option<Program>, Fault> {
    Ok(by_ids(tx, vec![id.to_owned()]).await?.remove(id))
}

/// These programs, by id.
pub(crate) async fn by_ids(tx: &mut Tx, ids: Vec<String>) -> Result<BTreeMap<String, Program>, Fault> {
    let rows: Vec<ProgramRow> = tx
        .all_by(
            "SELECT id, display_name, state, version, plan, plan_version, plan_currency, starts_at, ends_at, success, referrer_limit,
                core_hours, other_hours, maker, submitter, checker, created_at, updated_at, revision
             FROM program WHERE id = ANY($1)",
            "SELECT id, display_name, state, version, plan, plan_version, plan_currency, starts_at, ends_at, success, referrer_limit,
                core_hours, other_hours, maker, submitter, checker, created_at, updated_at, revision
             FROM program WHERE id = $1",
            Column::Text(ids),
        )
        .await?;
    rows.into_iter().map(|row| Ok((row.id.clone(), row.program()?))).collect()
}

/// A page of programs, newest first, from behind (`created_at`, `id`).
pub(crate) async fn page(tx: &mut Tx, behind: Option<(Timestamp, String)>, limit: i64) -> Result<Vec<Program>, Fault> {
    let (created_at, id) = behind.map_or((At(Timestamp::MAX), String::new()), |(at, id)| (At(at), id));
    let rows: Vec<ProgramRow> = tx
        .all(
            "SELECT id, display_name, state, version, plan, plan_version, plan_currency, starts_at, ends_at, success, referrer_limit,
                core_hours, other_hours, maker, submitter, checker, created_at, updated_at, revision
             FROM program WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
            (created_at, id, limit),
        )
        .await?;
    rows.into_iter().map(ProgramRow::program).collect()
}
