//! Valuations of preferential rates as recomputations go through them, and what they found.

use super::{corrupt, money};
use crate::domain::{
    rate_grant::Charge,
    recompute_rate::{Held, Valuation},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct TraceRow {
        pub grant_id: Uuid,
        pub event: String,
        pub trace: Vec<u8>,
        pub currency: String,
        pub charge: String,
        pub estimate_minor: i64,
        pub benefit_minor: Option<i64>,
    }
}

/// A stored valuation.
pub(crate) struct Stored {
    pub(crate) trace: Vec<u8>,
    pub(crate) held: Held,
}

impl TraceRow {
    fn restore(self) -> Result<Stored, Fault> {
        let Self { grant_id: grant, event, trace, currency, charge, estimate_minor, benefit_minor } = self;
        let valuation = Valuation::from_code(&event).ok_or_else(|| corrupt("rate_trace.event", &event))?;
        let minor = match valuation {
            Valuation::Offer => Some(estimate_minor),
            Valuation::Activation => benefit_minor,
        };
        let worth = minor.map(|minor| money(&currency, minor)).transpose()?;
        let charge = Charge::from_code(&charge).ok_or_else(|| corrupt("rate_grant.charge", &charge))?;
        Ok(Stored { trace, held: Held { grant, valuation, charge, worth } })
    }
}

/// The next valuations after a position, none made after an instant.
pub(crate) async fn next(
    tx: &mut Tx,
    after: Option<(Uuid, String)>,
    until: At,
    limit: i64,
) -> Result<Vec<Stored>, Fault> {
    let (after_id, after_event) = after.unzip();
    let rows: Vec<TraceRow> = tx
        .all(
            "SELECT t.grant_id, t.event, t.trace, g.currency, g.charge, g.estimate_minor, g.benefit_minor
             FROM rate_trace t JOIN rate_grant g ON g.id = t.grant_id
             WHERE t.recorded_at <= $1 AND ($2 IS NULL OR (t.grant_id, t.event) > ($2, $3))
             ORDER BY t.grant_id, t.event LIMIT $4",
            (until, after_id, after_event, limit),
        )
        .await?;
    rows.into_iter().map(TraceRow::restore).collect()
}

/// The valuations of one grant, the later first.
pub(crate) async fn of_grant(tx: &mut Tx, grant: Uuid) -> Result<Vec<Stored>, Fault> {
    let rows: Vec<TraceRow> = tx
        .all(
            "SELECT t.grant_id, t.event, t.trace, g.currency, g.charge, g.estimate_minor, g.benefit_minor
             FROM rate_trace t JOIN rate_grant g ON g.id = t.grant_id WHERE t.grant_id = $1 ORDER BY t.event",
            (grant,),
        )
        .await?;
    rows.into_iter().map(TraceRow::restore).collect()
}

/// What was found, numbered with the findings of rewards.
pub(crate) struct Finding {
    pub(crate) number: i64,
    pub(crate) grant: Uuid,
    pub(crate) valuation: Valuation,
    pub(crate) detail: String,
}

/// Keeps findings.
pub(crate) async fn keep(tx: &mut Tx, run: Uuid, findings: &[Finding], now: Timestamp) -> Result<(), Fault> {
    if findings.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO recompute_rate_finding (recomputation_id, number, grant_id, event, detail, found_at)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])",
        "INSERT INTO recompute_rate_finding (recomputation_id, number, grant_id, event, detail, found_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            Column::Uuid(findings.iter().map(|_| run).collect()),
            Column::Int(findings.iter().map(|one| one.number).collect()),
            Column::Uuid(findings.iter().map(|one| one.grant).collect()),
            Column::Text(findings.iter().map(|one| one.valuation.code().to_owned()).collect()),
            Column::Text(findings.iter().map(|one| one.detail.clone()).collect()),
            Column::At(findings.iter().map(|_| At(now)).collect()),
        ],
    )
    .await?;
    Ok(())
}
