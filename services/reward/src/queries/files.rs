//! Files of payouts and of the bank's: one, pages of them, what is in them, what waits for one.

use crate::{
    domain::{
        difference::{Place, Standing},
        payment_file::PaymentFile,
        withdrawal::Withdrawal,
    },
    store::{
        self,
        attempt::{Open, Sight},
        bank_file::{BankFileRow, Kept, Position},
        payment_file::{Entry, LeftOut},
    },
};
use handsel_money::{Currency, Timestamp};
use handsel_storage::{At, Db, Fault};
use uuid::Uuid;

/// How many of what was left out, and of differences, an answer about one file shows.
const SHOWN: i64 = 100;

/// What was left out of a file, and what people say of withdrawing it.
pub(crate) struct Left {
    pub(crate) count: i64,
    /// The first of them.
    pub(crate) first: Vec<LeftOut>,
    pub(crate) withdrawal: Option<Withdrawal>,
}

/// A file of the bank's, with the first of its differences.
pub(crate) struct Imported {
    pub(crate) file: BankFileRow,
    pub(crate) difference_count: i64,
    pub(crate) differences: Vec<Kept>,
}

/// One file.
pub(crate) async fn payment_file(db: &Db, number: i64) -> Result<Option<PaymentFile>, Fault> {
    store::payment_file::one(db, number).await
}

/// What was left out of a file, and what was said last of withdrawing it.
pub(crate) async fn left(db: &Db, number: i64) -> Result<Left, Fault> {
    let count = store::payment_file::left_out_count(db, number).await?;
    let withdrawal = store::withdrawal::newest(&mut db.read().await?, number).await?;
    Ok(Left { count, first: store::payment_file::left_out(db, number, SHOWN).await?, withdrawal })
}

/// A page of files, newest first, before a number.
pub(crate) async fn payment_files(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<PaymentFile>, Fault> {
    store::payment_file::page(db, before, limit).await
}

/// A run of what is in a file, in its order.
pub(crate) async fn entries(db: &Db, number: i64, after: i64, limit: i64) -> Result<Vec<Entry>, Fault> {
    store::payment_file::entries(db, number, after, limit).await
}

/// How many of a file's payouts are paid or refused.
pub(crate) async fn ended(db: &Db, number: i64) -> Result<i64, Fault> {
    store::payment_file::ended(&mut db.read().await?, number).await
}

/// Whether the bank has reported on a file of ours.
pub(crate) async fn is_reported(db: &Db, number: i64) -> Result<bool, Fault> {
    store::payment_file::is_reported(db, number).await
}

/// A run of what waits for a file, oldest first.
pub(crate) async fn waiting(
    db: &Db,
    currency: Currency,
    after: Option<(Timestamp, String)>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Open>, Fault> {
    let sight = Sight { left_by: None, not_left: true, currency: Some(currency), now };
    store::attempt::open(&mut db.read().await?, sight, after.map(|(at, id)| (At(at), id)), limit).await
}

/// One file of the bank's.
pub(crate) async fn imported(db: &Db, id: Uuid) -> Result<Option<Imported>, Fault> {
    let Some(file) = store::bank_file::one(db, id).await? else { return Ok(None) };
    let difference_count = store::bank_file::difference_count(db, id).await?;
    let differences = store::bank_file::differences(db, Some(id), None, None, SHOWN).await?;
    Ok(Some(Imported { file, difference_count, differences }))
}

/// A page of differences, oldest first, after a place.
pub(crate) async fn differences(
    db: &Db,
    file: Option<Uuid>,
    standing: Option<Standing>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Kept>, Fault> {
    store::bank_file::differences(db, file, standing, after, limit).await
}

/// One difference.
pub(crate) async fn difference(db: &Db, place: Place) -> Result<Option<Kept>, Fault> {
    store::bank_file::difference(db, place).await
}
