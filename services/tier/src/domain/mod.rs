//! What the tier service decides: which activity is taken, what a policy must be and who may activate it, how customers are
//! scored, which tier that makes, and when all of them may be evaluated.

pub(crate) mod activity;
pub(crate) mod customer_tier;
pub(crate) mod evaluation;
pub(crate) mod policy;
pub(crate) mod proposal;
pub(crate) mod refusal;
pub(crate) mod scoring;
