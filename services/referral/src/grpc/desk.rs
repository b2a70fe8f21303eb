//! The steps that all handlers share: who calls, doing a thing once, saying what came of it.

use crate::{
    commands::{Act, Look},
    domain::refusal::Refusal,
    means::Means,
};
use handsel_access::Caller;
use handsel_outbox::Actor;
use handsel_service::{
    Deadline,
    status::{fault, refusal, refuse},
    telemetry, wire,
};
use handsel_storage::{Command, Done, Fault, Once, OnceRefused, RequestKey};
use std::sync::Arc;
use tokio::time::Instant;
use tonic::{Code, Request, Status};

/// What every handler works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk(pub(crate) Arc<Means>);

/// A call that changes something, as all of them begin.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who acts, and when.
    pub(crate) act: Act,
    /// Whose request it is.
    pub(crate) key: RequestKey,
    /// Of what the request says.
    pub(crate) digest: [u8; 32],
    /// When its answer is of no use any more.
    pub(crate) deadline: Option<Instant>,
}

impl Desk {
    /// The act of a caller, now.
    pub(crate) fn act(&self, caller: &Caller) -> Act {
        let actor = Actor {
            subject: caller.subject.clone(),
            person: caller.person.clone(),
            roles: caller.role_names().map(str::to_owned).collect(),
            branch: caller.branch.as_claim().unwrap_or_default().to_owned(),
        };
        Act {
            actor,
            by: caller.person_or_subject().to_owned(),
            now: self.0.world.business.now(),
            traceparent: telemetry::traceparent(),
            outbox: self.0.outbox.clone(),
        }
    }

    /// A call that may be sent again: `rpc` and `request_id` name it, `content` is the encoded request without the id.
    /// The digest is keyed, for a request may hold personal data.
    pub(crate) fn call<T>(
        &self,
        request: &Request<T>,
        rpc: &'static str,
        request_id: &str,
        content: &[u8],
    ) -> Result<Call, Status> {
        let caller = Caller::of(request)?;
        let request_id = wire::request_id_from(request_id)?;
        Ok(Call {
            act: self.act(caller),
            key: RequestKey { caller: caller.requester(), rpc, request_id },
            digest: self.0.registry.digest(rpc, content),
            deadline: Deadline::of(request),
        })
    }

    /// Does it once, in the lane of `lane`, and answers the resource's name.
    pub(crate) async fn once<C>(&self, call: Call, lane: &str, command: C) -> Result<String, Status>
    where
        C: Command<Output = Result<String, Refusal>>,
    {
        self.done(call, lane, command).await.map(|done| done.resource)
    }

    /// Writes a look at personal data down. The same request sent again shows them again, so it is written down again: there are as
    /// many records as there were showings, whoever repeats a call that he has seen.
    pub(crate) async fn look(&self, call: Call, lane: &str, look: Look) -> Result<(), Status> {
        let (again, deadline) = (look.clone(), call.deadline);
        if self.done(call, lane, look).await?.replayed {
            self.run(lane, deadline, again).await.map_err(fault)?.map_err(|refused| refuse(&refused))?;
        }
        Ok(())
    }

    async fn done<C>(&self, call: Call, lane: &str, command: C) -> Result<Done, Status>
    where
        C: Command<Output = Result<String, Refusal>>,
    {
        let Call { act: _, key, digest, deadline } = call;
        // Request ids are forgotten by the machine's time: callers retry in it, whatever the business clock says.
        let once = Once { key, digest, now: self.0.world.system.now(), command };
        match self.run(lane, deadline, once).await.map_err(fault)? {
            Ok(done) => Ok(done),
            Err(OnceRefused::Refused(refused)) => Err(refuse(&refused)),
            Err(OnceRefused::Reused) => {
                let message = "the request id was used for another request: take a new one";
                Err(refusal(Code::AlreadyExists, "REQUEST_ID_REUSED", message))
            }
        }
    }

    /// Runs a command in the lane of `lane`.
    pub(crate) async fn run<C: Command>(
        &self,
        lane: &str,
        deadline: Option<Instant>,
        command: C,
    ) -> Result<C::Output, Fault> {
        match deadline {
            Some(deadline) => self.0.lanes.run_until(lane, deadline, command).await,
            None => self.0.lanes.run(lane, command).await,
        }
    }
}
