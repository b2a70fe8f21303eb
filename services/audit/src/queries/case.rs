//! Cases, as people ask for them.

pub(crate) use crate::store::case::Which;

use crate::{
    domain::case::{Case, Entry, Item},
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};
use uuid::Uuid;

/// What was put into a case, with the text of a note.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) entry: Entry,
    /// None: it is no note, or its body is withheld or gone.
    pub(crate) note: Option<String>,
}

/// One case.
pub(crate) async fn one(db: &Db, id: Uuid) -> Result<Option<Case>, Fault> {
    store::case::load(&mut db.read().await?, id).await
}

/// A page of cases, the newest first.
pub(crate) async fn page(
    db: &Db,
    which: Which,
    before: Option<(Timestamp, Uuid)>,
    most: i64,
) -> Result<Vec<Case>, Fault> {
    store::case::page(&mut db.read().await?, which, before, most).await
}

/// A page of what was put into a case, in order.
pub(crate) async fn entries(db: &Db, case: Uuid, after: i64, most: i64) -> Result<Vec<Shown>, Fault> {
    let mut tx = db.read().await?;
    let mut shown = Vec::new();
    for entry in store::case::entries(&mut tx, case, after, most).await? {
        let note = match entry.item {
            Item::Records { .. } | Item::Finding(_) => None,
            Item::Note => {
                let index = entry.index.cast_unsigned();
                store::leaf::records(&mut tx, index, index.saturating_add(1)).await?.pop().and_then(note_of)
            }
        };
        shown.push(Shown { entry, note });
    }
    Ok(shown)
}

fn note_of(row: store::leaf::RecordRow) -> Option<String> {
    let body = row.body.filter(|_| !row.withheld)?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    body.get("note").and_then(serde_json::Value::as_str).map(str::to_owned)
}
