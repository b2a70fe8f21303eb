//! Requests become commands and queries, results become answers: one file an rpc service.

mod activities;
mod policies;
mod refusal;
mod tiers;
mod wire;

use crate::commands::Act;
use handsel_access::Caller;
use handsel_outbox::{Actor, Outbox};
use handsel_proto::handsel::tier::v1::{
    activity_service_server::ActivityServiceServer, tier_policy_service_server::TierPolicyServiceServer,
    tier_service_server::TierServiceServer,
};
use handsel_service::{Routes, World, status::fault};
use handsel_storage::{Command, Db, Lanes};
use tokio::time::Instant;
use tonic::Status;

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
    pub(crate) fn add_to(&self, routes: &mut Routes) {
        routes.add_service(ActivityServiceServer::new(self.clone()));
        routes.add_service(TierPolicyServiceServer::new(self.clone()));
        routes.add_service(TierServiceServer::new(self.clone()));
    }

    /// What a caller does now.
    fn act(&self, actor: Actor) -> Act {
        Act { actor, now: self.world.business.now(), outbox: self.outbox.clone() }
    }

    /// Runs a command in a lane, for a caller who will not wait longer than that.
    async fn run<C: Command>(&self, lane: &str, deadline: Option<Instant>, command: C) -> Result<C::Output, Status> {
        match deadline {
            Some(deadline) => self.lanes.run_until(lane, deadline, command).await,
            None => self.lanes.run(lane, command).await,
        }
        .map_err(fault)
    }
}

/// Who called, as the log keeps it.
fn actor(caller: &Caller) -> Actor {
    Actor {
        subject: caller.subject.clone(),
        person: caller.person.clone(),
        roles: caller.role_names().map(str::to_owned).collect(),
        branch: caller.branch.as_claim().unwrap_or_default().to_owned(),
    }
}
