//! Single records.

pub(crate) use crate::store::leaf::RecordRow;

use crate::store;
use handsel_storage::{Db, Fault};

/// The record at an index, if there is one.
pub(crate) async fn at(db: &Db, index: u64) -> Result<Option<RecordRow>, Fault> {
    let mut tx = db.read().await?;
    Ok(store::leaf::records(&mut tx, index, index.saturating_add(1)).await?.pop())
}
