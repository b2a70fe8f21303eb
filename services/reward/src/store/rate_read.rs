//! Rate grants as they are read: one with its trace, pages, what counts for a customer, what is due.

use super::rate_grant::{GrantRow, restore_all};
use crate::domain::rate_grant::{RateGrant, Standing};
use handsel_storage::{At, Fault, Tx, row};
use uuid::Uuid;

/// One grant.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<RateGrant>, Fault> {
    let row: Option<GrantRow> = tx
        .opt(
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                    currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons,
                    contract_reference, principal_minor, start_day, term_months, maturity_day, product_version,
                    effective_rate, applied_bps, benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by,
                    revision, updated_at
             FROM rate_grant WHERE id = $1",
            (id,),
        )
        .await?;
    row.map(GrantRow::restore).transpose()
}

row! {
    pub(crate) struct TraceRow {
        pub trace: Vec<u8>,
    }
}

/// How a grant was valued last: at its activation, else at its offer; none of one that nothing could be computed for.
pub(crate) async fn trace(tx: &mut Tx, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    let row: Option<TraceRow> =
        tx.opt("SELECT trace FROM rate_trace WHERE grant_id = $1 ORDER BY event LIMIT 1", (id,)).await?;
    Ok(row.map(|row| row.trace))
}

/// What a page of grants is filtered by; what is absent filters nothing.
pub(crate) struct Filter {
    pub(crate) referral: Option<Uuid>,
    pub(crate) beneficiary: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) state: Option<Standing>,
}

/// A page of grants, newest first, after a position.
pub(crate) async fn page(
    tx: &mut Tx,
    filter: Filter,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<RateGrant>, Fault> {
    let Filter { referral, beneficiary, plan, product, branch, state } = filter;
    let (after_at, after_id) = after.unzip();
    let rows = tx
        .all(
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                    currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons,
                    contract_reference, principal_minor, start_day, term_months, maturity_day, product_version,
                    effective_rate, applied_bps, benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by,
                    revision, updated_at
             FROM rate_grant
             WHERE ($1 IS NULL OR referral = $1)
               AND ($2 IS NULL OR beneficiary = $2)
               AND ($3 IS NULL OR plan_id = $3)
               AND ($4 IS NULL OR product_id = $4)
               AND ($5 IS NULL OR branch = $5)
               AND ($6 IS NULL OR state = $6)
               AND ($7 IS NULL OR (offered_at, id) < ($7, $8))
             ORDER BY offered_at DESC, id DESC LIMIT $9",
            (
                referral,
                beneficiary,
                plan,
                product,
                branch,
                state.map(|state| state.code().to_owned()),
                after_at,
                after_id,
                limit,
            ),
        )
        .await?;
    restore_all(rows)
}

/// The grants of one customer and product that a contract has or had, by id.
pub(crate) async fn activated(tx: &mut Tx, customer: &str, product: &str) -> Result<Vec<RateGrant>, Fault> {
    let rows = tx
        .all(
            "SELECT id, referral, plan_id, plan_version, role, stage, milestone, milestone_count, beneficiary, branch, rule,
                    currency, estimate_minor, charge, qualified_at, offered_at, expires_at, state, reasons,
                    contract_reference, principal_minor, start_day, term_months, maturity_day, product_version,
                    effective_rate, applied_bps, benefit_minor, starts_at, ends_at, activated_at, closed_at, closed_by,
                    revision, updated_at
             FROM rate_grant
             WHERE beneficiary = $1 AND product_id = $2 AND contract_reference IS NOT NULL ORDER BY id",
            (customer.to_owned(), product.to_owned()),
        )
        .await?;
    restore_all(rows)
}

row! {
    pub(crate) struct KeyRow {
        pub id: Uuid,
        pub plan_id: String,
        pub beneficiary: String,
        pub product_id: String,
    }
}

/// Offers whose time is over, the longest over first.
pub(crate) async fn expired(tx: &mut Tx, now: At, limit: i64) -> Result<Vec<KeyRow>, Fault> {
    tx.all(
        "SELECT id, plan_id, beneficiary, product_id FROM rate_grant
         WHERE state = 'OFFERED' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2",
        (now, limit),
    )
    .await
}

/// Active grants whose contract or months are over, the longest over first.
pub(crate) async fn run_out(tx: &mut Tx, now: At, limit: i64) -> Result<Vec<KeyRow>, Fault> {
    tx.all(
        "SELECT id, plan_id, beneficiary, product_id FROM rate_grant
         WHERE state = 'ACTIVE' AND ends_at <= $1 ORDER BY ends_at, id LIMIT $2",
        (now, limit),
    )
    .await
}

/// What never changes of a grant, and says which rows to lock for it.
pub(crate) async fn key(tx: &mut Tx, id: Uuid) -> Result<Option<KeyRow>, Fault> {
    tx.opt("SELECT id, plan_id, beneficiary, product_id FROM rate_grant WHERE id = $1", (id,)).await
}
