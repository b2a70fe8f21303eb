//! Files of payouts: their records, what is in them, what was left out.

use super::{attempt::Open, corrupt, money};
use crate::domain::{
    outcome::Status,
    payee::Destination,
    payment_file::{FileState, PaymentFile},
};
use handsel_money::{Currency, Money, Timestamp};
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct FileRow {
        pub number: i64,
        pub message_id: String,
        pub currency: String,
        pub execution_date: String,
        pub state: String,
        pub payouts: i64,
        pub sum_minor: i64,
        pub entered: i64,
        pub sha256: String,
        pub size_bytes: i64,
        pub requested_by: String,
        pub created_at: At,
        pub updated_at: At,
        pub placed_at: Option<At>,
    }
    pub(crate) struct NumberRow {
        pub number: i64,
    }
    pub(crate) struct EntryRow {
        pub position: i64,
        pub end_to_end_id: String,
        pub reward_id: Uuid,
        pub payee: String,
        pub payee_account: String,
        pub status: String,
        pub currency: String,
        pub amount_minor: i64,
    }
    pub(crate) struct LeftOutRow {
        pub end_to_end_id: String,
        pub reason: String,
    }
}

impl FileRow {
    fn restore(self) -> Result<PaymentFile, Fault> {
        let sum = money(&self.currency, self.sum_minor)?;
        let date = &self.execution_date;
        Ok(PaymentFile {
            number: self.number,
            message_id: self.message_id,
            execution_date: date.parse().map_err(|_| corrupt("payment_file.execution_date", date))?,
            state: FileState::from_code(&self.state).ok_or_else(|| corrupt("payment_file.state", &self.state))?,
            payouts: self.payouts,
            sum,
            entered: self.entered,
            sha256: self.sha256,
            size_bytes: self.size_bytes,
            placed_at: self.placed_at.map(|at| at.0),
            requested_by: self.requested_by,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

/// A payout in a file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) position: i64,
    pub(crate) end_to_end_id: String,
    pub(crate) reward: Uuid,
    pub(crate) destination: Destination,
    /// What the bank, or two people, have said of it.
    pub(crate) status: Status,
    pub(crate) amount: Money,
}

/// A payout that did not enter, and why.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) end_to_end_id: String,
    pub(crate) reason: String,
}

/// The file of this currency that was begun and is neither written nor withdrawn, locked.
pub(crate) async fn unfinished(tx: &mut Tx, currency: Currency) -> Result<Option<PaymentFile>, Fault> {
    let sql = tx.pick(
        "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                requested_by, created_at, updated_at, placed_at
         FROM payment_file WHERE currency = $1 AND state NOT IN ('WRITTEN', 'WITHDRAWN') FOR UPDATE",
        "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                requested_by, created_at, updated_at, placed_at
         FROM payment_file WHERE currency = $1 AND state NOT IN ('WRITTEN', 'WITHDRAWN')",
    );
    let row: Option<FileRow> = tx.opt(sql, (currency.code(),)).await?;
    row.map(FileRow::restore).transpose()
}

/// The number after the last.
pub(crate) async fn next_number(tx: &mut Tx) -> Result<i64, Fault> {
    let row: NumberRow = tx.one("SELECT COALESCE(MAX(number), 0) + 1 AS number FROM payment_file", ()).await?;
    Ok(row.number)
}

/// Adds a file; contention where another has taken its number.
pub(crate) async fn insert(tx: &mut Tx, file: &PaymentFile) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO payment_file (number, message_id, currency, execution_date, state, payouts, sum_minor, entered,
                                   requested_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        (
            file.number,
            file.message_id.clone(),
            file.sum.currency().code(),
            file.execution_date.to_string(),
            file.state.code(),
            file.payouts,
            file.sum.minor(),
            file.entered,
            file.requested_by.clone(),
            At(file.created_at),
            At(file.updated_at),
        ),
    )
    .await
}

/// One file, locked.
pub(crate) async fn lock(tx: &mut Tx, number: i64) -> Result<Option<PaymentFile>, Fault> {
    let sql = tx.pick(
        "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                requested_by, created_at, updated_at, placed_at
         FROM payment_file WHERE number = $1 FOR UPDATE",
        "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                requested_by, created_at, updated_at, placed_at
         FROM payment_file WHERE number = $1",
    );
    let row: Option<FileRow> = tx.opt(sql, (number,)).await?;
    row.map(FileRow::restore).transpose()
}

/// Saves a file that is locked.
pub(crate) async fn save(tx: &mut Tx, file: &PaymentFile) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE payment_file SET state = $2, payouts = $3, sum_minor = $4, entered = $5, sha256 = $6, size_bytes = $7,
                                 updated_at = $8, placed_at = $9
         WHERE number = $1",
        (
            file.number,
            file.state.code(),
            file.payouts,
            file.sum.minor(),
            file.entered,
            file.sha256.clone(),
            file.size_bytes,
            At(file.updated_at),
            file.placed_at.map(At),
        ),
    )
    .await
}

/// One file.
pub(crate) async fn one(db: &Db, number: i64) -> Result<Option<PaymentFile>, Fault> {
    let row: Option<FileRow> = db
        .opt(
            "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                    requested_by, created_at, updated_at, placed_at
             FROM payment_file WHERE number = $1",
            (number,),
        )
        .await?;
    row.map(FileRow::restore).transpose()
}

/// The file of this message.
pub(crate) async fn by_message(tx: &mut Tx, message_id: &str) -> Result<Option<PaymentFile>, Fault> {
    let row: Option<FileRow> = tx
        .opt(
            "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                    requested_by, created_at, updated_at, placed_at
             FROM payment_file WHERE message_id = $1",
            (message_id.to_owned(),),
        )
        .await?;
    row.map(FileRow::restore).transpose()
}

/// A page of files, newest first, before a number.
pub(crate) async fn page(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<PaymentFile>, Fault> {
    let rows: Vec<FileRow> = db
        .all(
            "SELECT number, message_id, currency, execution_date, state, payouts, sum_minor, entered, sha256, size_bytes,
                    requested_by, created_at, updated_at, placed_at
             FROM payment_file WHERE number < $1 ORDER BY number DESC LIMIT $2",
            (before.unwrap_or(i64::MAX), limit),
        )
        .await?;
    rows.into_iter().map(FileRow::restore).collect()
}

/// Adds payouts to a file, from a position on.
pub(crate) async fn enter(tx: &mut Tx, number: i64, after: i64, entering: &[&Open]) -> Result<(), Fault> {
    if entering.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(entering.len()).map_err(|_| corrupt("payment_file_entry", "too many"))?;
    tx.bulk(
        "INSERT INTO payment_file_entry (end_to_end_id, file_number, position, amount_minor)
         SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])",
        "INSERT INTO payment_file_entry (end_to_end_id, file_number, position, amount_minor) VALUES ($1, $2, $3, $4)",
        vec![
            Column::Text(entering.iter().map(|one| one.end_to_end_id.clone()).collect()),
            Column::Int(vec![number; entering.len()]),
            Column::Int((after.saturating_add(1)..=after.saturating_add(count)).collect()),
            Column::Int(entering.iter().map(|one| one.amount.minor()).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Takes payouts out of a file that is not sealed: it never left, and neither have they. One that ended all the same is one that left:
/// it never waits again.
pub(crate) async fn take_out(tx: &mut Tx, ids: Vec<String>) -> Result<(), Fault> {
    let count = ids.len();
    let taken = tx
        .bulk(
            "DELETE FROM payment_file_entry WHERE end_to_end_id = ANY($1)",
            "DELETE FROM payment_file_entry WHERE end_to_end_id = $1",
            vec![Column::Text(ids.clone())],
        )
        .await?;
    tx.bulk(
        "UPDATE attempt SET first_sent_at = NULL, channel = ''
         WHERE end_to_end_id = ANY($1) AND channel = 'FILE' AND status IN ('UNKNOWN', 'ACCEPTED')",
        "UPDATE attempt SET first_sent_at = NULL, channel = ''
         WHERE end_to_end_id = $1 AND channel = 'FILE' AND status IN ('UNKNOWN', 'ACCEPTED')",
        vec![Column::Text(ids)],
    )
    .await?;
    if usize::try_from(taken) == Ok(count) { Ok(()) } else { Err(Fault::Contention) }
}

/// Keeps why payouts did not enter; one is kept once a file.
pub(crate) async fn keep_left_out(tx: &mut Tx, number: i64, left: &[LeftOut], now: Timestamp) -> Result<(), Fault> {
    if left.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO payment_file_left_out (file_number, end_to_end_id, reason, recorded_at)
         SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) ON CONFLICT DO NOTHING",
        "INSERT INTO payment_file_left_out (file_number, end_to_end_id, reason, recorded_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        vec![
            Column::Int(vec![number; left.len()]),
            Column::Text(left.iter().map(|one| one.end_to_end_id.clone()).collect()),
            Column::Text(left.iter().map(|one| one.reason.clone()).collect()),
            Column::At(vec![At(now); left.len()]),
        ],
    )
    .await?;
    Ok(())
}

/// A run of what is in a file, in its order, after a position.
pub(crate) async fn entries(db: &Db, number: i64, after: i64, limit: i64) -> Result<Vec<Entry>, Fault> {
    let rows: Vec<EntryRow> = db
        .all(
            "SELECT e.position, e.end_to_end_id, a.reward_id, r.beneficiary AS payee,
                    COALESCE((SELECT p.account_reference FROM payee p WHERE p.reward_id = a.reward_id
                              ORDER BY p.number DESC LIMIT 1), '') AS payee_account,
                    a.status, r.currency, e.amount_minor
             FROM payment_file_entry e
             JOIN attempt a ON a.end_to_end_id = e.end_to_end_id
             JOIN reward r ON r.id = a.reward_id
             WHERE e.file_number = $1 AND e.position > $2 ORDER BY e.position LIMIT $3",
            (number, after, limit),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let amount = money(&row.currency, row.amount_minor)?;
            let EntryRow { position, end_to_end_id, reward_id, payee, payee_account, status, .. } = row;
            Ok(Entry {
                position,
                end_to_end_id,
                reward: reward_id,
                destination: Destination { payee, account_reference: payee_account },
                status: Status::from_code(&status).ok_or_else(|| corrupt("attempt.status", &status))?,
                amount,
            })
        })
        .collect()
}

/// How many of a file's payouts are paid or refused.
pub(crate) async fn ended(tx: &mut Tx, number: i64) -> Result<i64, Fault> {
    let row: NumberRow = tx
        .one(
            "SELECT COUNT(*) AS number FROM payment_file_entry e JOIN attempt a ON a.end_to_end_id = e.end_to_end_id
             WHERE e.file_number = $1 AND a.status NOT IN ('UNKNOWN', 'ACCEPTED')",
            (number,),
        )
        .await?;
    Ok(row.number)
}

/// Whether the bank has reported on a file: it has it, wherever that lies.
pub(crate) async fn is_reported(db: &Db, number: i64) -> Result<bool, Fault> {
    let row: NumberRow = db.one("SELECT COUNT(*) AS number FROM bank_file WHERE file_number = $1", (number,)).await?;
    Ok(row.number > 0)
}

/// How many did not enter a file and are in none since.
pub(crate) async fn left_out_count(db: &Db, number: i64) -> Result<i64, Fault> {
    let row: NumberRow =
        db.one("SELECT COUNT(*) AS number FROM payment_file_left_out WHERE file_number = $1", (number,)).await?;
    Ok(row.number)
}

/// What did not enter a file, by its id.
pub(crate) async fn left_out(db: &Db, number: i64, limit: i64) -> Result<Vec<LeftOut>, Fault> {
    let rows: Vec<LeftOutRow> = db
        .all(
            "SELECT end_to_end_id, reason FROM payment_file_left_out WHERE file_number = $1 ORDER BY end_to_end_id LIMIT $2",
            (number, limit),
        )
        .await?;
    Ok(rows.into_iter().map(|LeftOutRow { end_to_end_id, reason }| LeftOut { end_to_end_id, reason }).collect())
}

/// Whether an attempt stands in a file that the bank does not have yet; nobody moves it into one or out of one until this transaction
/// ends.
pub(crate) async fn is_about_to_leave(tx: &mut Tx, end_to_end_id: &str) -> Result<bool, Fault> {
    let sql = tx.pick(
        "SELECT number FROM attempt WHERE end_to_end_id = $1 FOR UPDATE",
        "SELECT number FROM attempt WHERE end_to_end_id = $1",
    );
    let _locked: Option<(i64,)> = tx.opt(sql, (end_to_end_id.to_owned(),)).await?;
    let found: Option<(i64,)> = tx
        .opt(
            "SELECT f.number FROM payment_file_entry e JOIN payment_file f ON f.number = e.file_number
             WHERE e.end_to_end_id = $1 AND f.state NOT IN ('WRITTEN', 'WITHDRAWN')",
            (end_to_end_id.to_owned(),),
        )
        .await?;
    Ok(found.is_some())
}
