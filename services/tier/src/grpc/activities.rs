//! `ActivityService`: a batch at a time, alone or on a stream.

use super::{Grpc, actor};
use crate::commands::Ingest;
use crate::domain::activity::{Activity, Outcome};
use handsel_access::Caller;
use handsel_outbox::Actor;
use handsel_proto::handsel::tier::v1 as proto;
use handsel_proto::handsel::tier::v1::{
    ActivityOutcome, IngestActivitiesRequest, IngestActivitiesResponse, activity_outcome,
    activity_service_server::ActivityService,
};
use handsel_service::status::{Violation, fault};
use handsel_service::wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Answers that may wait for a slow reader; then its stream stands still.
const ANSWERS_WAITING: usize = 4;

#[tonic::async_trait]
impl ActivityService for Grpc {
    type IngestActivitiesStream = ReceiverStream<Result<IngestActivitiesResponse, Status>>;

    async fn ingest_activities(
        &self,
        request: Request<Streaming<IngestActivitiesRequest>>,
    ) -> Result<Response<Self::IngestActivitiesStream>, Status> {
        let actor = actor(Caller::of(&request)?);
        let (answers, stream) = mpsc::channel(ANSWERS_WAITING);
        let grpc = self.clone();
        let mut requests = request.into_inner();
        tokio::spawn(async move {
            loop {
                let answer = match requests.message().await {
                    Ok(Some(message)) => grpc.ingest(message, actor.clone()).await,
                    Ok(None) => break,
                    Err(status) => Err(status),
                };
                let ended = answer.is_err();
                if answers.send(answer).await.is_err() || ended {
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn batch_ingest_activities(
        &self,
        request: Request<IngestActivitiesRequest>,
    ) -> Result<Response<IngestActivitiesResponse>, Status> {
        let actor = actor(Caller::of(&request)?);
        Ok(Response::new(self.ingest(request.into_inner(), actor).await?))
    }
}

impl Grpc {
    async fn ingest(&self, request: IngestActivitiesRequest, actor: Actor) -> Result<IngestActivitiesResponse, Status> {
        let ids: Vec<String> = request.activities.iter().map(|one| one.activity_id.clone()).collect();
        let read: Vec<Result<Activity, Violation>> = request.activities.into_iter().map(activity_from).collect();
        let activities: Vec<Activity> = read.iter().filter_map(|one| one.as_ref().ok()).cloned().collect();
        let key = activities.first().map(|one| one.customer.clone()).unwrap_or_default();
        let command = Ingest {
            activities,
            actor,
            correlation: self.world.ids.next().to_string(),
            now: self.world.business.now(),
            outbox: self.outbox.clone(),
        };
        let mut decided = self.lanes.run(&key, command).await.map_err(fault)?.into_iter();
        let outcomes = ids.into_iter().zip(read).filter_map(|(activity_id, read)| match read {
            Ok(_) => decided.next().map(|outcome| to_outcome(activity_id, outcome)),
            Err(violation) => {
                let (reason, detail) = (violation.reason, format!("{}: {}", violation.field, violation.description));
                Some(to_outcome(activity_id, Outcome::Refused { reason, detail }))
            }
        });
        Ok(IngestActivitiesResponse { outcomes: outcomes.collect() })
    }
}

fn activity_from(message: proto::Activity) -> Result<Activity, Violation> {
    let proto::Activity { activity_id, customer, amount, occur_time } = message;
    Ok(Activity {
        id: activity_id,
        customer,
        amount: wire::money_from(amount.as_ref(), "amount")?,
        occurred_at: wire::timestamp_from(occur_time.as_ref(), "occur_time")?,
    })
}

fn to_outcome(activity_id: String, outcome: Outcome) -> ActivityOutcome {
    use activity_outcome::Result::{Applied, Duplicate, Refused};
    let (result, reason, detail) = match outcome {
        Outcome::Applied => (Applied, "", String::new()),
        Outcome::Duplicate => (Duplicate, "", String::new()),
        Outcome::Refused { reason, detail } => (Refused, reason, detail),
    };
    ActivityOutcome { activity_id, result: result.into(), reason: reason.to_owned(), detail }
}
