//! `ReferralInboxService`: what the other services tell.

use super::desk::Desk;
use crate::{
    commands::{ChangeTiers, Greet, Says, TierMessage},
    domain::tier::TierFrom,
};
use handsel_access::Caller;
use handsel_outbox::{Greeting, Origin, inbox::Arrival};
use handsel_proto::handsel::{
    referral::v1::{
        DeliverRequest, DeliverResponse, TierChange,
        deliver_request::{Message, message::Content},
        referral_inbox_service_server::ReferralInboxService,
    },
    relay::v1::{GreetRequest, GreetResponse},
};
use handsel_service::{
    Deadline,
    status::{self, FIELD_INVALID},
    wire,
};
use tonic::{Request, Response, Status};

/// The inbox.
#[derive(Clone)]
pub(crate) struct Inbox(pub(crate) Desk);

#[tonic::async_trait]
impl ReferralInboxService for Inbox {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let (act, deadline) = (self.0.act(Caller::of(&request)?), Deadline::of(&request));
        let greeting: Greeting = request.into_inner().into();
        let lane = greeting.origin.source.clone();
        let standing = self.0.run(&lane, deadline, Greet { act, greeting }).await.map_err(status::fault)?;
        Ok(Response::new(standing.into()))
    }

    async fn deliver(&self, request: Request<DeliverRequest>) -> Result<Response<DeliverResponse>, Status> {
        let (act, deadline) = (self.0.act(Caller::of(&request)?), Deadline::of(&request));
        let DeliverRequest { origin, messages } = request.into_inner();
        let origin: Origin = origin.unwrap_or_default().into();
        let lane = origin.source.clone();
        let command = ChangeTiers { act, origin, messages: messages.into_iter().map(message).collect() };
        let receipts = self.0.run(&lane, deadline, command).await.map_err(status::fault)??;
        Ok(Response::new(DeliverResponse { receipts }))
    }
}

fn message(message: Message) -> TierMessage {
    let arrival = Arrival::of(message.sequence, &message);
    let says = match message.content {
        Some(Content::TierChange(change)) => tier_from(change).map(Says::Tier),
        Some(Content::Parked(_)) => Ok(Says::Nothing),
        None => Err(FIELD_INVALID),
    };
    TierMessage { arrival, says }
}

fn tier_from(change: TierChange) -> Result<TierFrom, &'static str> {
    let TierChange { customer, tier, effective_time, core } = change;
    let effective_at = wire::timestamp_from(effective_time.as_ref(), "effective_time").map_err(|fault| fault.reason)?;
    Ok(TierFrom { customer, effective_at, tier, core })
}
