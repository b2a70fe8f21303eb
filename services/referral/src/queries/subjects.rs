//! Reads of sealed people.

use crate::{domain::referral::Referral, registry::SealedSubject, store};
use handsel_storage::{Db, Fault};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which of these people are on record.
pub(crate) async fn on_record(db: &Db, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, Fault> {
    store::subject::on_record(&mut db.read().await?, ids).await
}

/// A referral, and its referee as he is sealed.
pub(crate) async fn of_referral(db: &Db, id: Uuid) -> Result<Option<(Referral, SealedSubject)>, Fault> {
    let mut tx = db.read().await?;
    let Some(referral) = store::referral::by_ids(&mut tx, vec![id]).await?.remove(&id) else { return Ok(None) };
    let sealed = store::subject::by_ids(&mut tx, vec![referral.subject]).await?.pop();
    Ok(sealed.map(|sealed| (referral, sealed)))
}
