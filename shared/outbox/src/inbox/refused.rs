//! Why a run of messages is not taken: the same refusals, codes and reasons in every inbox.

use handsel_service::status::{DOMAIN, FIELD_INVALID, Refused};
use std::collections::HashMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The run does not follow what was taken; metadata `expected` names the number that does.
pub const SEQUENCE_GAP: &str = "SEQUENCE_GAP";
/// A later lease of the same source has been seen.
pub const EPOCH_FENCED: &str = "EPOCH_FENCED";
/// Other content was taken under the same number before.
pub const MESSAGE_CONFLICT: &str = "MESSAGE_CONFLICT";

/// Why a run of messages is not taken. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboxRefused {
    /// The numbers do not rise by one from 1 or more, or there are none.
    #[error("sequences must rise by one")]
    Disordered,
    /// The sender's lease is an old one.
    #[error("epoch {given} is fenced: epoch {known} has been seen")]
    Fenced {
        /// The sender's.
        given: i64,
        /// The latest seen.
        known: i64,
    },
    /// A number is missing.
    #[error("number {expected} comes next")]
    Gap {
        /// It.
        expected: i64,
    },
    /// Another message was taken under this number: a database was restored, or is not the one that it was.
    #[error("other content was taken under number {sequence}")]
    Conflict {
        /// Which number.
        sequence: i64,
    },
}

impl Refused for InboxRefused {
    fn code(&self) -> Code {
        match self {
            Self::Disordered => Code::InvalidArgument,
            Self::Fenced { .. } | Self::Gap { .. } => Code::FailedPrecondition,
            Self::Conflict { .. } => Code::AlreadyExists,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Disordered => FIELD_INVALID,
            Self::Fenced { .. } => EPOCH_FENCED,
            Self::Gap { .. } => SEQUENCE_GAP,
            Self::Conflict { .. } => MESSAGE_CONFLICT,
        }
    }

    fn message(&self) -> String {
        self.to_string()
    }
}

impl From<InboxRefused> for Status {
    /// With the number expected in the metadata of a gap: the sender goes by it.
    fn from(refused: InboxRefused) -> Self {
        let mut metadata = HashMap::new();
        if let InboxRefused::Gap { expected } = refused {
            metadata.insert("expected".to_owned(), expected.to_string());
        }
        let mut details = ErrorDetails::with_error_info(refused.reason(), DOMAIN, metadata);
        if refused == InboxRefused::Disordered {
            details.add_bad_request_violation("messages", refused.to_string());
        }
        Self::with_error_details(refused.code(), refused.message(), details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeliverFault;

    #[test]
    fn the_sender_understands_every_refusal() {
        for (refused, expected) in [
            (InboxRefused::Fenced { given: 1, known: 2 }, DeliverFault::Fenced),
            (InboxRefused::Gap { expected: 7 }, DeliverFault::Gap { expected: 7 }),
        ] {
            assert_eq!(DeliverFault::of(&refused.into()), expected);
        }
        let conflict = DeliverFault::of(&InboxRefused::Conflict { sequence: 3 }.into());
        assert!(matches!(conflict, DeliverFault::Conflict(_)));
        assert!(matches!(DeliverFault::of(&InboxRefused::Disordered.into()), DeliverFault::Rejected(_)));
        assert!(matches!(DeliverFault::of(&Status::unavailable("down")), DeliverFault::Transient(_)));
    }
}
