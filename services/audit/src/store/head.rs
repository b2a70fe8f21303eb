//! Heads: the tree after each commit.

use super::{column, hash};
use crate::{domain::extension::Extension, tlog::Hash};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

/// The tree after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Leaves in it.
    pub(crate) size: u64,
    /// Its root.
    pub(crate) root: Hash,
    /// The instant of its last leaf.
    pub(crate) logged_at: Timestamp,
}

row! {
    struct HeadRow {
        size: i64,
        root: Vec<u8>,
        logged_at: At,
    }
}

/// The newest head; none while the log is empty.
pub(crate) async fn newest(tx: &mut Tx) -> Result<Option<Head>, Fault> {
    let row: Option<HeadRow> = tx.opt("SELECT size, root, logged_at FROM head ORDER BY size DESC LIMIT 1", ()).await?;
    row.map(|row| Ok(Head { size: row.size.cast_unsigned(), root: hash(&row.root)?, logged_at: row.logged_at.0 }))
        .transpose()
}

/// Adds the head that an extension leads to. The primary key refuses a second writer from the same tree.
pub(crate) async fn add(tx: &mut Tx, extension: &Extension, epoch: i64) -> Result<(), Fault> {
    let frontier = extension.frontier();
    let (size, root, logged_at) = (column(frontier.size())?, frontier.root().to_vec(), At(extension.logged_at()));
    let sql = "INSERT INTO head (size, root, epoch, logged_at) VALUES ($1, $2, $3, $4)";
    tx.exec(sql, (size, root, epoch, logged_at)).await.map_err(Fault::unique_is_race)?;
    Ok(())
}
