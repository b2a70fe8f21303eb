//! Payouts, as the log has them.

use crate::{
    client::leaf,
    domain::{
        reconciliation::{Flow, Payout, Side},
        term,
    },
    store,
    tlog::TILE_WIDTH,
};
use handsel_money::{Currency, Money, Timestamp};
use handsel_storage::{Db, Fault};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

/// The source that pays.
pub(crate) const SOURCE: &str = "reward/audit";
/// Its statements of money that went, and that came back.
const PAID: &str = "ledger.paid";
const RETURNED: &str = "ledger.returned";
const DAY: Duration = Duration::from_secs(86_400);

/// A period by the source's time: its first instant, and the one behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// Hands each payout of a period that the log has to `take`, a bundle of leaves at a time.
pub(crate) async fn of_log(db: &Db, period: Period, mut take: impl FnMut(Payout)) -> Result<(), Fault> {
    let size = store::head::newest(&mut db.read().await?).await?.map_or(0, |head| head.size);
    for bundle in bundles(db, period, size).await? {
        let first = bundle.saturating_mul(TILE_WIDTH);
        let end = size.min(first.saturating_add(TILE_WIDTH));
        for row in store::leaf::contents(&mut db.read().await?, first, end).await? {
            // A leaf that cannot be read has been tampered with: the scrubber says so.
            let Ok((_, statement)) = leaf(&row.content) else { continue };
            if let Some(payout) = said(&statement, period) {
                take(payout);
            }
        }
    }
    Ok(())
}

/// The bundles in which something is dated in the period: those that the index names, and those that it does not tell of.
async fn bundles(db: &Db, Period { from, to }: Period, size: u64) -> Result<BTreeSet<u64>, Fault> {
    let mut tx = db.read().await?;
    let Some(last) = size.checked_sub(1).map(|last| last / TILE_WIDTH) else { return Ok(BTreeSet::new()) };
    let seen = store::term::seen(&mut tx).await?;
    let mut found: BTreeSet<u64> = (seen..=last).collect();
    let mut day = from;
    loop {
        let said = BTreeSet::from([term::of_day(&day.to_string())]);
        found.extend(store::term::bundles(&mut tx, seen, &said, last, usize::MAX).await?);
        match day.checked_add(DAY) {
            Some(next) if day < to => day = next,
            _ => return Ok(found),
        }
    }
}

/// What a statement says of a payout in the period.
fn said(statement: &Value, Period { from, to }: Period) -> Option<Payout> {
    let text = |field: &str| statement.get(field).and_then(Value::as_str).unwrap_or_default();
    let flow = match text("type") {
        PAID => Flow::Paid,
        RETURNED => Flow::Returned,
        _ => return None,
    };
    let at: Timestamp = text("time").parse().ok()?;
    if text("source") != SOURCE || at < from || at >= to {
        return None;
    }
    let subjects = statement.get("subjects").and_then(Value::as_array)?;
    let named = |collection: &str| subjects.iter().filter_map(Value::as_str).find(|name| name.starts_with(collection));
    let amount = Money::new(text("currency").parse::<Currency>().ok()?, text("amount_minor").parse().ok()?);
    let transfer = named("transfers/")?.trim_start_matches("transfers/").to_owned();
    Some(Payout { transfer, reward: named("rewards/")?.to_owned(), side: Side { flow, amount } })
}

/// How far the payouts were compared because it was due.
pub(crate) async fn reconciled_through(db: &Db) -> Result<Option<Timestamp>, Fault> {
    store::reconciliation::through(&mut db.read().await?, SOURCE).await
}
