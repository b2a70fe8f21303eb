//! The log's rpcs: requests to commands and queries, what those answer to messages.

mod audit_service;
mod ingest_service;
mod integrity_service;
mod messages;
mod refused;
mod search;
mod stream;

pub(crate) use audit_service::AuditApi;
pub(crate) use ingest_service::IngestApi;
pub(crate) use integrity_service::IntegrityApi;
