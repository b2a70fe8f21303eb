//! The log's writes: sequencing what comes in, publishing what was signed and cosigned, keeping what was
//! found wrong and what people decide about it, an officer's cases and holds, handing the lease over.

mod act;
mod add_to_case;
mod answer_hold;
mod clear_erasure;
mod close_case;
mod cosign;
mod decide;
mod fold;
mod index;
mod keep_reconciliation;
mod keep_round;
mod notice;
mod open_case;
mod place_hold;
mod present;
mod prune;
mod publish;
mod record_owed;
mod release;
mod release_hold;
mod report;
mod sequence;

pub(crate) use act::Act;
pub(crate) use add_to_case::{AddToCase, Addition};
pub(crate) use answer_hold::AnswerHold;
pub(crate) use clear_erasure::{CheckErasure, ClearErasure};
pub(crate) use close_case::CloseCase;
pub(crate) use cosign::Cosign;
pub(crate) use decide::Decide;
pub(crate) use fold::{Receipt, Taken};
pub(crate) use index::Index;
pub(crate) use keep_reconciliation::{KeepReconciliation, Kept};
pub(crate) use keep_round::KeepRound;
pub(crate) use notice::{Notice, sealed};
pub(crate) use open_case::OpenCase;
pub(crate) use place_hold::{PlaceHold, REWARD};
pub(crate) use present::present;
pub(crate) use prune::{ConfirmPrune, ProposePrune, PrunePortion};
pub(crate) use publish::Publish;
pub(crate) use record_owed::RecordOwed;
pub(crate) use release::Release;
pub(crate) use release_hold::ReleaseHold;
pub(crate) use report::{Report, Reported};
pub(crate) use sequence::{Entry, Sequence, Writer};
