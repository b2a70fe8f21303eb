//! Every write of the service, one file each: lock and load, decide, save, and say what is owed, in one transaction.

mod activate_program;
mod change_tiers;
mod create_program;
mod erase;
mod erasure_course;
mod expire_referrals;
mod fact_statements;
mod greet;
mod ingest_facts;
mod issue_code;
mod look;
mod purge_suppressions;
mod purge_unmatched;
mod register_referral;
mod submit_program;

pub(crate) use activate_program::ActivateProgram;
pub(crate) use change_tiers::{ChangeTiers, Says, TierMessage};
pub(crate) use create_program::CreateProgram;
pub(crate) use erase::{ConfirmErasure, EndRunOut, ProposeErasure, about};
pub(crate) use erasure_course::{AdvanceErasure, FinishErasure, ForgetAgain, Happened};
pub(crate) use expire_referrals::ExpireReferrals;
pub(crate) use greet::Greet;
pub(crate) use ingest_facts::{FactAnswer, Incoming, IngestFacts};
pub(crate) use issue_code::IssueCode;
pub(crate) use look::Look;
pub(crate) use purge_suppressions::PurgeSuppressions;
pub(crate) use purge_unmatched::PurgeUnmatched;
pub(crate) use register_referral::RegisterReferral;
pub(crate) use submit_program::SubmitProgram;

use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Owed, Statement};
use handsel_storage::{Fault, Tx};

/// Who acts, when, and where what that owes is written down.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// Who, as audit statements say it.
    pub(crate) actor: Actor,
    /// Who, as records say it: the human, or the account where there is none.
    pub(crate) by: String,
    /// When, by the business clock.
    pub(crate) now: Timestamp,
    /// The trace of the call.
    pub(crate) traceparent: Option<String>,
    /// Where it is written down.
    pub(crate) outbox: Outbox,
}

impl Act {
    /// A statement about something that this act did; `subject` is what it was done to, and what ties the story
    /// together.
    fn statement(&self, kind: &'static str, action: &'static str, subject: String) -> Statement {
        Statement {
            kind,
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![subject.clone()],
            action,
            outcome: "success",
            reason: None,
            correlation: subject,
            amount: None,
            policy: None,
            body: serde_json::Value::Null,
        }
    }

    /// Writes down what this act owes.
    async fn owe(&self, tx: &mut Tx, owed: Vec<Owed>) -> Result<(), Fault> {
        let traced = owed.into_iter().map(|one| one.caused_by(self.traceparent.clone())).collect();
        self.outbox.owe::<handsel_outbox::Traced>(tx, self.now, traced).await
    }
}

/// The version of a program that something was decided by.
fn policy(program: &str, version: i64) -> String {
    format!("programs/{program}@{version}")
}
