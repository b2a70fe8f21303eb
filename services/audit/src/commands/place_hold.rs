//! An officer places a hold. One on payments is owed to the reward service in the same transaction.

use super::Act;
use crate::{
    domain::{
        act::body_of_hold,
        hold::{self, Hold, Scope, State, Stop},
        refused::Refused,
    },
    store,
};
use handsel_outbox::{Outbox, Owed};
use handsel_proto::handsel::reward::v1::{self as reward, deliver_request};
use handsel_storage::{Command, Fault, Lock, Tx};
use uuid::Uuid;

/// The service that is told of holds on payments.
pub(crate) const REWARD: &str = "reward";

/// Places a hold.
pub(crate) struct PlaceHold {
    pub(crate) act: Act,
    pub(crate) outbox: Outbox,
    pub(crate) id: Uuid,
    pub(crate) case: Option<Uuid>,
    pub(crate) scope: Scope,
    pub(crate) reason: String,
}

impl Command for PlaceHold {
    const NAME: &'static str = "audit.place_hold";
    type Output = Result<String, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Err(refused) = self.case_is_open(tx).await? {
            return Ok(Err(refused));
        }
        let Self { act, id, case, scope, reason, .. } = self;
        let stop = if scope.stops_payments() { Stop::Owed } else { Stop::Unasked };
        let (id, case, scope) = (*id, *case, scope.clone());
        let mut hold =
            Hold { id, case, scope, reason: reason.clone(), placed: act.step(), index: 0, state: State::Active, stop };
        let token = hold.scope.token(|name| act.writer.pseudonyms.name(name));
        let body = body_of_hold(&hold, token.as_deref());
        let notice = act.notice(("hold.placed", "hold"), subjects(&hold), Some(reason.clone()), body);
        hold.index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::hold::insert(tx, &hold, token).await?;
        if hold.scope.stops_payments() {
            self.outbox.owe(tx, act.now, vec![placed(&hold)?]).await?;
        }
        Ok(Ok(hold.name()))
    }
}

impl PlaceHold {
    async fn case_is_open(&self, tx: &mut Tx) -> Result<Result<(), Refused>, Fault> {
        let Some(id) = self.case else { return Ok(Ok(())) };
        let case = store::case::load(tx, id).await?;
        Ok(case.ok_or_else(|| Refused::NotFound(format!("cases/{id}"))).and_then(|case| case.hold()))
    }
}

/// What a record of a hold names.
pub(super) fn subjects(hold: &Hold) -> Vec<String> {
    // What is a pseudonym already has none.
    let scope = hold.scope.subject().is_none_or(|name| !hold::is_token(name)).then(|| hold.scope.described());
    let case = hold.case.map(|case| format!("cases/{case}"));
    [Some(hold.name()), scope, case].into_iter().flatten().collect()
}

fn placed(hold: &Hold) -> Result<Owed, Fault> {
    let said = reward::HoldPlaced {
        hold: hold.name(),
        target: hold.scope.described(),
        reason: hold.reason.clone(),
        placed_by: hold.placed.by.clone(),
    };
    message(hold, deliver_request::message::Content::HoldPlaced(said))
}

/// A message about a hold. What is said of one hold arrives in its order.
pub(super) fn message(hold: &Hold, content: deliver_request::message::Content) -> Result<Owed, Fault> {
    let message = deliver_request::Message { sequence: 0, traceparent: String::new(), content: Some(content) };
    Owed::message(REWARD, hold.name(), &message)
}
