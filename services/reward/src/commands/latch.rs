//! The latch of settlement: what drops it, who lifts it, and the one question that every payout asks.

use super::means::Means;
use crate::{
    domain::{
        latch::{Cause, Event, Proposal, Sign, Stop, is_of_our_making},
        outcome::Outcome,
        refusal::Refusal,
    },
    store,
};
use futures::future::BoxFuture;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Finding, Outbox, Owed, Statement, Watch};
use handsel_service::World;
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// What the latch is called in statements.
pub(crate) const LATCH: &str = "settlement/latch";

/// What a payout needs besides the latch: the log has to be there, and to keep up.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Whether the log was asked what it knows of us; none where there is no log to be asked.
    pub(crate) acquainted: Option<Arc<AtomicBool>>,
    /// How long a statement may have waited for the log.
    pub(crate) longest_wait: Duration,
}

impl Gate {
    /// Waits a little for the log to be met: right after the start it is about to be, and a loop that looked too early would only
    /// look again a whole period later.
    pub(crate) async fn wait_a_little(&self) {
        for _ in 0..40 {
            if self.acquainted.as_ref().is_none_or(|met| met.load(Ordering::Acquire)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Why no payout may be decided, and none may leave for the first time; nothing, where they may until this transaction ends.
/// Everything that decides an attempt or commits its first leaving asks this first.
pub(crate) async fn stopped(tx: &mut Tx, means: &Means) -> Result<Option<Stop>, Fault> {
    if store::latch::is_down(tx).await? {
        return Ok(Some(Stop::Latched));
    }
    held(tx, &means.gate).await
}

/// Why payouts are held though the latch is up: it ends by itself.
pub(crate) async fn held(tx: &mut Tx, gate: &Gate) -> Result<Option<Stop>, Fault> {
    if gate.acquainted.as_ref().is_some_and(|met| !met.load(Ordering::Acquire)) {
        return Ok(Some(Stop::LogNotMet));
    }
    let waited = handsel_outbox::oldest_wait(tx, "audit").await?;
    Ok((waited > gate.longest_wait).then_some(Stop::LogBehind))
}

/// Drops the latch for a sign, unless it is down for the same already.
pub(crate) async fn fall(
    tx: &mut Tx,
    outbox: &Outbox,
    cause: Cause,
    detail: String,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Fault> {
    let author = actor.person.clone().unwrap_or_else(|| actor.subject.clone());
    let latch = store::latch::lock(tx).await?;
    let Some(event) = latch.fall(Sign { cause, detail: detail.clone(), author, seen_at: now }) else { return Ok(()) };
    tracing::error!(cause = cause.code(), detail, "payouts are stopped until two people have reconciled");
    store::latch::record(tx, &event).await?;
    let body = json!({ "detail": detail });
    let said = said("settlement.latched", "latch", Some(cause.code()), actor, now, body);
    outbox.owe(tx, now, vec![said]).await
}

/// Drops the latch where the bank reports payouts under ids of ours that nobody here has made.
pub(crate) async fn note_unknown(
    tx: &mut Tx,
    means: &Means,
    unknown: &[&Outcome],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Fault> {
    let ours: Vec<&Outcome> = unknown.iter().copied().filter(|one| is_of_our_making(&one.end_to_end_id)).collect();
    let Some(first) = ours.first() else { return Ok(()) };
    if store::latch::keep_unknown(tx, &ours, now).await? == 0 {
        return Ok(());
    }
    let detail = format!("the bank reports {}, which nobody here has made", first.end_to_end_id);
    fall(tx, &means.outbox, Cause::UnknownPayout, detail, actor, now).await
}

/// What a finding about a stream means for payouts.
pub(crate) async fn weigh(tx: &mut Tx, means: &Means, finding: &Finding, now: Timestamp) -> Result<(), Fault> {
    let actor = Actor::system("reward/relay");
    let said = match finding {
        Finding::SenderOutdated { source, own: Some(own), known } => {
            let detail = format!("the log holds statements of {source} up to {known}, here they end at {own}");
            Some((Cause::LogAhead, detail))
        }
        Finding::SenderOutdated { source, own: None, known } => {
            let detail = format!("messages of {source} were taken up to {known}, and the sender does not know of them");
            Some((Cause::SenderOutdated, detail))
        }
        Finding::ReceiverOutdated { source, known, acknowledged } => {
            let detail = format!("{source} has receipts up to {acknowledged}, here messages end at {known}");
            Some((Cause::SenderAhead, detail))
        }
        Finding::Parked { .. } => None,
    };
    means.outbox.owe(tx, now, vec![Owed::Audit(finding.statement(now))]).await?;
    match said {
        Some((cause, detail)) => fall(tx, &means.outbox, cause, detail, &actor, now).await,
        None => Ok(()),
    }
}

/// Watches the relay to the log.
pub(crate) struct LogWatch {
    pub(crate) means: Means,
    pub(crate) world: World,
}

impl Watch for LogWatch {
    fn found<'a>(&'a self, tx: &'a mut Tx, finding: &'a Finding) -> BoxFuture<'a, Result<(), Fault>> {
        let now = self.world.business.now();
        Box::pin(async move { weigh(tx, &self.means, finding, now).await })
    }
}

/// A person stops payouts.
pub(crate) struct LatchSettlement {
    pub(crate) means: Means,
    pub(crate) reason: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for LatchSettlement {
    const NAME: &'static str = "settlement.latch";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        fall(tx, &self.means.outbox, Cause::Person, self.reason.clone(), &self.actor, self.now).await?;
        Ok(Ok(LATCH.to_owned()))
    }
}

/// A person says that payouts may go on.
pub(crate) struct ProposeRelease {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) reconciled: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ProposeRelease {
    const NAME: &'static str = "settlement.propose_release";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let (author, reconciled) = (self.by.clone(), self.reconciled.clone());
        let proposal = Proposal { id: self.id, author, reconciled, proposed_at: self.now };
        let event = match store::latch::lock(tx).await?.propose(proposal) {
            Ok(event) => event,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::latch::record(tx, &event).await?;
        let body = json!({ "proposal": self.id.to_string(), "reconciled": self.reconciled });
        let said = said("settlement.release_proposed", "propose-release", None, &self.actor, self.now, body);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(LATCH.to_owned()))
    }
}

/// Another person lifts the latch.
pub(crate) struct ConfirmRelease {
    pub(crate) means: Means,
    pub(crate) proposal: Uuid,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ConfirmRelease {
    const NAME: &'static str = "settlement.confirm_release";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let latch = store::latch::lock(tx).await?;
        let event: Event = match latch.confirm(self.proposal, &self.by, &self.actor.subject, self.now) {
            Ok(event) => event,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::latch::record(tx, &event).await?;
        let body = json!({ "proposal": self.proposal.to_string() });
        let said = said("settlement.released", "confirm-release", None, &self.actor, self.now, body);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        tracing::warn!("two people have lifted the settlement latch: payouts go on");
        Ok(Ok(LATCH.to_owned()))
    }
}

fn said(
    kind: &'static str,
    action: &'static str,
    reason: Option<&str>,
    actor: &Actor,
    now: Timestamp,
    body: serde_json::Value,
) -> Owed {
    Owed::Audit(Statement {
        kind,
        time: now,
        actor: actor.clone(),
        subjects: vec![LATCH.to_owned()],
        action,
        outcome: "success",
        reason: reason.map(str::to_owned),
        correlation: LATCH.to_owned(),
        amount: None,
        policy: None,
        body,
    })
}
