//! Two people release a hold: one proposes, another confirms, and the reward service is told where it had to know.

use super::{
    Act,
    place_hold::{message, subjects},
};
use crate::{
    domain::{
        hold::{Hold, State},
        refused::Refused,
    },
    store,
};
use handsel_outbox::{Outbox, Owed};
use handsel_proto::handsel::reward::v1::{self as reward, deliver_request::message::Content};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::Value;
use uuid::Uuid;

/// Proposes or confirms a release.
pub(crate) struct ReleaseHold {
    pub(crate) act: Act,
    pub(crate) outbox: Outbox,
    pub(crate) id: Uuid,
    pub(crate) etag: String,
}

impl Command for ReleaseHold {
    const NAME: &'static str = "audit.release_hold";
    type Output = Result<String, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, outbox, id, etag } = self;
        let Some(hold) = store::hold::load(tx, *id).await? else {
            return Ok(Err(Refused::NotFound(format!("holds/{id}"))));
        };
        let hold = match hold.release(etag, act.step()) {
            Ok(hold) => hold,
            Err(refused) => return Ok(Err(refused)),
        };
        let said = match hold.state {
            State::Released { .. } => ("hold.released", "release"),
            State::Active | State::ReleaseProposed(_) => ("hold.release_proposed", "propose-release"),
        };
        let notice = act.notice(said, subjects(&hold), Some(hold.reason.clone()), Value::Null);
        let index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::hold::add_release(tx, &hold, index).await?;
        if let Some(owed) = released(&hold)? {
            outbox.owe(tx, act.now, vec![owed]).await?;
        }
        Ok(Ok(hold.name()))
    }
}

/// What the reward service is told: nothing while one person has proposed it, and nothing of a hold on records.
fn released(hold: &Hold) -> Result<Option<Owed>, Fault> {
    let State::Released { proposed, confirmed } = &hold.state else { return Ok(None) };
    if !hold.scope.stops_payments() {
        return Ok(None);
    }
    let said =
        reward::HoldReleased { hold: hold.name(), proposed_by: proposed.by.clone(), released_by: confirmed.by.clone() };
    message(hold, Content::HoldReleased(said)).map(Some)
}
