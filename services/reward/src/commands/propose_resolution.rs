//! A person proposes what became of an attempt, or that a reward is given up. Nothing moves until another confirms it.

use super::{books::Books, means::Means, statements};
use crate::{
    domain::{
        approval::Person,
        outcome::Attempt,
        refusal::Refusal,
        resolution::{self, Basis, Circumstances, Finding, Resolution, State},
        reward::Reward,
    },
    store::{self, conflict::ConflictRow, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// What is proposed, and why.
pub(crate) struct ProposeResolution {
    pub(crate) means: Means,
    /// What it is about.
    pub(crate) about: About,
    /// Its reward, which is locked; nil where there is none.
    pub(crate) reward: Uuid,
    pub(crate) reason: String,
    pub(crate) evidence: String,
    pub(crate) by: Person,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// What a resolution is about.
pub(crate) enum About {
    /// What became of an attempt.
    Attempt(resolution::Found),
    /// A reward, to be given up.
    Reward(Uuid),
}

impl Command for ProposeResolution {
    const NAME: &'static str = "resolution.propose";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&REWARD, self.reward)]
    }

    /// In this order: it is there; it could be done now.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let (reward, attempt, finding) = match &self.about {
            About::Attempt(found) => {
                let books = Books::open(tx, vec![found.end_to_end_id.clone()]).await?;
                let Some((attempt, reward)) = books.find(&found.end_to_end_id) else {
                    return Ok(Err(Refusal::UnknownInstruction(found.end_to_end_id.clone())));
                };
                (reward, Some(attempt), Finding::Attempt(found.clone()))
            }
            About::Reward(id) => {
                let Some(reward) = store::reward::lock(tx, vec![*id]).await?.into_iter().next() else {
                    return Ok(Err(Refusal::NotFound(format!("rewards/{id}"))));
                };
                (reward, None, Finding::WriteOff)
            }
        };
        let conflicts = store::conflict::of_reward(tx, reward.entitlement.id).await?;
        let tried = match (&finding, &attempt) {
            (Finding::Attempt(found), Some(attempt)) => {
                let around = circumstances(tx, attempt, &conflicts).await?;
                resolution::decide(found, attempt, &reward, around, self.now).map(drop)
            }
            (Finding::Attempt(_) | Finding::WriteOff, _) => {
                let contradicted = conflicts.iter().any(|one| one.is_open);
                resolution::give_up(reward.clone(), &self.reason, contradicted, self.now).map(drop)
            }
        };
        if let Err(refusal) = tried {
            return Ok(Err(refusal));
        }
        let proposed = self.proposal(&reward, attempt.as_ref(), &conflicts, finding);
        let replaced = store::resolution::propose(tx, &proposed).await?;
        let say =
            |resolution: &Resolution, kind, action| said(kind, action, resolution, &reward, &self.actor, self.now);
        let voided = replaced.as_ref().map(|one| say(one, "resolution.voided", "void-resolution"));
        let owed = voided.into_iter().chain([say(&proposed, "resolution.proposed", "propose-resolution")]);
        self.means.outbox.owe(tx, self.now, owed.collect()).await?;
        Ok(Ok(proposed.name()))
    }
}

impl ProposeResolution {
    fn proposal(
        &self,
        reward: &Reward,
        attempt: Option<&Attempt>,
        conflicts: &[ConflictRow],
        finding: Finding,
    ) -> Resolution {
        Resolution {
            id: self.means.next_id(),
            reward: reward.entitlement.id,
            finding,
            reason: self.reason.clone(),
            evidence: self.evidence.clone(),
            basis: basis(reward, attempt, conflicts),
            proposer: self.by.name.clone(),
            proposer_account: self.by.account.clone(),
            proposed_at: self.now,
            state: State::Proposed,
        }
    }
}

/// What is known now.
pub(super) fn basis(reward: &Reward, attempt: Option<&Attempt>, conflicts: &[ConflictRow]) -> Basis {
    Basis {
        revision: reward.revision,
        status: attempt.map(|attempt| attempt.status),
        conflicts: i64::try_from(conflicts.len()).unwrap_or(i64::MAX),
    }
}

/// What there is besides an attempt and its reward, which is locked.
pub(super) async fn circumstances(
    tx: &mut Tx,
    attempt: &Attempt,
    conflicts: &[ConflictRow],
) -> Result<Circumstances, Fault> {
    let id = attempt.end_to_end_id.as_str();
    Ok(Circumstances {
        contradicted: !open_of(conflicts, id).is_empty() || store::difference::is_open_of_attempt(tx, id).await?,
        about_to_leave: store::payment_file::is_about_to_leave(tx, id).await?,
    })
}

/// The contradictions of an attempt that nobody has resolved.
pub(super) fn open_of(conflicts: &[ConflictRow], end_to_end_id: &str) -> Vec<Uuid> {
    let open = conflicts.iter().filter(|one| one.is_open && one.end_to_end_id == end_to_end_id);
    open.map(|one| one.id).collect()
}

/// What is said of a resolution. The evidence is the bank's words and stays here.
pub(super) fn said(
    kind: &'static str,
    action: &'static str,
    resolution: &Resolution,
    reward: &Reward,
    actor: &Actor,
    now: Timestamp,
) -> Owed {
    let found = resolution.finding.attempt();
    let body = json!({
        "resolution": resolution.name(),
        "verdict": resolution.finding.verdict().code(),
        "why": resolution.reason,
        "end_to_end_id": found.map_or("", |found| found.end_to_end_id.as_str()),
        "bank_reference": found.map_or("", |found| found.bank_reference.as_str()),
        "known": resolution.basis.status.map_or("", crate::domain::outcome::Status::code),
        "state": reward.state.standing().code(),
    });
    statements::of_reward(kind, action, reward, actor, now, body)
}
