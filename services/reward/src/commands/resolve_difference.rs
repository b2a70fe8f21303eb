//! Two people close a difference: one says why it is settled, another confirms it. No amount, state or account is touched.

use super::means::Means;
use crate::{
    domain::{
        difference::{self, Place, Resolution},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use uuid::Uuid;

/// A person says why a difference is settled.
pub(crate) struct ProposeDifferenceResolution {
    pub(crate) means: Means,
    pub(crate) resolution: Resolution,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ProposeDifferenceResolution {
    const NAME: &'static str = "difference.propose_resolution";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let place = self.resolution.place;
        if !store::difference::lock(tx, place).await? {
            return Ok(Err(Refusal::NotFound(place.name())));
        }
        let newest = store::difference::newest(tx, place).await?;
        let resolution = match self.resolution.clone().propose(newest.as_ref()) {
            Ok(resolution) => resolution,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::difference::insert(tx, &resolution).await?;
        let said = said("difference.resolution_proposed", "propose-resolution", &resolution, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(place.name()))
    }
}

/// Another person closes it.
pub(crate) struct ConfirmDifferenceResolution {
    pub(crate) means: Means,
    pub(crate) place: Place,
    /// The proposal as it was read.
    pub(crate) read: Uuid,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ConfirmDifferenceResolution {
    const NAME: &'static str = "difference.confirm_resolution";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let place = self.place;
        if !store::difference::lock(tx, place).await? {
            return Ok(Err(Refusal::NotFound(place.name())));
        }
        let newest = store::difference::newest(tx, place).await?;
        let closed = match difference::confirm(place, newest, self.read, &self.by, &self.actor.subject, self.now) {
            Ok(closed) => closed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::difference::confirm(tx, &closed).await?;
        let said = said("difference.resolved", "confirm-resolution", &closed, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(place.name()))
    }
}

/// What is said of a resolution. The note is people's words and stays here.
fn said(kind: &'static str, action: &'static str, resolution: &Resolution, actor: &Actor, now: Timestamp) -> Owed {
    let file = format!("bankFiles/{}", resolution.place.file);
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![file.clone()],
        action,
        outcome: "success",
        reason: Some(resolution.code.code().to_owned()),
        correlation: file,
        amount: None,
        policy: None,
        body: json!({
            "position": resolution.place.position,
            "resolution": resolution.id.to_string(),
        }),
    })
}
