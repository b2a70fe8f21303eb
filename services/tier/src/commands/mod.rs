//! Every write of the tier service: lock and load → decide → save → tell the outbox, in one transaction. One file a write.

mod activate_policy;
mod create_policy;
mod evaluate;
mod ingest;

pub(crate) use activate_policy::ActivatePolicy;
pub(crate) use create_policy::CreatePolicy;
pub(crate) use evaluate::EvaluateChunk;
pub(crate) use ingest::Ingest;

/// The name of a policy as a resource.
pub(crate) fn policy_name(id: &str) -> String {
    format!("tierPolicies/{id}")
}
