//! The log's writes: sequencing what comes in, publishing what was signed, handing the lease over.

mod fold;
mod index;
mod notice;
mod present;
mod publish;
mod release;
mod sequence;

pub(crate) use fold::{Receipt, Taken};
pub(crate) use index::Index;
pub(crate) use notice::{Notice, sealed};
pub(crate) use present::present;
pub(crate) use publish::Publish;
pub(crate) use release::Release;
pub(crate) use sequence::{Entry, Sequence, Writer};
