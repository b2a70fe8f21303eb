//! The contract's side: requests become commands and queries, what they answer becomes responses. One file an rpc
//! service; nothing is decided here.

mod code;
mod convert;
mod desk;
mod erasure;
mod fact;
mod inbox;
mod program;
mod referral;
mod refusal;
mod subject;
mod views;

pub(crate) use code::Codes;
pub(crate) use desk::Desk;
pub(crate) use erasure::Erasures;
pub(crate) use fact::Facts;
pub(crate) use inbox::Inbox;
pub(crate) use program::Programs;
pub(crate) use referral::Referrals;
pub(crate) use subject::Subjects;
