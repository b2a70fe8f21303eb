//! Every read of the service, one file a family. Nothing is written here.

pub(crate) mod codes;
pub(crate) mod erasures;
pub(crate) mod programs;
pub(crate) mod referrals;
pub(crate) mod subjects;
