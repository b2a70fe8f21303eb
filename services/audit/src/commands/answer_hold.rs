//! What the reward service has answered to a hold is written down, with a record of it: from then on an officer knows that payment is
//! stopped.

use super::{
    Act, Notice,
    place_hold::{REWARD, subjects},
};
use crate::{
    domain::{
        hold::{Hold, State, Stop},
        refused::Refused,
    },
    store::{self, hold::Asked},
};
use handsel_outbox::{Answer, answers};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::Value;
use uuid::Uuid;

/// Writes down the next answer to a hold, if it has come.
pub(crate) struct AnswerHold {
    pub(crate) act: Act,
    pub(crate) id: Uuid,
}

impl Command for AnswerHold {
    const NAME: &'static str = "audit.answer_hold";
    /// Whether there was one.
    type Output = Result<bool, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(hold) = store::hold::load(tx, self.id).await? else { return Ok(Ok(false)) };
        let Some(asked) = open_question(&hold) else { return Ok(Ok(false)) };
        // The first message about a hold places it, the second releases it.
        let place = match asked {
            Asked::Placed => 0,
            Asked::Released => 1,
        };
        let answers = answers(tx, REWARD, &hold.name()).await?;
        let Some(answer) = answers.get(place) else { return Ok(Ok(false)) };
        let index = match self.act.record(self.notice(&hold, asked, answer), tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        let reason = match answer {
            Answer::Applied => "",
            Answer::Refused { reason } => reason,
        };
        store::hold::add_answer(tx, hold.id, (asked, reason), self.act.now, index).await?;
        if asked == Asked::Placed && !reason.is_empty() {
            tracing::error!(hold = hold.name(), reason, "the reward service stops no payment for this hold");
        }
        Ok(Ok(true))
    }
}

/// What the reward service was told and has not answered, as far as is written down.
fn open_question(hold: &Hold) -> Option<Asked> {
    match (&hold.stop, &hold.state) {
        (Stop::Owed, _) => Some(Asked::Placed),
        (Stop::InForce { .. } | Stop::Refused { .. }, State::Released { .. }) => Some(Asked::Released),
        (Stop::Unasked | Stop::Lifted { .. } | Stop::InForce { .. } | Stop::Refused { .. }, _) => None,
    }
}

impl AnswerHold {
    fn notice(&self, hold: &Hold, asked: Asked, answer: &Answer) -> Notice {
        let (kind, action) = match (asked, answer) {
            (Asked::Placed, Answer::Applied) => ("hold.in_force", "stop-payments"),
            (Asked::Placed, Answer::Refused { .. }) => ("hold.refused", "stop-payments"),
            (Asked::Released, _) => ("hold.lifted", "let-payments"),
        };
        let notice = self.act.notice((kind, action), subjects(hold), Some(hold.reason.clone()), Value::Null);
        match answer {
            Answer::Applied => notice,
            Answer::Refused { reason } => Notice { outcome: "refused", reason: Some(reason.clone()), ..notice },
        }
    }
}
