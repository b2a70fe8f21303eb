//! `ActivityService`: a batch at a time, alone or on a stream that answers in the order of requests.

use super::{Grpc, actor};
use crate::commands::Ingest;
use crate::domain::activity::{Activity, Outcome, Untakeable};
use futures::{Stream, StreamExt};
use handsel_access::Caller;
use handsel_outbox::Actor;
use handsel_proto::handsel::tier::v1 as proto;
use handsel_proto::handsel::tier::v1::{
    ActivityOutcome, IngestActivitiesRequest, IngestActivitiesResponse, activity_outcome,
    activity_service_server::ActivityService,
};
use handsel_service::{Deadline, Draining, status::Violation, wire};
use std::pin::Pin;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};

/// All activities share one lane: those that wait together are written as one, and none meets another in the database.
const LANE: &str = "activities";
/// Requests of one stream that wait in the lane at the same moment.
const IN_FLIGHT: usize = 4;

#[tonic::async_trait]
impl ActivityService for Grpc {
    type IngestActivitiesStream = Pin<Box<dyn Stream<Item = Result<IngestActivitiesResponse, Status>> + Send>>;

    /// When the program drains, what was read is answered and the stream ends; the source sends the rest again elsewhere.
    async fn ingest_activities(
        &self,
        request: Request<Streaming<IngestActivitiesRequest>>,
    ) -> Result<Response<Self::IngestActivitiesStream>, Status> {
        let actor = actor(Caller::of(&request)?);
        let draining = Draining::of(&request);
        let grpc = self.clone();
        let answers = request
            .into_inner()
            .take_until(draining.cancelled_owned())
            .map(move |message| {
                let (grpc, actor) = (grpc.clone(), actor.clone());
                async move { grpc.ingest(message?, actor, None).await }
            })
            .buffered(IN_FLIGHT);
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_ingest_activities(
        &self,
        request: Request<IngestActivitiesRequest>,
    ) -> Result<Response<IngestActivitiesResponse>, Status> {
        let (actor, deadline) = (actor(Caller::of(&request)?), Deadline::of(&request));
        Ok(Response::new(self.ingest(request.into_inner(), actor, deadline).await?))
    }
}

impl Grpc {
    async fn ingest(
        &self,
        request: IngestActivitiesRequest,
        actor: Actor,
        deadline: Option<Instant>,
    ) -> Result<IngestActivitiesResponse, Status> {
        let ids: Vec<String> = request.activities.iter().map(|one| one.activity_id.clone()).collect();
        let command = Ingest {
            activities: request.activities.into_iter().map(activity_from).collect(),
            correlation: format!("batches/{}", self.world.ids.next()),
            act: self.act(actor),
        };
        let outcomes = self.run(LANE, deadline, command).await?;
        let outcomes = ids.into_iter().zip(outcomes).map(|(id, outcome)| to_outcome(id, outcome)).collect();
        Ok(IngestActivitiesResponse { outcomes })
    }
}

/// An activity that cannot be read is refused like one that cannot be taken; those beside it are not held up.
fn activity_from(message: proto::Activity) -> Result<Activity, Untakeable> {
    let proto::Activity { activity_id, customer, amount, occur_time } = message;
    let untakeable = |Violation { field, description, reason }| {
        let detail = format!("{field}: {description}");
        Untakeable { reason, detail }
    };
    Ok(Activity {
        id: activity_id,
        customer,
        amount: wire::money_from(amount.as_ref(), "amount").map_err(untakeable)?,
        occurred_at: wire::timestamp_from(occur_time.as_ref(), "occur_time").map_err(untakeable)?,
    })
}

fn to_outcome(activity_id: String, outcome: Outcome) -> ActivityOutcome {
    use activity_outcome::Result::{Applied, Duplicate, Refused};
    let (result, reason, detail) = match outcome {
        Outcome::Applied => (Applied, "", String::new()),
        Outcome::Duplicate => (Duplicate, "", String::new()),
        Outcome::Refused(Untakeable { reason, detail }) => (Refused, reason, detail),
    };
    ActivityOutcome { activity_id, result: result.into(), reason: reason.to_owned(), detail }
}
