//! Files of the bank's: each once, and what they say that we do not.

use super::{corrupt, difference::ResolutionRow, money};
use crate::domain::{
    channel::Channel,
    difference::{Place, Resolution, Standing},
    outcome::Status,
    reconciliation::{Known, Said},
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Db, Fault, Tx, row, text_enum};
use std::collections::HashMap;
use uuid::Uuid;

/// Which message a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    StatusReport,
    Statement,
}

text_enum! { for Kind { StatusReport = "STATUS_REPORT", Statement = "STATEMENT" } }

row! {
    pub(crate) struct BankFileRow {
        pub id: Uuid,
        pub kind: Kind,
        pub message_id: String,
        pub sha256: String,
        pub state: String,
        pub said: i64,
        pub applied: i64,
        pub duplicates: i64,
        pub ignored: i64,
        pub imported_by: String,
        pub imported_at: At,
    }
    pub(crate) struct KnownRow {
        pub end_to_end_id: String,
        pub currency: String,
        pub amount_minor: i64,
        pub channel: String,
        pub file_number: Option<i64>,
        pub status: String,
        pub returned_as: Option<String>,
    }
    pub(crate) struct DifferenceRow {
        pub bank_file_id: Uuid,
        pub position: i64,
        pub end_to_end_id: String,
        pub reason: String,
        pub said: String,
        pub currency: Option<String>,
        pub amount_minor: Option<i64>,
        pub expected_currency: Option<String>,
        pub expected_minor: Option<i64>,
        pub bank_reference: String,
        pub recorded_at: At,
        pub resolution_id: Option<Uuid>,
        pub number: Option<i64>,
        pub code: Option<String>,
        pub note: Option<String>,
        pub proposed_by: Option<String>,
        pub proposer_account: Option<String>,
        pub proposed_at: Option<At>,
        pub confirmed_by: Option<String>,
        pub confirmed_at: Option<At>,
    }
    pub(crate) struct ReturnRow {
        pub end_to_end_id: String,
        pub bank_reference: String,
    }
    pub(crate) struct CountRow {
        pub count: i64,
    }
}

impl BankFileRow {
    /// Whether all of it was applied.
    pub(crate) fn is_applied(&self) -> bool {
        self.state == "APPLIED"
    }
}

/// What was counted while a file was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) said: i64,
    pub(crate) applied: i64,
    pub(crate) duplicates: i64,
    pub(crate) ignored: i64,
}

impl Counts {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            said: self.said.saturating_add(other.said),
            applied: self.applied.saturating_add(other.applied),
            duplicates: self.duplicates.saturating_add(other.duplicates),
            ignored: self.ignored.saturating_add(other.ignored),
        }
    }
}

/// The files of this digest or of this kind and id: at most two.
pub(crate) async fn known(tx: &mut Tx, kind: Kind, message_id: &str, sha256: &str) -> Result<Vec<BankFileRow>, Fault> {
    tx.all(
        "SELECT id, kind, message_id, sha256, state, said, applied, duplicates, ignored, imported_by, imported_at
         FROM bank_file WHERE sha256 = $3 OR (kind = $1 AND message_id = $2)",
        (kind, message_id.to_owned(), sha256.to_owned()),
    )
    .await
}

/// A file that is about to be applied.
pub(crate) struct New<'a> {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) message_id: &'a str,
    pub(crate) sha256: &'a str,
    pub(crate) order: Option<i64>,
    pub(crate) by: &'a str,
}

/// Adds a file that is about to be applied; contention where another call has.
pub(crate) async fn insert(tx: &mut Tx, new: New<'_>, now: Timestamp) -> Result<(), Fault> {
    let New { id, kind, message_id, sha256, order, by } = new;
    tx.exec_one(
        "INSERT INTO bank_file (id, kind, message_id, sha256, state, file_number, imported_by, imported_at)
         VALUES ($1, $2, $3, $4, 'APPLYING', $5, $6, $7) ON CONFLICT DO NOTHING",
        (id, kind, message_id.to_owned(), sha256.to_owned(), order, by.to_owned(), At(now)),
    )
    .await
}

/// All of a file was applied: false if that was known.
pub(crate) async fn applied(tx: &mut Tx, id: Uuid, counts: Counts) -> Result<bool, Fault> {
    let changed = tx
        .exec(
            "UPDATE bank_file SET state = 'APPLIED', said = $2, applied = $3, duplicates = $4, ignored = $5
             WHERE id = $1 AND state = 'APPLYING'",
            (id, counts.said, counts.applied, counts.duplicates, counts.ignored),
        )
        .await?;
    Ok(changed == 1)
}

/// One file.
pub(crate) async fn one(db: &Db, id: Uuid) -> Result<Option<BankFileRow>, Fault> {
    db.opt(
        "SELECT id, kind, message_id, sha256, state, said, applied, duplicates, ignored, imported_by, imported_at
         FROM bank_file WHERE id = $1",
        (id,),
    )
    .await
}

/// What we know of these attempts; those that nobody made are absent.
pub(crate) async fn attempts(tx: &mut Tx, ids: Vec<String>) -> Result<HashMap<String, Known>, Fault> {
    let rows: Vec<KnownRow> = tx
        .all_by(
            "SELECT a.end_to_end_id, r.currency, COALESCE(e.amount_minor, r.net_minor) AS amount_minor, a.channel,
                    e.file_number, a.status, f.bank_reference AS returned_as
             FROM attempt a JOIN reward r ON r.id = a.reward_id
             LEFT JOIN payment_file_entry e ON e.end_to_end_id = a.end_to_end_id
             LEFT JOIN file_return f ON f.end_to_end_id = a.end_to_end_id
             WHERE a.end_to_end_id = ANY($1)",
            "SELECT a.end_to_end_id, r.currency, COALESCE(e.amount_minor, r.net_minor) AS amount_minor, a.channel,
                    e.file_number, a.status, f.bank_reference AS returned_as
             FROM attempt a JOIN reward r ON r.id = a.reward_id
             LEFT JOIN payment_file_entry e ON e.end_to_end_id = a.end_to_end_id
             LEFT JOIN file_return f ON f.end_to_end_id = a.end_to_end_id
             WHERE a.end_to_end_id = $1",
            Column::Text(ids),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let amount = money(&row.currency, row.amount_minor)?;
            let known = Known {
                amount,
                channel: Channel::from_code(&row.channel),
                file: row.file_number,
                status: Status::from_code(&row.status).ok_or_else(|| corrupt("attempt.status", &row.status))?,
                returned_as: row.returned_as,
            };
            Ok((row.end_to_end_id, known))
        })
        .collect()
}

/// Keeps under which references of the bank's payouts came back: of each the first that is said; contention where another call kept
/// another since they were read.
pub(crate) async fn keep_returns(tx: &mut Tx, file: Uuid, returned: &[&Said]) -> Result<(), Fault> {
    let (mut ids, mut references, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for said in returned {
        if let (Some(id), Some(reference)) = (&said.end_to_end_id, &said.bank_reference)
            && !reference.is_empty()
        {
            ids.push(id.clone());
            references.push(reference.clone());
            positions.push(said.position);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let files = vec![file; ids.len()];
    tx.bulk(
        "INSERT INTO file_return (end_to_end_id, bank_reference, bank_file_id, position)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::uuid[], $4::bigint[]) ON CONFLICT (end_to_end_id) DO NOTHING",
        "INSERT INTO file_return (end_to_end_id, bank_reference, bank_file_id, position) VALUES ($1, $2, $3, $4)
         ON CONFLICT (end_to_end_id) DO NOTHING",
        vec![Column::Text(ids.clone()), Column::Text(references.clone()), Column::Uuid(files), Column::Int(positions)],
    )
    .await?;
    let kept: Vec<ReturnRow> = tx
        .all_by(
            "SELECT end_to_end_id, bank_reference FROM file_return WHERE end_to_end_id = ANY($1)",
            "SELECT end_to_end_id, bank_reference FROM file_return WHERE end_to_end_id = $1",
            Column::Text(ids.clone()),
        )
        .await?;
    let kept: HashMap<String, String> = kept.into_iter().map(|row| (row.end_to_end_id, row.bank_reference)).collect();
    let all_kept = ids.iter().zip(&references).all(|(id, reference)| kept.get(id) == Some(reference));
    if all_kept { Ok(()) } else { Err(Fault::Contention) }
}

/// What the bank says and we do not, and what we know of it.
pub(crate) struct Found {
    pub(crate) said: Said,
    pub(crate) reason: &'static str,
    pub(crate) expected: Option<Money>,
}

/// Keeps differences; those of a place in a file are kept once.
pub(crate) async fn keep_differences(tx: &mut Tx, file: Uuid, found: &[Found], now: Timestamp) -> Result<(), Fault> {
    for one in found {
        let (said, expected) = (&one.said, one.expected);
        tx.exec(
            "INSERT INTO file_difference (bank_file_id, position, end_to_end_id, reason, said, currency, amount_minor,
                                          expected_currency, expected_minor, bank_reference, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
            (
                file,
                said.position,
                said.end_to_end_id.clone().unwrap_or_default(),
                one.reason,
                said.words.clone(),
                said.amount.map(|amount| amount.currency().code().to_owned()),
                said.amount.map(Money::minor),
                expected.map(|amount| amount.currency().code().to_owned()),
                expected.map(Money::minor),
                said.bank_reference.clone().unwrap_or_default(),
                At(now),
            ),
        )
        .await?;
    }
    Ok(())
}

/// A difference as it is read.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) end_to_end_id: String,
    pub(crate) reason: String,
    pub(crate) said: String,
    pub(crate) amount: Option<Money>,
    pub(crate) expected: Option<Money>,
    pub(crate) bank_reference: String,
    pub(crate) recorded_at: Timestamp,
    /// What people have said last of it.
    pub(crate) resolution: Option<Resolution>,
}

impl DifferenceRow {
    fn restore(self) -> Result<Kept, Fault> {
        let Self { bank_file_id, position, end_to_end_id, reason, said, currency, amount_minor, .. } = self;
        let place = Place { file: bank_file_id, position };
        let said_by_people = (self.resolution_id, self.number, self.code, self.note);
        let resolution = match (said_by_people, self.proposed_by, self.proposer_account, self.proposed_at) {
            ((Some(id), Some(number), Some(code), Some(note)), Some(proposed_by), Some(proposer_account), Some(at)) => {
                let row = ResolutionRow {
                    id,
                    number,
                    code,
                    note,
                    proposed_by,
                    proposer_account,
                    proposed_at: at,
                    confirmed_by: self.confirmed_by,
                    confirmed_at: self.confirmed_at,
                };
                Some(row.restore(place)?)
            }
            _ => None,
        };
        Ok(Kept {
            place,
            end_to_end_id,
            reason,
            said,
            amount: amount(currency, amount_minor)?,
            expected: amount(self.expected_currency, self.expected_minor)?,
            bank_reference: self.bank_reference,
            recorded_at: self.recorded_at.0,
            resolution,
        })
    }
}

/// Where a page of differences ended.
pub(crate) type Position = (Timestamp, Uuid, i64);

/// A page of differences, oldest first, after a place.
pub(crate) async fn differences(
    db: &Db,
    file: Option<Uuid>,
    standing: Option<Standing>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Kept>, Fault> {
    let (at, id, position) = match after {
        Some((at, id, position)) => (Some(At(at)), Some(id), Some(position)),
        None => (None, None, None),
    };
    let standing = standing.map(|standing| standing.code().to_owned());
    let rows: Vec<DifferenceRow> = db
        .all(
            "SELECT d.bank_file_id, d.position, d.end_to_end_id, d.reason, d.said, d.currency, d.amount_minor,
                    d.expected_currency, d.expected_minor, d.bank_reference, d.recorded_at, r.id AS resolution_id,
                    r.number, r.code, r.note, r.proposed_by, r.proposer_account, r.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM file_difference d
             LEFT JOIN difference_resolution r ON r.bank_file_id = d.bank_file_id AND r.position = d.position
                  AND r.number = (SELECT MAX(n.number) FROM difference_resolution n
                                  WHERE n.bank_file_id = d.bank_file_id AND n.position = d.position)
             LEFT JOIN difference_confirmation c ON c.resolution_id = r.id
             WHERE ($1 IS NULL OR d.bank_file_id = $1)
               AND ($2 IS NULL OR (d.recorded_at, d.bank_file_id, d.position) > ($2, $3, $4))
               AND ($6 IS NULL OR $6 = CASE WHEN c.confirmed_by IS NOT NULL THEN 'RESOLVED'
                                            WHEN r.id IS NOT NULL THEN 'RESOLUTION_PROPOSED' ELSE 'OPEN' END)
             ORDER BY d.recorded_at, d.bank_file_id, d.position LIMIT $5",
            (file, at, id, position, limit, standing),
        )
        .await?;
    rows.into_iter().map(DifferenceRow::restore).collect()
}

/// One difference.
pub(crate) async fn difference(db: &Db, place: Place) -> Result<Option<Kept>, Fault> {
    let row: Option<DifferenceRow> = db
        .opt(
            "SELECT d.bank_file_id, d.position, d.end_to_end_id, d.reason, d.said, d.currency, d.amount_minor,
                    d.expected_currency, d.expected_minor, d.bank_reference, d.recorded_at, r.id AS resolution_id,
                    r.number, r.code, r.note, r.proposed_by, r.proposer_account, r.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM file_difference d
             LEFT JOIN difference_resolution r ON r.bank_file_id = d.bank_file_id AND r.position = d.position
                  AND r.number = (SELECT MAX(n.number) FROM difference_resolution n
                                  WHERE n.bank_file_id = d.bank_file_id AND n.position = d.position)
             LEFT JOIN difference_confirmation c ON c.resolution_id = r.id
             WHERE d.bank_file_id = $1 AND d.position = $2",
            (place.file, place.position),
        )
        .await?;
    row.map(DifferenceRow::restore).transpose()
}

/// How many differences a file has.
pub(crate) async fn difference_count(db: &Db, file: Uuid) -> Result<i64, Fault> {
    let row: CountRow =
        db.one("SELECT COUNT(*) AS count FROM file_difference WHERE bank_file_id = $1", (file,)).await?;
    Ok(row.count)
}

fn amount(currency: Option<String>, minor: Option<i64>) -> Result<Option<Money>, Fault> {
    match (currency, minor) {
        (Some(currency), Some(minor)) => money(&currency, minor).map(Some),
        (None, None) => Ok(None),
        (Some(half), None) => Err(corrupt("file_difference", &half)),
        (None, Some(half)) => Err(corrupt("file_difference", &half.to_string())),
    }
}
