//! The latch of settlement: its row, what has happened to it, and what the bank reported that was not known.

use super::corrupt;
use crate::domain::{
    latch::{Cause, Event, Latch, Proposal, Sign},
    outcome::Outcome,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct EventRow {
        pub kind: String,
        pub cause: String,
        pub detail: String,
        pub author: String,
        pub proposal: Option<Uuid>,
        pub recorded_at: At,
    }
}

impl EventRow {
    fn restore(self) -> Result<Event, Fault> {
        let Self { kind, cause, detail, author, proposal, recorded_at: At(at) } = self;
        match (kind.as_str(), proposal) {
            ("FELL", None) => {
                let cause = Cause::from_code(&cause).ok_or_else(|| corrupt("latch_event.cause", &cause))?;
                Ok(Event::Fell(Sign { cause, detail, author, seen_at: at }))
            }
            ("PROPOSED", Some(id)) => Ok(Event::Proposed(Proposal { id, author, reconciled: detail, proposed_at: at })),
            ("RELEASED", Some(proposal)) => Ok(Event::Released { proposal, author, released_at: at }),
            _ => Err(corrupt("latch_event.kind", &kind)),
        }
    }
}

/// Whether the latch is down. It does not move until this transaction ends.
pub(crate) async fn is_down(tx: &mut Tx) -> Result<bool, Fault> {
    let sql = tx.pick(
        "SELECT down FROM settlement_latch WHERE id = 1 FOR SHARE",
        "SELECT down FROM settlement_latch WHERE id = 1",
    );
    let (down,): (bool,) = tx.one(sql, ()).await?;
    Ok(down)
}

/// Locks the latch and reads where it stands.
pub(crate) async fn lock(tx: &mut Tx) -> Result<Latch, Fault> {
    let sql = tx.pick(
        "SELECT down FROM settlement_latch WHERE id = 1 FOR UPDATE",
        "SELECT down FROM settlement_latch WHERE id = 1",
    );
    let (_down,): (bool,) = tx.one(sql, ()).await?;
    read(tx).await
}

/// Reads where the latch stands.
pub(crate) async fn read(tx: &mut Tx) -> Result<Latch, Fault> {
    let rows: Vec<EventRow> = tx
        .all(
            "SELECT kind, cause, detail, author, proposal, recorded_at FROM latch_event
             WHERE number > COALESCE((SELECT MAX(number) FROM latch_event WHERE kind = 'RELEASED'), 0)
             ORDER BY number",
            (),
        )
        .await?;
    let events: Vec<Event> = rows.into_iter().map(EventRow::restore).collect::<Result<_, _>>()?;
    Ok(Latch::after(events))
}

/// Writes down what has happened to a locked latch, and moves it.
pub(crate) async fn record(tx: &mut Tx, event: &Event) -> Result<(), Fault> {
    let (kind, cause, detail, author, proposal, at, down) = match event {
        Event::Fell(Sign { cause, detail, author, seen_at }) => {
            ("FELL", cause.code(), detail.as_str(), author, None, *seen_at, true)
        }
        Event::Proposed(Proposal { id, author, reconciled, proposed_at }) => {
            ("PROPOSED", "", reconciled.as_str(), author, Some(*id), *proposed_at, true)
        }
        Event::Released { proposal, author, released_at } => {
            ("RELEASED", "", "", author, Some(*proposal), *released_at, false)
        }
    };
    tx.exec(
        "INSERT INTO latch_event (kind, cause, detail, author, proposal, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)",
        (kind, cause, detail.to_owned(), author.clone(), proposal, At(at)),
    )
    .await?;
    tx.exec_one("UPDATE settlement_latch SET down = $1 WHERE id = 1", (down,)).await
}

/// Keeps payouts that nobody here has made; how many of them were not reported before.
pub(crate) async fn keep_unknown(tx: &mut Tx, said: &[&Outcome], now: Timestamp) -> Result<u64, Fault> {
    tx.bulk(
        "INSERT INTO unknown_payout (end_to_end_id, status, bank_reference, reported_at)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
         ON CONFLICT (end_to_end_id) DO NOTHING",
        "INSERT INTO unknown_payout (end_to_end_id, status, bank_reference, reported_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (end_to_end_id) DO NOTHING",
        vec![
            Column::Text(said.iter().map(|one| one.end_to_end_id.clone()).collect()),
            Column::Text(said.iter().map(|one| one.status.code().to_owned()).collect()),
            Column::Text(said.iter().map(|one| one.bank_reference.clone()).collect()),
            Column::At(vec![At(now); said.len()]),
        ],
    )
    .await
}
