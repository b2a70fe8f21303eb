//! The log's rpcs: requests to commands and queries, what those answer to messages.

mod audit_service;
mod case_service;
mod clearance_service;
mod hold_service;
mod ingest_service;
mod integrity_service;
mod messages;
mod officer;
mod prune_service;
mod reconcile_service;
mod refused;
mod search;
mod stream;

pub(crate) use audit_service::AuditApi;
pub(crate) use case_service::CaseApi;
pub(crate) use clearance_service::ClearanceApi;
pub(crate) use hold_service::HoldApi;
pub(crate) use ingest_service::IngestApi;
pub(crate) use integrity_service::IntegrityApi;
pub(crate) use prune_service::PruneApi;
pub(crate) use reconcile_service::ReconcileApi;
