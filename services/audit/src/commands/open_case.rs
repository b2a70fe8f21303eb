//! An officer opens a case.

use super::Act;
use crate::{
    domain::{
        case::{Case, State},
        refused::Refused,
    },
    store,
};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::Value;
use uuid::Uuid;

/// Opens a case.
pub(crate) struct OpenCase {
    pub(crate) act: Act,
    pub(crate) id: Uuid,
    /// What it is about: a code.
    pub(crate) reason: String,
}

impl Command for OpenCase {
    const NAME: &'static str = "audit.open_case";
    type Output = Result<String, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, id, reason } = self;
        let case = Case {
            id: *id,
            reason: reason.clone(),
            opened: act.step(),
            index: 0,
            state: State::Open,
            entries: 0,
            holds: 0,
        };
        let notice = act.notice(("case.opened", "open"), vec![case.name()], Some(reason.clone()), Value::Null);
        let index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        let case = Case { index, ..case };
        store::case::insert(tx, &case).await?;
        Ok(Ok(case.name()))
    }
}
