//! What an officer's acts share: who acts, and a record of it that lies in the log before anything else is written.

use super::{Notice, sealed, sequence::Writer};
use crate::{
    domain::{admission::Refusal, hold::Step, refused::Refused},
    store::lease::{SEQUENCER, SEQUENCER_ID},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Fault, Lock, Tx};
use std::sync::Arc;
use uuid::Uuid;

/// Who acts, and what the record of it needs.
pub(crate) struct Act {
    /// Who writes.
    pub(crate) writer: Arc<Writer>,
    /// Who acts, as records name him.
    pub(crate) actor: Actor,
    /// The same, as a case or a hold names him.
    pub(crate) by: String,
    /// The record's id.
    pub(crate) statement_id: Uuid,
    /// The salt in the digest of its body.
    pub(crate) salt: [u8; 32],
    /// When.
    pub(crate) now: Timestamp,
}

impl Act {
    /// The person's step.
    pub(super) fn step(&self) -> Step {
        Step { by: self.by.clone(), at: self.now }
    }

    /// The lock under which records are added.
    pub(super) fn lock() -> Lock {
        Lock::new(&SEQUENCER, SEQUENCER_ID)
    }

    /// Leaves the record of it; where it lies.
    ///
    /// # Errors
    /// The inner one is [`Refused::Log`]: nothing was written, and nothing may be.
    pub(super) async fn record(&self, notice: Notice, tx: &mut Tx) -> Result<Result<i64, Refused>, Fault> {
        Ok(self.record_taken(notice, tx).await?.map_err(Refused::Log))
    }

    /// The same, refused as the log refuses.
    pub(super) async fn record_taken(&self, notice: Notice, tx: &mut Tx) -> Result<Result<i64, Refusal>, Fault> {
        let sealed = sealed(notice, self.statement_id, self.salt, self.now, &self.writer.pseudonyms)?;
        let recorded = self.writer.record(&[sealed], self.now, tx).await?;
        Ok(recorded.map(|indexes| indexes.first().copied().unwrap_or_default()))
    }

    /// A notice of it. `subjects` begins with what it is done to.
    pub(super) fn notice(
        &self,
        (kind, action): (&'static str, &'static str),
        subjects: Vec<String>,
        reason: Option<String>,
        body: serde_json::Value,
    ) -> Notice {
        let correlation = subjects.first().cloned().unwrap_or_default();
        let actor = self.actor.clone();
        Notice { kind, action, actor, subjects, outcome: "success", reason, correlation, body }
    }
}
