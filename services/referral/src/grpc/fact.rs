//! `FactService`: the stream answers each request once its facts are committed, in the order they came.

use super::{convert::fact_from, desk::Desk, views};
use crate::{
    commands::{FactAnswer, Incoming, IngestFacts},
    domain::{
        fact::{Fact, FactRefusal},
        intake::Outcome,
    },
};
use futures::{Stream, StreamExt};
use handsel_access::Caller;
use handsel_proto::handsel::referral::v1::{
    self as proto, FactOutcome, IngestFactsRequest, IngestFactsResponse, fact_outcome, fact_service_server::FactService,
};
use handsel_service::{Deadline, Draining, status};
use std::pin::Pin;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// All facts share one lane: those that wait together are loaded, folded and saved as one, and none meets another in
/// the database.
const LANE: &str = "facts";

/// Facts.
#[derive(Clone)]
pub(crate) struct Facts(pub(crate) Desk);

impl Facts {
    async fn ingest(
        &self,
        caller: &Caller,
        deadline: Option<Instant>,
        request: IngestFactsRequest,
    ) -> Result<IngestFactsResponse, Status> {
        let read: Vec<(String, Result<Fact, FactRefusal>)> =
            request.facts.iter().map(|fact| (fact.fact_id.clone(), fact_from(fact))).collect();
        let facts = read.iter().filter_map(|(_, fact)| fact.as_ref().ok()).map(|fact| self.incoming(fact)).collect();
        let command = IngestFacts { act: self.0.act(caller), facts };
        let answers = self.0.run(LANE, deadline, command).await.map_err(status::fault)?;
        let mut answers = answers.into_iter();
        let outcomes = read.into_iter().map(|(fact_id, fact)| match fact {
            Ok(_) => answers.next().map_or_else(FactOutcome::default, |answer| outcome(fact_id, answer)),
            Err(refusal) => refused(fact_id, &refusal),
        });
        Ok(IngestFactsResponse { outcomes: outcomes.collect() })
    }

    /// The digest leaves the referral out: a source that learns only later which referral it was says the same fact
    /// again.
    fn incoming(&self, fact: &Fact) -> Incoming {
        let registry = &self.0.0.registry;
        let amount = fact.amount.map(|amount| amount.to_string()).unwrap_or_default();
        let occurred_at = fact.occurred_at.to_string();
        let said = [fact.kind.as_str(), &fact.customer, &amount, &occurred_at].join("\n");
        Incoming {
            fact: fact.clone(),
            digest: registry.digest("handsel/fact/v1", said.as_bytes()),
            id_digest: registry.digest("handsel/fact-id/v1", fact.id.as_bytes()),
        }
    }
}

#[tonic::async_trait]
impl FactService for Facts {
    type IngestFactsStream = Pin<Box<dyn Stream<Item = Result<IngestFactsResponse, Status>> + Send>>;

    async fn ingest_facts(
        &self,
        request: Request<Streaming<IngestFactsRequest>>,
    ) -> Result<Response<Self::IngestFactsStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let draining = Draining::of(&request);
        let (facts, in_flight) = (self.clone(), self.0.0.facts_in_flight);
        let answers = request
            .into_inner()
            .take_until(draining.cancelled_owned())
            .map(move |message| {
                let (facts, caller) = (facts.clone(), caller.clone());
                async move { facts.ingest(&caller, None, message?).await }
            })
            .buffered(in_flight);
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_ingest_facts(
        &self,
        request: Request<IngestFactsRequest>,
    ) -> Result<Response<IngestFactsResponse>, Status> {
        let (caller, deadline) = (Caller::of(&request)?.clone(), Deadline::of(&request));
        Ok(Response::new(self.ingest(&caller, deadline, request.into_inner()).await?))
    }
}

fn outcome(fact_id: String, answer: FactAnswer) -> FactOutcome {
    let FactAnswer { outcome, state } = answer;
    let state = state.map_or(proto::referral::State::Unspecified, views::state).into();
    let counted = |result: fact_outcome::Result, referral: Uuid| FactOutcome {
        result: result.into(),
        referral: format!("referrals/{referral}"),
        state,
        ..FactOutcome::default()
    };
    let outcome = match outcome {
        Outcome::Applied(referral) => counted(fact_outcome::Result::Applied, referral),
        Outcome::Duplicate(referral) => counted(fact_outcome::Result::Duplicate, referral),
        Outcome::Unmatched => FactOutcome { result: fact_outcome::Result::Unmatched.into(), ..FactOutcome::default() },
        Outcome::Refused(refusal) => return refused(fact_id, &refusal),
    };
    FactOutcome { fact_id, ..outcome }
}

fn refused(fact_id: String, refusal: &FactRefusal) -> FactOutcome {
    FactOutcome {
        fact_id,
        result: fact_outcome::Result::Refused.into(),
        reason: refusal.reason().to_owned(),
        detail: refusal.to_string(),
        ..FactOutcome::default()
    }
}
