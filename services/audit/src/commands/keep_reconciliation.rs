//! Keeping what came of a comparison: a record of it, and a finding where both sides do not say the same.

use super::{Act, report::keep};
use crate::{
    domain::{admission::Refusal, violation::Violation},
    store::{
        self,
        reconciliation::{Outcome, Reconciled},
    },
};
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// Keeps it.
pub(crate) struct KeepReconciliation {
    pub(crate) act: Act,
    pub(crate) id: Uuid,
    pub(crate) source: &'static str,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Empty: nobody asked, it was due.
    pub(crate) asked_by: String,
    /// Count and sum of the ledger, and of the log, in words.
    pub(crate) ledger: String,
    pub(crate) log: String,
    /// Transfers that differ, the first of them.
    pub(crate) differ: Vec<String>,
    /// How many differ.
    pub(crate) differences: usize,
}

/// Where it lies, and the finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) index: i64,
    pub(crate) finding: Option<i64>,
}

impl Command for KeepReconciliation {
    const NAME: &'static str = "audit.reconcile";
    type Output = Result<Kept, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, id, source, from, to, asked_by, ledger, log, differ, differences } = self;
        let different = *differences > 0;
        let asked = if asked_by.is_empty() { "due" } else { "asked for" };
        let body = json!({
            "from": from.to_string(), "to": to.to_string(), "ledger": ledger, "log": log,
            "differences": differences.to_string(), "transfers": differ, "why": asked,
        });
        let subjects = vec![format!("sources/{source}"), format!("reconciliations/{id}")];
        let reason = different.then(|| "LEDGER_MISMATCH".to_owned());
        let mut notice = act.notice(("audit.reconciled", "reconcile"), subjects, reason, body);
        notice.outcome = if different { "failure" } else { "success" };
        let index = match act.record_taken(notice, tx).await? {
            Ok(index) => index,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let finding =
            if different { keep(tx, &act.writer, &[self.violation()], act.now).await?.first().copied() } else { None };
        let outcome = if different { Outcome::Different } else { Outcome::Matched };
        let (from, to, asked_by, at) = (*from, *to, asked_by.clone(), act.now);
        let reconciled = Reconciled { id: *id, source, from, to, outcome, asked_by, finding, at, index };
        store::reconciliation::insert(tx, &reconciled).await?;
        Ok(Ok(Kept { index, finding }))
    }
}

impl KeepReconciliation {
    /// The ledger is what the log is held to: it is double-entry, and the bank's own.
    fn violation(&self) -> Violation {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        Violation::of_ledger(
            (self.source, &from, &to),
            &self.ledger,
            &self.log,
            self.differ.first().map(String::as_str),
        )
    }
}
