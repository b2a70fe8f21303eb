//! Checkpoints as they were signed, and heads that still wait for it.

pub(crate) use crate::store::{checkpoint::Signed, head::Head};

use crate::store;
use handsel_storage::{Db, Fault};

/// The newest checkpoint; none while nothing was signed.
pub(crate) async fn newest(db: &Db) -> Result<Option<Signed>, Fault> {
    store::checkpoint::newest(&mut db.read().await?).await
}

/// The checkpoint of a size, if one was signed.
pub(crate) async fn of_size(db: &Db, size: u64) -> Result<Option<Signed>, Fault> {
    store::checkpoint::of_size(&mut db.read().await?, size).await
}

/// The newest head, if no checkpoint covers it yet.
pub(crate) async fn unsigned_head(db: &Db) -> Result<Option<Head>, Fault> {
    let mut tx = db.read().await?;
    let signed = store::checkpoint::newest(&mut tx).await?.map_or(0, |signed| signed.size);
    Ok(store::head::newest(&mut tx).await?.filter(|head| head.size > signed))
}

/// The size of the newest head; 0: the log is empty.
pub(crate) async fn newest_head(db: &Db) -> Result<u64, Fault> {
    Ok(store::head::newest(&mut db.read().await?).await?.map_or(0, |head| head.size))
}
