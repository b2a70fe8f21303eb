//! Why a file is refused, written or read: nothing was changed.

use super::latch::Stop;
use thiserror::Error;

/// A refusal of a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileRefusal {
    /// Payouts leave by another way here.
    #[error("payouts do not leave in files here: [settlement] mode says by which way they do")]
    ChannelNotInUse,
    /// Nothing leaves for the first time now.
    #[error("payouts are stopped ({}): GetSettlementLatch says why", .0.code())]
    Stopped(Stop),
    /// There is no such file.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not what it should be; the reason is one of the file formats' own.
    #[error("{message}")]
    Malformed {
        /// `FILE_…`.
        reason: &'static str,
        /// Line, element, what is wrong and what would be right.
        message: String,
    },
    /// Taken before, the same bytes.
    #[error("message {0} was imported before: nothing was done again")]
    AlreadyImported(String),
    /// The message's id was taken before with other content.
    #[error("message {0} was imported before with other content: the bank has used its id twice")]
    MessageIdReused(String),
    /// The report is about a file that is not ours.
    #[error("the report is about message {0}, which we have not written")]
    OrderUnknown(String),
    /// The report is about our file, but the bank found something else in it.
    #[error("the bank found {found} in message {message_id}, which has {ours}")]
    OrderMismatch {
        /// Our file.
        message_id: String,
        /// What the bank says.
        found: String,
        /// What it has.
        ours: String,
    },
    /// A statement of an account that payouts do not leave from.
    #[error("statement {0} is of another account than payouts leave from")]
    OtherAccount(String),
    /// A sealed file's bytes are lost, and the bank no longer says of its payees what it said.
    #[error("{0} is sealed, and what is written anew differs from it: people must look where it is")]
    Changed(String),
    /// A sealed file is not where the bank finds it, and nobody knows that it was; but a payout in it is paid or refused.
    #[error(
        "{0} is sealed and lies nowhere, but what became of a payout in it is known: it is not written. Put its bytes where the \
         bank finds it if the bank has it; or import the bank's status report on it; or have two people withdraw it"
    )]
    PayoutEnded(String),
    /// Something lies where the bank would find a file that is to be withdrawn.
    #[error(
        "something lies under the name of {0} where the bank finds it: if it is that file, write it; if not, take it away, and find out \
         whether the bank has had it"
    )]
    InPlace(String),
    /// The bank did not say where payees are paid.
    #[error("core banking did not say where beneficiaries are paid: try again")]
    PayeesUnavailable,
    /// The folder takes nothing, or gives nothing back.
    #[error("the folder of files could not be used; the log holds the cause")]
    Unwritable,
}

impl FileRefusal {
    /// Its stable reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::ChannelNotInUse => "CHANNEL_NOT_IN_USE",
            Self::Stopped(_) => "PAYOUTS_STOPPED",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Malformed { reason, .. } => reason,
            Self::AlreadyImported(_) => "FILE_ALREADY_IMPORTED",
            Self::MessageIdReused(_) => "FILE_MESSAGE_ID_REUSED",
            Self::OrderUnknown(_) => "FILE_ORDER_UNKNOWN",
            Self::OrderMismatch { .. } => "FILE_ORDER_MISMATCH",
            Self::OtherAccount(_) => "FILE_OTHER_ACCOUNT",
            Self::Changed(_) => "FILE_CHANGED",
            Self::PayoutEnded(_) => "FILE_PAYOUT_ENDED",
            Self::InPlace(_) => "FILE_IN_PLACE",
            Self::PayeesUnavailable => "PAYEES_UNAVAILABLE",
            Self::Unwritable => "FILE_UNWRITABLE",
        }
    }
}
