//! What handlers and jobs work with: the databases, the writers, the world.

use crate::{domain::erasure::RetentionPeriods, holds::Holds, registry::Registry};
use handsel_outbox::Outbox;
use handsel_proto::handsel::reward::v1::plan_service_client::PlanServiceClient;
use handsel_service::{Peer, World};
use handsel_storage::{Db, Lanes};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// The means of the service.
pub(crate) struct Means {
    /// The service's own database.
    pub(crate) db: Db,
    /// Its writers.
    pub(crate) lanes: Lanes,
    /// Time, ids and chance.
    pub(crate) world: World,
    /// What commands owe goes here.
    pub(crate) outbox: Outbox,
    /// The subject registry.
    pub(crate) registry: Registry,
    /// How long personal data is kept.
    pub(crate) retention: RetentionPeriods,
    /// The reward service's plans.
    pub(crate) plans: PlanServiceClient<Peer>,
    /// The log, as far as it knows of holds.
    pub(crate) holds: Holds,
    /// Told when an erasure was decided.
    pub(crate) erasures: Arc<Notify>,
    /// How long the reward service may take to answer.
    pub(crate) plan_patience: Duration,
    /// How many batches of one stream of facts are under way at most.
    pub(crate) facts_in_flight: usize,
}
