//! What the tier service decides: what a policy must be, how customers are scored, which tier that makes, who may activate.

pub(crate) mod activity;
pub(crate) mod policy;
pub(crate) mod refusal;
pub(crate) mod scoring;
