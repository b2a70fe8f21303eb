//! `TierService`: evaluations with their progress, tiers and counts.

use super::{Grpc, actor, wire as render};
use crate::commands::EvaluateChunk;
use crate::queries;
use handsel_access::Caller;
use handsel_money::Timestamp;
use handsel_proto::handsel::tier::v1::{
    EvaluateTiersRequest, EvaluateTiersResponse, GetTierRequest, SummarizeTiersRequest, Tier, TierSummary,
    tier_service_server::TierService, tier_summary::Group,
};
use handsel_service::status::{Violation, fault, refuse};
use handsel_service::wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

/// Customers that one transaction evaluates.
const CHUNK: i64 = 500;
/// Progress that may wait for a slow reader; then the evaluation stands still.
const PROGRESS_WAITING: usize = 4;

#[tonic::async_trait]
impl TierService for Grpc {
    type EvaluateTiersStream = ReceiverStream<Result<EvaluateTiersResponse, Status>>;

    async fn evaluate_tiers(
        &self,
        request: Request<EvaluateTiersRequest>,
    ) -> Result<Response<Self::EvaluateTiersStream>, Status> {
        let actor = actor(Caller::of(&request)?);
        let request = request.into_inner();
        let as_of = wire::timestamp_from(request.as_of_time.as_ref(), "as_of_time")?;
        let policy = request.tier_policy.trim_start_matches("tierPolicies/").to_owned();
        let (answers, stream) = mpsc::channel(PROGRESS_WAITING);
        let grpc = self.clone();
        tokio::spawn(async move {
            loop {
                let command = EvaluateChunk {
                    policy: policy.clone(),
                    as_of,
                    limit: CHUNK,
                    actor: actor.clone(),
                    now: grpc.world.business.now(),
                    outbox: grpc.outbox.clone(),
                };
                let step = match grpc.lanes.run("evaluation", command).await {
                    Ok(Ok(progress)) => Ok(progress),
                    Ok(Err(refusal)) => Err(refuse(&refusal)),
                    Err(error) => Err(fault(error)),
                };
                let ended = step.as_ref().map_or(true, |progress| progress.finished);
                let answer = step.map(|progress| EvaluateTiersResponse {
                    total: progress.total,
                    evaluated: progress.evaluated,
                    changed: progress.changed,
                });
                // A reader who went away stops it; whoever calls again takes it up.
                if answers.send(answer).await.is_err() || ended {
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn get_tier(&self, request: Request<GetTierRequest>) -> Result<Response<Tier>, Status> {
        let request = request.into_inner();
        let at = self.at(request.at_time.as_ref())?;
        let customer = request.name.trim_end_matches("/tier");
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
