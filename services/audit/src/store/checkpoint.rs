//! Checkpoints: heads that were signed.

use super::{column, hash};
use crate::tlog::Hash;
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

/// A head that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    /// Leaves covered.
    pub(crate) size: u64,
    /// The root over them.
    pub(crate) root: Hash,
    /// The note, exactly as signed.
    pub(crate) note: String,
    /// When.
    pub(crate) signed_at: Timestamp,
}

row! {
    struct CheckpointRow {
        size: i64,
        root: Vec<u8>,
        note: String,
        signed_at: At,
    }
}

/// The newest checkpoint; none while nothing was signed.
pub(crate) async fn newest(tx: &mut Tx) -> Result<Option<Signed>, Fault> {
    let sql = "SELECT size, root, note, signed_at FROM checkpoint JOIN head USING (size) ORDER BY size DESC LIMIT 1";
    signed(tx.opt(sql, ()).await?)
}

/// The checkpoint of a size, if one was signed.
pub(crate) async fn of_size(tx: &mut Tx, size: u64) -> Result<Option<Signed>, Fault> {
    let sql = "SELECT size, root, note, signed_at FROM checkpoint JOIN head USING (size) WHERE size = $1";
    signed(tx.opt(sql, (column(size)?,)).await?)
}

/// Adds a checkpoint, unless another replica was first: the note would be the same.
pub(crate) async fn add(tx: &mut Tx, signed: &Signed) -> Result<(), Fault> {
    if of_size(tx, signed.size).await?.is_some() {
        return Ok(());
    }
    let sql = "INSERT INTO checkpoint (size, note, signed_at) VALUES ($1, $2, $3)";
    let row = (column(signed.size)?, signed.note.as_str(), At(signed.signed_at));
    tx.exec(sql, row).await.map_err(Fault::unique_is_race)?;
    Ok(())
}

fn signed(row: Option<CheckpointRow>) -> Result<Option<Signed>, Fault> {
    row.map(|CheckpointRow { size, root, note, signed_at }| {
        Ok(Signed { size: size.cast_unsigned(), root: hash(&root)?, note, signed_at: signed_at.0 })
    })
    .transpose()
}
