//! An officer closes a case with what came of it.

use super::Act;
use crate::{
    domain::{case::State, refused::Refused},
    store,
};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::Value;
use uuid::Uuid;

/// Closes a case.
pub(crate) struct CloseCase {
    pub(crate) act: Act,
    pub(crate) case: Uuid,
    pub(crate) etag: String,
    /// What came of it: a code.
    pub(crate) outcome: String,
}

impl Command for CloseCase {
    const NAME: &'static str = "audit.close_case";
    type Output = Result<String, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, case, etag, outcome } = self;
        let Some(case) = store::case::load(tx, *case).await? else {
            return Ok(Err(Refused::NotFound(format!("cases/{case}"))));
        };
        let case = match case.close(etag, outcome.clone(), act.step()) {
            Ok(case) => case,
            Err(refused) => return Ok(Err(refused)),
        };
        let State::Closed { outcome, closed } = &case.state else {
            return Err(Fault::Invalid(format!("{} was closed and is open", case.name())));
        };
        let notice = act.notice(("case.closed", "close"), vec![case.name()], Some(outcome.clone()), Value::Null);
        let index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::case::close(tx, case.id, outcome, closed, index).await?;
        Ok(Ok(case.name()))
    }
}
