//! What the log says itself: statements of its own source, sealed like everybody's.

use crate::domain::{
    admission::{OWN_SOURCE, Presented, Unfit},
    decision::{Finding, Verdict},
    said,
    violation::Violation,
};
use crate::tlog::VerifierKey;
use handsel_money::Timestamp;
use handsel_outbox::{
    Actor, Pseudonyms, Statement,
    statement::{self, Circumstances, Sealed},
};
use handsel_storage::{Fault, TextEnum as _};
use uuid::Uuid;

/// Under this namespace, ids of notices about what came in are made of what they are about: the same notice has the same id on
/// every engine and in every attempt.
const NAMESPACE: Uuid = Uuid::from_u128(0x9d4c_6b7e_52a1_4f08_8c3d_1e5b_7a90_42f6);
/// The record by which one key names the next.
const KEY_ROTATE: &str = "key.rotate";
/// Who acts when nobody called.
const SEQUENCER: &str = "audit/sequencer";

/// Something the log says.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// What kind of fact, e.g. `audit.heartbeat`.
    pub(crate) kind: &'static str,
    /// A verb.
    pub(crate) action: &'static str,
    /// By whom.
    pub(crate) actor: Actor,
    /// What it is about.
    pub(crate) subjects: Vec<String>,
    /// What became of it.
    pub(crate) outcome: &'static str,
    /// Why, as a code.
    pub(crate) reason: Option<String>,
    /// What ties it to others.
    pub(crate) correlation: String,
    /// The details; `Null`: none.
    pub(crate) body: serde_json::Value,
}

impl Notice {
    /// That a statement's place is filled because it can never be taken.
    pub(super) fn quarantined(source: &str, given: &Presented, unfit: Unfit) -> Self {
        let reason = Some(unfit.reason().to_owned());
        Self { reason, ..Self::about(said::QUARANTINED, "quarantine", source, given) }
    }

    /// That other bytes came under a number taken before.
    pub(super) fn conflict(source: &str, given: &Presented, index: i64) -> Self {
        let mut notice = Self::about(said::CONFLICT, "append", source, given);
        notice.subjects.push(format!("records/{index}"));
        Self { reason: Some("STATEMENT_CONFLICT".to_owned()), ..notice }
    }

    /// That another key signs from now on. Whoever trusts the first learns the second from this record, under a checkpoint that both
    /// have signed.
    pub(crate) fn rotated(from: &VerifierKey, to: &VerifierKey) -> Self {
        Self {
            kind: KEY_ROTATE,
            action: "rotate",
            actor: Actor::system(SEQUENCER),
            subjects: vec![format!("keys/{from}"), format!("keys/{to}")],
            outcome: "success",
            reason: None,
            correlation: "audit".to_owned(),
            body: serde_json::Value::Null,
        }
    }

    /// That something is not as it should be. Details stand in the finding; its fingerprint ties the two together.
    pub(super) fn found(number: i64, violation: &Violation) -> Self {
        let record = violation.index.map(|index| format!("records/{index}"));
        Self {
            kind: "audit.finding",
            action: "find",
            actor: Actor::system("audit/scrubber"),
            subjects: [format!("findings/{number}")].into_iter().chain(record).collect(),
            outcome: "failure",
            reason: Some(violation.kind.text().to_owned()),
            correlation: format!("sha256:{}", violation.fingerprint()),
            body: serde_json::Value::Null,
        }
    }

    /// That a finding is settled, by whom.
    pub(super) fn settled(finding: &Finding, verdict: Verdict, actor: Actor) -> Self {
        let people = finding.decisions.iter().map(|decided| format!("staff/{}", decided.person));
        let (kind, action) = match verdict {
            Verdict::Acknowledge => ("audit.acknowledged", "acknowledge"),
            Verdict::Resume => ("audit.resumed", "resume"),
        };
        Self {
            kind,
            action,
            actor,
            subjects: [format!("findings/{}", finding.number)].into_iter().chain(people).collect(),
            outcome: "success",
            reason: Some(finding.violation.kind.text().to_owned()),
            correlation: format!("sha256:{}", finding.violation.fingerprint()),
            body: serde_json::Value::Null,
        }
    }

    /// The digest ties it to the bytes, which themselves are not kept: nobody has checked what is in them.
    fn about(kind: &'static str, action: &'static str, source: &str, given: &Presented) -> Self {
        Self {
            kind,
            action,
            actor: Actor::system(SEQUENCER),
            subjects: vec![format!("sources/{source}/statements/{}", given.sequence)],
            outcome: "refused",
            reason: None,
            correlation: format!("sha256:{}", given.digest),
            body: serde_json::Value::Null,
        }
    }

    /// Seals a notice that has no body, under an id made of what it says.
    pub(super) fn seal_bare(self, now: Timestamp, pseudonyms: &Pseudonyms) -> Result<Sealed, Fault> {
        let id = Uuid::new_v5(&NAMESPACE, format!("{} {:?} {}", self.kind, self.subjects, self.correlation).as_bytes());
        sealed(self, id, [0; 32], now, pseudonyms)
    }
}

/// Seals a notice; it only waits for its place.
///
/// # Errors
/// `Invalid` if it cannot be a statement.
pub(crate) fn sealed(
    notice: Notice,
    id: Uuid,
    salt: [u8; 32],
    now: Timestamp,
    pseudonyms: &Pseudonyms,
) -> Result<Sealed, Fault> {
    let Notice { kind, action, actor, subjects, outcome, reason, correlation, body } = notice;
    let (amount, policy) = (None, None);
    let said =
        Statement { kind, time: now, actor, subjects, action, outcome, reason, correlation, amount, policy, body };
    let around = Circumstances { id, source: OWN_SOURCE.to_owned(), traceparent: String::new(), salt };
    statement::seal(said, &around, pseudonyms).map_err(|error| Fault::Invalid(error.to_string()))
}
