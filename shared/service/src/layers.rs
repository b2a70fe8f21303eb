//! What every call passes through, outside in: metrics, trace, access, limits. Each answers in gRPC's own words.

mod codes;
mod limits;
mod methods;
mod metrics;
mod size;
mod streamed;
mod trace;

pub use limits::{Deadline, Draining};
pub(crate) use limits::{LimitsLayer, Stage};
pub(crate) use metrics::MetricsLayer;
