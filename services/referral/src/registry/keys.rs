//! Writes of the key store.

use super::store;
use crate::domain::erasure::Purpose;
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};
use uuid::Uuid;

/// A key to be kept.
#[derive(Debug)]
pub(super) struct NewKey {
    /// Whose.
    pub(super) subject: Uuid,
    /// What for.
    pub(super) purpose: Purpose,
    /// The wrapping key's id.
    pub(super) wrapping_key: String,
    /// The data key under it.
    pub(super) wrapped: Vec<u8>,
    /// When it was made, by the system's clock.
    pub(super) made_at: Timestamp,
}

/// Keeps new keys.
#[derive(Debug)]
pub(super) struct KeepKeys(pub(super) Vec<NewKey>);

impl Command for KeepKeys {
    const NAME: &'static str = "registry.keep_keys";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::insert(tx, &self.0).await
    }
}

/// Keeps the keys of subjects on record, forgets those of the others.
#[derive(Debug)]
pub(super) struct Settle {
    /// Subjects on record.
    pub(super) on_record: Vec<Uuid>,
    /// Subjects that never were recorded.
    pub(super) unknown: Vec<Uuid>,
}

impl Command for Settle {
    const NAME: &'static str = "registry.settle_keys";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::bind(tx, self.on_record.clone()).await?;
        store::forget(tx, self.unknown.clone()).await
    }
}

/// Destroys keys for ever, those that were never made as well: they never will be. How many tombstones of this erasure there
/// are then. Done again, it changes nothing.
#[derive(Debug)]
pub(super) struct Destroy {
    /// By which erasure.
    pub(super) erasure: Uuid,
    /// Whose.
    pub(super) subjects: Vec<Uuid>,
    /// What for.
    pub(super) purposes: Vec<Purpose>,
    /// When, by the system's clock.
    pub(super) at: Timestamp,
}

impl Command for Destroy {
    const NAME: &'static str = "registry.destroy_keys";
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, Fault> {
        store::shred_freed_pages(tx).await?;
        store::destroy(tx, self).await
    }
}
