//! Reads of codes.

use crate::{
    domain::code::{Code, CodeText},
    store,
};
use handsel_storage::{Db, Fault};

/// One code.
pub(crate) async fn get(db: &Db, text: &CodeText) -> Result<Option<Code>, Fault> {
    store::code::get(&mut db.read().await?, text).await
}
