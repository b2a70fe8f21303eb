//! `RewardInboxService`.

use super::{Api, call::Call};
use crate::{
    commands::{
        audit_holds::{Placed, Released},
        deliver::{Content, Deliver, Reversed, TierChange},
        grant_rewards::Case,
        greet::Greet,
    },
    domain::{
        refusal::{Fault, Refusal},
        reversal::Trigger,
    },
    queries,
    wire::{hold::target_from, qualification::qualification_from},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Origin, inbox::Arrival};
use handsel_proto::handsel::{
    relay::v1::{GreetRequest, GreetResponse},
    reward::v1::{
        self as wire, DeliverRequest, DeliverResponse,
        deliver_request::{Message, message},
        reward_inbox_service_server::RewardInboxService,
    },
};
use handsel_service::{
    status::{Violation, fault},
    wire::{id_from_name, timestamp_from},
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl RewardInboxService for Api {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let call = Call::of(request)?;
        let source = call.message.source.clone();
        let command = Greet { means: self.service.means.clone(), greeting: call.message.into(), now: self.now() };
        let standing = self.run(&source, call.deadline, command).await?;
        Ok(Response::new(standing.into()))
    }

    async fn deliver(&self, request: Request<DeliverRequest>) -> Result<Response<DeliverResponse>, Status> {
        let call = Call::of(request)?;
        let (actor, now) = (call.actor(), self.now());
        let origin = Origin::from(call.message.origin.clone().unwrap_or_default());
        let messages = &call.message.messages;
        let contents: Vec<_> = messages.iter().map(|message| content_from(message, &actor, now)).collect();
        let reversed = contents.iter().filter_map(|content| match content {
            Ok(Content::Reversal(reversed)) => Some(reversed.referral),
            Ok(_) | Err(_) => None,
        });
        let reach = queries::rewards::reach(&self.service.db, reversed.collect()).await.map_err(fault)?;
        let command = Deliver {
            means: self.service.means.clone(),
            arrivals: messages.iter().map(|message| Arrival::of(message.sequence, message)).collect(),
            contents,
            reach,
            origin,
            actor,
            now,
        };
        let source = command.origin.source.clone();
        let receipts = self.run(&source, call.deadline, command).await?.map_err(Status::from)?;
        Ok(Response::new(DeliverResponse { receipts }))
    }
}

/// What a message says. What cannot be taken is refused for that message alone: the sender would only send it again.
fn content_from(message: &Message, actor: &Actor, now: Timestamp) -> Result<Content, Refusal> {
    match &message.content {
        Some(message::Content::Qualification(said)) => {
            let qualification = qualification_from(said, "qualification").map_err(untakeable)?;
            Ok(Content::Qualification(Box::new(Case { qualification, actor: actor.clone(), now })))
        }
        Some(message::Content::TierChange(said)) => tier_change_from(said).map(Content::Tier).map_err(untakeable),
        Some(message::Content::Parked(_)) => Ok(Content::Parked),
        Some(message::Content::Reversal(said)) => reversed_from(said, actor).map(Content::Reversal).map_err(untakeable),
        Some(message::Content::HoldPlaced(said)) => placed_from(said).map(Content::Placed).map_err(untakeable),
        Some(message::Content::HoldReleased(said)) => released_from(said).map(Content::Released).map_err(untakeable),
        None => Err(Refusal::FieldInvalid(vec![Fault::new("content", "it is required")])),
    }
}

fn reversed_from(said: &wire::Reversal, actor: &Actor) -> Result<Reversed, Violation> {
    let wire::Reversal { referral, reason, trigger_time } = said;
    let at = timestamp_from(trigger_time.as_ref(), "reversal.trigger_time")?;
    let by = actor.person.clone().unwrap_or_else(|| actor.subject.clone());
    Ok(Reversed {
        referral: id_from_name("referrals/", referral, "reversal.referral")?,
        trigger: Trigger { reason: reason.clone(), at, by },
    })
}

fn placed_from(said: &wire::HoldPlaced) -> Result<Placed, Violation> {
    let wire::HoldPlaced { hold, target, reason, placed_by } = said;
    Ok(Placed {
        id: id_from_name("holds/", hold, "hold_placed.hold")?,
        target: target_from(target, "hold_placed.target")?,
        reason: reason.clone(),
        by: placed_by.clone(),
    })
}

fn released_from(said: &wire::HoldReleased) -> Result<Released, Violation> {
    let wire::HoldReleased { hold, proposed_by, released_by } = said;
    let id = id_from_name("holds/", hold, "hold_released.hold")?;
    Ok(Released { id, proposed_by: proposed_by.clone(), by: released_by.clone() })
}

fn tier_change_from(said: &wire::TierChange) -> Result<TierChange, Violation> {
    let wire::TierChange { customer, tier, effective_time } = said;
    Ok(TierChange {
        customer: customer.clone(),
        tier: tier.clone(),
        effective_at: timestamp_from(effective_time.as_ref(), "tier_change.effective_time")?,
    })
}

fn untakeable(violation: Violation) -> Refusal {
    Refusal::FieldInvalid(vec![Fault::new(violation.field, violation.description)])
}
