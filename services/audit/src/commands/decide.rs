//! What a person decides about a finding, with a record of it.

use super::{Notice, sequence::Writer};
use crate::{
    domain::decision::{Decided, Finding, NotDecided, Step, Verdict},
    store::{
        self,
        lease::{SEQUENCER, SEQUENCER_ID},
    },
};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use std::sync::Arc;

/// Decides about a finding.
pub(crate) struct Decide {
    /// Who writes.
    pub(crate) writer: Arc<Writer>,
    /// Its number.
    pub(crate) finding: i64,
    /// What is asked for.
    pub(crate) verdict: Verdict,
    /// By whom, why and when.
    pub(crate) decided: Decided,
    /// The same person as records name him.
    pub(crate) actor: Actor,
}

impl Command for Decide {
    const NAME: &'static str = "audit.decide";
    type Output = Result<Finding, NotDecided>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&SEQUENCER, SEQUENCER_ID)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Result<Finding, NotDecided>, Fault> {
        let Some(mut finding) = store::finding::load(tx, self.finding).await? else {
            return Ok(Err(NotDecided::NoSuchFinding));
        };
        let step = match finding.decide(self.verdict, &self.decided.person) {
            Ok(step) => step,
            Err(refused) => return Ok(Err(refused)),
        };
        if step == Step::Said {
            return Ok(Ok(finding));
        }
        if self.verdict == Verdict::Acknowledge && store::finding::frozen(tx).await? {
            return Ok(Err(NotDecided::Frozen));
        }
        let settles = step == Step::Settles;
        if settles && !self.writer.may_write(tx).await? {
            return Ok(Err(NotDecided::Elsewhere));
        }
        store::finding::add_decision(tx, self.finding, &self.decided).await?;
        finding.decisions.push(self.decided.clone());
        if settles {
            // Over damage that is still there this fails, and takes the decision with it: a log that does not give its head's
            // root cannot go on, whoever says so.
            let notice = Notice::settled(&finding, self.verdict, self.actor.clone());
            self.writer.say(vec![notice], self.decided.at, tx).await?;
        }
        Ok(Ok(finding))
    }
}
