//! What core banking has to be told of a rate grant, under an id that it recognises for ever, and what it did.

use super::refusal::Refusal;
use handsel_money::Timestamp;
use uuid::Uuid;

super::codes! {
    /// What core banking is told.
    pub enum Kind {
        /// The customer may use the rate.
        Offer = "OFFER",
        /// The rate was taken back.
        Withdraw = "WITHDRAW",
    }
}

super::codes! {
    /// What is known of an instruction.
    pub enum Status {
        /// Nothing: it is listed or sent until there is an answer.
        Open = "OPEN",
        /// Core banking has taken notice.
        Taken = "TAKEN",
        /// Core banking will not do it: a person has to look at it.
        Refused = "REFUSED",
        /// The grant was taken back before it was ever handed out.
        Void = "VOID",
    }
}

/// One instruction: a grant has one of each kind at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateInstruction {
    /// The grant.
    pub grant: Uuid,
    /// What core banking is told.
    pub kind: Kind,
    /// What core banking knows it by.
    pub id: String,
    /// What is known of it.
    pub status: Status,
    /// The bank's own reason code, where it refused.
    pub reason_code: String,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it was first handed out.
    pub first_sent_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// What core banking says it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The instruction.
    pub id: String,
    /// `Taken` or `Refused`.
    pub status: Status,
    /// The bank's own reason code, where it refused.
    pub reason_code: String,
}

impl RateInstruction {
    /// An instruction of which nothing is known yet.
    #[must_use]
    pub const fn new(grant: Uuid, kind: Kind, id: String, now: Timestamp) -> Self {
        Self {
            grant,
            kind,
            id,
            status: Status::Open,
            reason_code: String::new(),
            created_at: now,
            first_sent_at: None,
            answered_at: None,
        }
    }

    /// Takes an answer; none where it was given before.
    ///
    /// # Errors
    /// [`Refusal::UnknownInstruction`] of one that was never handed out; [`Refusal::OutcomeConflict`] for the contrary of an
    /// earlier answer.
    pub fn answered(self, receipt: &Receipt, now: Timestamp) -> Result<Option<Self>, Refusal> {
        if self.first_sent_at.is_none() {
            return Err(Refusal::UnknownInstruction(self.id));
        }
        match self.status {
            Status::Open => Ok(Some(Self {
                status: receipt.status,
                reason_code: receipt.reason_code.clone(),
                answered_at: Some(now),
                ..self
            })),
            known if known == receipt.status => Ok(None),
            Status::Taken | Status::Refused | Status::Void => Err(Refusal::OutcomeConflict(self.id)),
        }
    }
}
