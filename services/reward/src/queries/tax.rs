//! What beneficiaries were paid in a year, whose rewards are to be reported, and what was remitted.

use crate::{
    commands::means::PlansInForce,
    domain::{
        refusal::Refusal,
        reward::Kind,
        tax_remittance::Remittance,
        tax_statement::{Movement, Statement},
        tax_year::{Total, YearKey},
    },
    store::{self, corrupt, money, tax::MovementRow},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx};
use uuid::Uuid;

pub(crate) use crate::store::tax::reportable;

/// Entries read at a time.
const PAGE: i64 = 500;
/// Entries of a statement: its file stays below what a message may hold.
const ENTRIES_AT_MOST: usize = 10_000;

/// A beneficiary's totals of a year.
pub(crate) async fn of_beneficiary(db: &Db, beneficiary: &str, year: i64) -> Result<Vec<(YearKey, Total)>, Fault> {
    store::tax::of_beneficiary(&mut db.read().await?, beneficiary, year).await
}

/// A beneficiary's statement of a year, of one moment. Refused beyond what a statement holds.
pub(crate) async fn statement(
    db: &Db,
    plans: &PlansInForce,
    beneficiary: &str,
    year: i64,
) -> Result<Result<Statement, Refusal>, Fault> {
    let mut tx = db.read().await?;
    let mut movements: Vec<Movement> = Vec::new();
    let mut after: Option<(At, i64)> = None;
    loop {
        let rows = store::tax::movements(&mut tx, beneficiary, year, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some((At(last.occurred_at.0), last.ordinal));
        if movements.len() + rows.len() > ENTRIES_AT_MOST {
            return Ok(Err(Refusal::OutOfRange("the number of payouts in the statement")));
        }
        for row in rows {
            match movement(&mut tx, plans, row).await? {
                Ok(movement) => movements.push(movement),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    }
    let years = store::tax::of_beneficiary(&mut tx, beneficiary, year).await?;
    Ok(Statement::of(beneficiary.to_owned(), year, movements, &years))
}

async fn movement(tx: &mut Tx, plans: &PlansInForce, row: MovementRow) -> Result<Result<Movement, Refusal>, Fault> {
    let MovementRow {
        ordinal: _,
        occurred_at,
        reward_id,
        plan_id,
        plan_version,
        kind,
        jurisdiction,
        currency,
        reward_minor,
        tax_minor,
        net_minor,
        flagged,
        payout_reference,
    } = row;
    let plan = match plans.get(tx, &plan_id, plan_version).await? {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(Movement {
        reward: reward_id,
        plan: plan_id,
        kind: Kind::from_code(&kind).ok_or_else(|| corrupt("reward.kind", &kind))?,
        jurisdiction,
        date: occurred_at.0.date_in(&plan.plan.terms.zone),
        amount: money(&currency, reward_minor)?,
        tax: money(&currency, tax_minor)?,
        net: money(&currency, net_minor)?,
        flagged,
        payout_reference: payout_reference.unwrap_or_default(),
    }))
}

/// One remittance.
pub(crate) async fn remittance(db: &Db, id: Uuid) -> Result<Option<Remittance>, Fault> {
    store::tax_remittance::one(&mut db.read().await?, id).await
}

/// A page of remittances, newest first, after the one proposed at this instant under this id.
pub(crate) async fn remittances(
    db: &Db,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Remittance>, Fault> {
    store::tax_remittance::page(db, after.map(|(at, id)| (At(at), id)), limit).await
}
