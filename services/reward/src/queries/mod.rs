//! What is read, one file a family. Never here: a write.

pub(crate) mod claims;
pub(crate) mod clearing;
pub(crate) mod files;
pub(crate) mod gate;
pub(crate) mod holds;
pub(crate) mod latch;
pub(crate) mod ledger;
pub(crate) mod plans;
pub(crate) mod rates;
pub(crate) mod recomputation;
pub(crate) mod resolutions;
pub(crate) mod rewards;
pub(crate) mod summary;
pub(crate) mod tax;
pub(crate) mod terms_sheets;
