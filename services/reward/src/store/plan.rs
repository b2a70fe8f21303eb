//! Plans and their versions.

use super::corrupt;
use crate::domain::{
    plan::{Plan, State, Suspension},
    terms::Terms,
};
use handsel_storage::{At, Db, Fault, Tx, row};

/// `SELECT` of everything that [`PlanRow`] holds, `FROM plan`, and what follows: the columns stand here once.
macro_rules! plan_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, suspend_reason, suspend_asked_by,
                    suspended_by, revision, created_at, updated_at
             FROM plan ",
            $rest
        )
    };
}

row! {
    pub(crate) struct PlanRow {
        pub id: String,
        pub version: i64,
        pub display_name: String,
        pub state: String,
        pub terms: Vec<u8>,
        pub maker: String,
        pub submitter: String,
        pub checker: String,
        pub suspend_reason: String,
        pub suspend_asked_by: String,
        pub suspended_by: String,
        pub revision: i64,
        pub created_at: At,
        pub updated_at: At,
    }
}

impl PlanRow {
    pub(crate) fn restore(self) -> Result<Plan, Fault> {
        let Self {
            id,
            version,
            display_name,
            state,
            terms,
            maker,
            submitter,
            checker,
            suspend_reason,
            suspend_asked_by,
            suspended_by,
            revision,
            created_at,
            updated_at,
        } = self;
        let state = State::restore(&state, submitter, checker).ok_or_else(|| corrupt("plan.state", &state))?;
        let suspension = (!suspend_reason.is_empty()).then(|| Suspension {
            reason: suspend_reason,
            asked_by: suspend_asked_by,
            confirmed_by: (!suspended_by.is_empty()).then_some(suspended_by),
        });
        Ok(Plan {
            terms: read_terms(&terms)?,
            state,
            suspension,
            id,
            version,
            display_name,
            maker,
            revision,
            created_at: created_at.0,
            updated_at: updated_at.0,
        })
    }
}

/// The format of `plan.terms`. A reader of an older one is kept when it rises.
const TERMS_FORMAT: u32 = 1;

fn write_terms(terms: &Terms) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&(TERMS_FORMAT, terms)).map_err(|error| Fault::Invalid(format!("plan terms: {error}")))
}

fn read_terms(bytes: &[u8]) -> Result<Terms, Fault> {
    let (_, terms): (u32, Terms) =
        serde_json::from_slice(bytes).map_err(|error| Fault::Invalid(format!("plan terms: {error}")))?;
    Ok(terms)
}

/// Adds a plan; false if one of this id and version exists.
pub(crate) async fn insert(tx: &mut Tx, plan: &Plan) -> Result<bool, Fault> {
    let added = tx
        .exec(
            "INSERT INTO plan (id, version, display_name, state, currency, terms, maker, revision, created_at, updated_at,
                               asks_bank)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id, version) DO NOTHING",
            (
                plan.id.clone(),
                plan.version,
                plan.display_name.clone(),
                plan.state.code(),
                plan.terms.currency.code(),
                write_terms(&plan.terms)?,
                plan.maker.clone(),
                plan.revision,
                At(plan.created_at),
                At(plan.updated_at),
                !plan.terms.payment.gate.is_empty(),
            ),
        )
        .await?;
    Ok(added == 1)
}

/// Saves where a plan stands. Its row is locked, so its revision is the one it was read with.
pub(crate) async fn save(tx: &mut Tx, plan: &Plan) -> Result<(), Fault> {
    let suspension = plan.suspension.as_ref();
    let saved = tx
        .exec(
            "UPDATE plan SET state = $3, submitter = $4, checker = $5, revision = $6, updated_at = $7, suspend_reason = $8,
                             suspend_asked_by = $9, suspended_by = $10
             WHERE id = $1 AND version = $2 AND revision = $6 - 1",
            (
                plan.id.clone(),
                plan.version,
                plan.state.code(),
                plan.state.submitter().to_owned(),
                plan.state.checker().to_owned(),
                plan.revision,
                At(plan.updated_at),
                suspension.map(|one| one.reason.clone()).unwrap_or_default(),
                suspension.map(|one| one.asked_by.clone()).unwrap_or_default(),
                suspension.and_then(|one| one.confirmed_by.clone()).unwrap_or_default(),
            ),
        )
        .await?;
    if saved == 1 { Ok(()) } else { Err(Fault::Contention) }
}

/// The newest version of a plan, locked.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<Option<Plan>, Fault> {
    let sql = tx.pick(
        plan_where!("WHERE id = $1 ORDER BY version DESC LIMIT 1 FOR UPDATE"),
        plan_where!("WHERE id = $1 ORDER BY version DESC LIMIT 1"),
    );
    tx.opt::<PlanRow>(sql, (id.to_owned(),)).await?.map(PlanRow::restore).transpose()
}

/// The version of a plan that pins new referrals, or is paused, locked.
pub(crate) async fn lock_in_force(tx: &mut Tx, id: &str) -> Result<Option<Plan>, Fault> {
    let sql = tx.pick(
        plan_where!("WHERE id = $1 AND state IN ('ACTIVE', 'PAUSED') FOR UPDATE"),
        plan_where!("WHERE id = $1 AND state IN ('ACTIVE', 'PAUSED')"),
    );
    tx.opt::<PlanRow>(sql, (id.to_owned(),)).await?.map(PlanRow::restore).transpose()
}

/// One version of a plan, locked.
pub(crate) async fn lock_version(tx: &mut Tx, id: &str, version: i64) -> Result<Option<Plan>, Fault> {
    let sql = tx
        .pick(plan_where!("WHERE id = $1 AND version = $2 FOR UPDATE"), plan_where!("WHERE id = $1 AND version = $2"));
    tx.opt::<PlanRow>(sql, (id.to_owned(), version)).await?.map(PlanRow::restore).transpose()
}

/// One version of a plan.
pub(crate) async fn version(tx: &mut Tx, id: &str, version: i64) -> Result<Option<Plan>, Fault> {
    let row: Option<PlanRow> = tx.opt(plan_where!("WHERE id = $1 AND version = $2"), (id.to_owned(), version)).await?;
    row.map(PlanRow::restore).transpose()
}

/// Whether a version of a plan was put in force, as every transaction sees it.
pub(crate) async fn is_in_force(db: &Db, id: &str, version: i64) -> Result<bool, Fault> {
    let found: Option<(i64,)> = db
        .opt(
            "SELECT version FROM plan WHERE id = $1 AND version = $2 AND state IN ('ACTIVE', 'PAUSED', 'ENDED')",
            (id.to_owned(), version),
        )
        .await?;
    Ok(found.is_some())
}

/// A version of a plan; 0: the one in force or paused, else the newest.
pub(crate) async fn read(tx: &mut Tx, id: &str, version: i64) -> Result<Option<Plan>, Fault> {
    let row: Option<PlanRow> = tx
        .opt(
            plan_where!(
                "WHERE id = $1 AND ($2 = 0 OR version = $2)
             ORDER BY CASE WHEN state IN ('ACTIVE', 'PAUSED') THEN 0 ELSE 1 END, version DESC LIMIT 1"
            ),
            (id.to_owned(), version),
        )
        .await?;
    row.map(PlanRow::restore).transpose()
}

/// A page of plan versions, newest first, after a position.
pub(crate) async fn page(tx: &mut Tx, after: Option<(At, String, i64)>, limit: i64) -> Result<Vec<Plan>, Fault> {
    let (after_at, after_id, after_version) = match after {
        Some((at, id, version)) => (Some(at), Some(id), Some(version)),
        None => (None, None, None),
    };
    let rows: Vec<PlanRow> = tx
        .all(
            plan_where!(
                "WHERE $1 IS NULL OR (created_at, id, version) < ($1, $2, $3)
             ORDER BY created_at DESC, id DESC, version DESC LIMIT $4"
            ),
            (after_at, after_id, after_version, limit),
        )
        .await?;
    rows.into_iter().map(PlanRow::restore).collect()
}
