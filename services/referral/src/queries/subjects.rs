//! Reads of sealed people.

use crate::store;
use handsel_storage::{Db, Fault};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which of these people are on record.
pub(crate) async fn on_record(db: &Db, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, Fault> {
    store::subject::on_record(&mut db.read().await?, ids).await
}
