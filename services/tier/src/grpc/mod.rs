//! Requests become commands and queries, results become answers: one file an rpc service.

mod activities;
mod policies;
mod refusal;
mod tiers;
mod wire;

use crate::domain::refusal::{Fault, Refusal};
use handsel_access::{Caller, role_name};
use handsel_outbox::{Actor, Outbox};
use handsel_proto::handsel::tier::v1::{
    activity_service_server::ActivityServiceServer, tier_policy_service_server::TierPolicyServiceServer,
    tier_service_server::TierServiceServer,
};
use handsel_service::World;
use handsel_storage::{Db, Lanes};
use tonic::service::RoutesBuilder;

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct Grpc {
    pub(crate) db: Db,
    pub(crate) lanes: Lanes,
    pub(crate) world: World,
    pub(crate) outbox: Outbox,
}

impl Grpc {
    /// Adds the three rpc services.
    pub(crate) fn add_to(&self, routes: &mut RoutesBuilder) {
        routes.add_service(ActivityServiceServer::new(self.clone()));
        routes.add_service(TierPolicyServiceServer::new(self.clone()));
        routes.add_service(TierServiceServer::new(self.clone()));
    }
}

/// Who called, as the log keeps it.
fn actor(caller: &Caller) -> Actor {
    Actor {
        subject: caller.subject.clone(),
        person: caller.person.clone(),
        roles: caller.roles.iter().map(|role| role_name(*role).to_owned()).collect(),
        branch: caller.branch.as_claim().unwrap_or_default().to_owned(),
    }
}
