//! Two people say that a sealed file is not to go to the bank any more. What then becomes of its payouts rests on evidence, not on what
//! they say: only what cannot have left goes out in another file.

use super::{payment_file::PaymentFile, refusal::Refusal};
use handsel_money::Timestamp;
use uuid::Uuid;

super::codes! {
    /// What becomes of the payouts of a file that is withdrawn.
    pub enum Effect {
        /// It never lay where the bank finds it: they have not left, and wait for another file under the ids that they have.
        Released = "RELEASED",
        /// The bank may have it: they stay in it and leave in no other. What became of each, the bank says or two people find out.
        Kept = "KEPT",
    }
}

/// What is known of where a sealed file may have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// It was about to be put where the bank finds it; that is committed before it is.
    pub placed: bool,
    /// The bank has reported on the file.
    pub reported: bool,
    /// The bank, or two people, have said anything of a payout in it: accepted, paid, refused, or what nobody understands.
    pub spoken_of: bool,
}

impl Evidence {
    /// What becomes of its payouts: one sign that the bank may have it is enough.
    #[must_use]
    pub fn effect(self) -> Effect {
        let Self { placed, reported, spoken_of } = self;
        if placed || reported || spoken_of { Effect::Kept } else { Effect::Released }
    }
}

/// What one person says of a file, and whether another has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its id.
    pub id: Uuid,
    /// The file's number.
    pub file: i64,
    /// Counts the proposals for one file, from 1.
    pub number: i64,
    /// What it will do, on the evidence of then.
    pub effect: Effect,
    /// Why the file is not to go, and how its proposer knows where it is.
    pub note: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// His account.
    pub proposer_account: String,
    /// When.
    pub proposed_at: Timestamp,
    /// None while it is proposed.
    pub confirmation: Option<Confirmation>,
}

/// That another person confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Who confirms, and what he has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmer {
    /// The proposal that he read.
    pub read: Uuid,
    /// The person.
    pub person: String,
    /// His account.
    pub account: String,
}

impl Withdrawal {
    /// Proposes it, in the place of an earlier proposal; number and effect are found here.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless the file is sealed: before that it is simply not written, and what is written is the bank's.
    pub fn propose(self, file: &PaymentFile, newest: Option<&Self>, evidence: Evidence) -> Result<Self, Refusal> {
        file.clone().withdraw(self.proposed_at)?;
        let number = newest.map_or(0, |one| one.number).saturating_add(1);
        Ok(Self { number, effect: evidence.effect(), ..self })
    }
}

/// Withdraws a file by the proposal that was read.
///
/// # Errors
/// In this order: [`Refusal::StateConflict`] unless the file is sealed and somebody has proposed it; [`Refusal::EtagMismatch`] where
/// another proposal stands than the one that was read; [`Refusal::MakerIsChecker`] for whoever proposed it, by person or account;
/// [`Refusal::ResolutionVoid`] where it would do something else now than what was proposed.
pub fn confirm(
    file: PaymentFile,
    newest: Option<Withdrawal>,
    by: &Confirmer,
    evidence: Evidence,
    now: Timestamp,
) -> Result<(PaymentFile, Withdrawal), Refusal> {
    let (name, state) = (file.name(), file.state.code());
    let withdrawn = file.withdraw(now)?;
    let Some(proposal) = newest else {
        return Err(Refusal::StateConflict { name, state, act: "be withdrawn: nobody has proposed it" });
    };
    if proposal.id != by.read {
        return Err(Refusal::EtagMismatch(name));
    }
    if [&by.person, &by.account]
        .into_iter()
        .any(|one| *one == proposal.proposed_by || *one == proposal.proposer_account)
    {
        return Err(Refusal::MakerIsChecker(name));
    }
    if proposal.effect != evidence.effect() {
        return Err(Refusal::ResolutionVoid(name));
    }
    let confirmation = Some(Confirmation { by: by.person.clone(), at: now });
    Ok((withdrawn, Withdrawal { confirmation, ..proposal }))
}
