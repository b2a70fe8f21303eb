//! `TierService`: evaluations with their progress, tiers and counts.

use super::{Grpc, actor, policies::id_of, wire as render};
use crate::commands::{BeginEvaluation, Evaluate, Progress};
use crate::queries;
use futures::{Stream, StreamExt, stream};
use handsel_access::Caller;
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_proto::handsel::tier::v1::{
    EvaluateTiersRequest, EvaluateTiersResponse, GetTierRequest, SummarizeTiersRequest, Tier, TierSummary,
    tier_service_server::TierService, tier_summary::Group,
};
use handsel_service::Draining;
use handsel_service::status::{Violation, fault, refusal, refuse};
use handsel_service::wire;
use std::pin::Pin;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};
use tracing::{Instrument, Span};

/// Evaluations take their turns in one lane.
const LANE: &str = "evaluation";
/// Customers that one transaction evaluates.
const CHUNK: i64 = 500;

#[tonic::async_trait]
impl TierService for Grpc {
    type EvaluateTiersStream = Pin<Box<dyn Stream<Item = Result<EvaluateTiersResponse, Status>> + Send>>;

    /// A refusal is the call's own error; then progress comes. The reader moves it on: one who went away stops it, one who calls
    /// again takes it up.
    async fn evaluate_tiers(
        &self,
        request: Request<EvaluateTiersRequest>,
    ) -> Result<Response<Self::EvaluateTiersStream>, Status> {
        let (actor, draining) = (actor(Caller::of(&request)?), Draining::of(&request));
        let request = request.into_inner();
        let run = Run {
            grpc: self.clone(),
            policy: id_of(&request.tier_policy).to_owned(),
            as_of: wire::timestamp_from(request.as_of_time.as_ref(), "as_of_time")?,
            actor,
            draining,
        };
        let begun = run.begin().await?;
        let span = Span::current();
        let rest = stream::try_unfold((run, begun), move |(run, before)| {
            let step = async move {
                if before.is_finished() {
                    return Ok(None);
                }
                let progress = run.go_on().await?;
                Ok(Some((to_response(progress), (run, progress))))
            };
            // The reader polls it outside of the call: what it owes still belongs to the call's trace.
            step.instrument(span.clone())
        });
        Ok(Response::new(Box::pin(stream::iter([Ok(to_response(begun))]).chain(rest))))
    }

    async fn get_tier(&self, request: Request<GetTierRequest>) -> Result<Response<Tier>, Status> {
        let request = request.into_inner();
        let at = self.at(request.at_time.as_ref())?;
        // The contract's field rules have checked the pattern.
        let customer = request.name.strip_suffix("/tier").unwrap_or(&request.name);
        let found = queries::tier(&self.db, customer, at).await.map_err(fault)?;
        Ok(Response::new(render::to_tier(found.map_err(|refusal| refuse(&refusal))?)))
    }

    async fn summarize_tiers(&self, request: Request<SummarizeTiersRequest>) -> Result<Response<TierSummary>, Status> {
        let at = self.at(request.into_inner().at_time.as_ref())?;
        let counts = queries::counts(&self.db, at).await.map_err(fault)?;
        let groups = counts.into_iter().map(|(tier, count)| Group { tier, count }).collect();
        Ok(Response::new(TierSummary { groups }))
    }
}

impl Grpc {
    /// The instant asked for, or now.
    fn at(&self, asked: Option<&prost_types::Timestamp>) -> Result<Timestamp, Violation> {
        asked.map_or_else(|| Ok(self.world.business.now()), |at| wire::timestamp_from(Some(at), "at_time"))
    }
}

/// An evaluation on somebody's behalf.
struct Run {
    grpc: Grpc,
    policy: String,
    as_of: Timestamp,
    actor: Actor,
    draining: CancellationToken,
}

impl Run {
    async fn begin(&self) -> Result<Progress, Status> {
        let (policy, act) = (self.policy.clone(), self.grpc.act(self.actor.clone()));
        let command = BeginEvaluation { policy, as_of: self.as_of, act };
        self.grpc.run(LANE, None, command).await?.map_err(|refusal| refuse(&refusal))
    }

    async fn go_on(&self) -> Result<Progress, Status> {
        if self.draining.is_cancelled() {
            let message = "this server is going down; call it again: it is taken up where it stopped";
            return Err(refusal(Code::Unavailable, "GOING_DOWN", message));
        }
        let (policy, act) = (self.policy.clone(), self.grpc.act(self.actor.clone()));
        let command = Evaluate { policy, as_of: self.as_of, limit: CHUNK, act };
        self.grpc.run(LANE, None, command).await
    }
}

fn to_response(progress: Progress) -> EvaluateTiersResponse {
    let Progress { total, evaluated, changed } = progress;
    EvaluateTiersResponse { total, evaluated, changed }
}
