//! The log's writes: sequencing what comes in, publishing what was signed and cosigned, keeping what was
//! found wrong and what people decide about it, handing the lease over.

mod cosign;
mod decide;
mod fold;
mod index;
mod keep_round;
mod notice;
mod present;
mod publish;
mod release;
mod report;
mod sequence;

pub(crate) use cosign::Cosign;
pub(crate) use decide::Decide;
pub(crate) use fold::{Receipt, Taken};
pub(crate) use index::Index;
pub(crate) use keep_round::KeepRound;
pub(crate) use notice::{Notice, sealed};
pub(crate) use present::present;
pub(crate) use publish::Publish;
pub(crate) use release::Release;
pub(crate) use report::{Report, Reported};
pub(crate) use sequence::{Entry, Sequence, Writer};
