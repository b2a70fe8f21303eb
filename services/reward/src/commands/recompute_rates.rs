//! A limited run of valuations of preferential rates, each computed again from its trace.

use super::statements;
use crate::{
    domain::recompute_rate,
    store::{
        self,
        recompute_rate::{Finding, Stored},
    },
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Fault, Tx};
use serde_json::json;
use uuid::Uuid;

/// Valuations that do not come out as they are stored.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) owed: Vec<Owed>,
}

/// Computes these again; findings are numbered after `numbered`.
pub(super) async fn again(tx: &mut Tx, valuations: &[Stored], numbered: i64, now: Timestamp) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut number = numbered;
    for stored in valuations {
        let Err(detail) = recompute_rate::again(&stored.trace, stored.held) else { continue };
        number = number.saturating_add(1);
        let (grant, valuation) = (stored.held.grant, stored.held.valuation);
        found.owed.extend(said(tx, grant, valuation, &detail, now).await?);
        found.findings.push(Finding { number, grant, valuation, detail });
    }
    Ok(found)
}

async fn said(
    tx: &mut Tx,
    grant: Uuid,
    valuation: recompute_rate::Valuation,
    detail: &str,
    now: Timestamp,
) -> Result<Option<Owed>, Fault> {
    let Some(grant) = store::rate_read::one(tx, grant).await? else { return Ok(None) };
    let (actor, body) = (Actor::system("reward/recompute"), json!({ "valuation": valuation.code(), "detail": detail }));
    Ok(Some(statements::of_rate_grant("rate.recompute_failed", "recompute", &grant, &actor, now, body)))
}
