//! Plans and their versions.

use super::corrupt;
use crate::domain::{
    plan::{Plan, State},
    terms::Terms,
};
use handsel_storage::{At, Db, Fault, Tx, row};

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
            revision,
            created_at,
            updated_at,
        } = self;
        let state = State::restore(&state, submitter, checker).ok_or_else(|| corrupt("plan.state", &state))?;
        Ok(Plan {
            terms: read_terms(&terms)?,
            state,
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
            "INSERT INTO plan (id, version, display_name, state, currency, terms, maker, revision, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
            ),
        )
        .await?;
    Ok(added == 1)
}

/// Saves where a plan stands. Its row is locked, so its revision is the one it was read with.
pub(crate) async fn save(tx: &mut Tx, plan: &Plan) -> Result<(), Fault> {
    let saved = tx
        .exec(
            "UPDATE plan SET state = $3, submitter = $4, checker = $5, revision = $6, updated_at = $7
             WHERE id = $1 AND version = $2 AND revision = $6 - 1",
            (
                plan.id.clone(),
                plan.version,
                plan.state.code(),
                plan.state.submitter().to_owned(),
                plan.state.checker().to_owned(),
                plan.revision,
                At(plan.updated_at),
            ),
        )
        .await?;
    if saved == 1 { Ok(()) } else { Err(Fault::Contention) }
}

/// The newest version of a plan, locked.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<Option<Plan>, Fault> {
    let sql = tx.pick(
        "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
         FROM plan WHERE id = $1 ORDER BY version DESC LIMIT 1 FOR UPDATE",
        "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
         FROM plan WHERE id = $1 ORDER BY version DESC LIMIT 1",
    );
    tx.opt::<PlanRow>(sql, (id.to_owned(),)).await?.map(PlanRow::restore).transpose()
}

/// One version of a plan.
pub(crate) async fn version(tx: &mut Tx, id: &str, version: i64) -> Result<Option<Plan>, Fault> {
    let row: Option<PlanRow> = tx
        .opt(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at
             FROM plan WHERE id = $1 AND version = $2",
            (id.to_owned(), version),
        )
        .await?;
    row.map(PlanRow::restore).transpose()
}

/// Whether a version of a plan is in force, as every transaction sees it.
pub(crate) async fn is_in_force(db: &Db, id: &str, version: i64) -> Result<bool, Fault> {
    let found: Option<(i64,)> = db
        .opt("SELECT version FROM plan WHERE id = $1 AND version = $2 AND state = 'ACTIVE'", (id.to_owned(), version))
        .await?;
    Ok(found.is_some())
}

row! {
    pub(crate) struct PlanWithBudgetRow {
        pub id: String,
        pub version: i64,
        pub display_name: String,
        pub state: String,
        pub terms: Vec<u8>,
        pub maker: String,
        pub submitter: String,
        pub checker: String,
        pub revision: i64,
        pub created_at: At,
        pub updated_at: At,
        pub granted_minor: i64,
    }
}

impl PlanWithBudgetRow {
    fn restore(self) -> Result<(Plan, i64), Fault> {
        let Self {
            id,
            version,
            display_name,
            state,
            terms,
            maker,
            submitter,
            checker,
            revision,
            created_at,
            updated_at,
            granted_minor,
        } = self;
        let plan = PlanRow {
            id,
            version,
            display_name,
            state,
            terms,
            maker,
            submitter,
            checker,
            revision,
            created_at,
            updated_at,
        };
        Ok((plan.restore()?, granted_minor))
    }
}

/// The newest version of a plan, and how many minor units it has granted.
pub(crate) async fn newest(db: &Db, id: &str) -> Result<Option<(Plan, i64)>, Fault> {
    let row: Option<PlanWithBudgetRow> = db
        .opt(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at,
                    COALESCE((SELECT granted_minor FROM plan_budget WHERE plan_id = plan.id), 0) AS granted_minor
             FROM plan WHERE id = $1 ORDER BY version DESC LIMIT 1",
            (id.to_owned(),),
        )
        .await?;
    row.map(PlanWithBudgetRow::restore).transpose()
}

/// A page of plans, newest first, after a position.
pub(crate) async fn page(db: &Db, after: Option<(At, String)>, limit: i64) -> Result<Vec<(Plan, i64)>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<PlanWithBudgetRow> = db
        .all(
            "SELECT id, version, display_name, state, terms, maker, submitter, checker, revision, created_at, updated_at,
                    COALESCE((SELECT granted_minor FROM plan_budget WHERE plan_id = plan.id), 0) AS granted_minor
             FROM plan
             WHERE $1 IS NULL OR (created_at, id) < ($1, $2)
             ORDER BY created_at DESC, id DESC LIMIT $3",
            (after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(PlanWithBudgetRow::restore).collect()
}
