//! What the tier service tells: in sequence, once, by the latest lease; and what it does to the follow-up.

use crate::bank::{Bank, DAY};
use handsel_proto::handsel::{
    referral::v1::{
        DeliverRequest, Referral, TierChange,
        deliver_request::{Message, message::Content},
        referral_inbox_service_client::ReferralInboxServiceClient,
    },
    relay::v1::{Origin, Outcome, Receipt},
};
use handsel_service::wire::to_timestamp;
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::time::Duration;
use tonic::Status;

fn origin(epoch: i64) -> Option<Origin> {
    Some(Origin { source: "tier/referral".into(), epoch })
}

/// Customer 100 is core, or not, so long from now.
fn change(bank: &Bank, sequence: i64, core: bool, from_now: Duration) -> Message {
    let change = TierChange {
        customer: "customers/100".into(),
        tier: if core { "CORE" } else { "GENERAL" }.into(),
        effective_time: Some(to_timestamp(bank.now().checked_add(from_now).unwrap())),
        core,
    };
    Message { sequence, traceparent: String::new(), content: Some(Content::TierChange(change)) }
}

async fn deliver(bank: &Bank, epoch: i64, messages: Vec<Message>) -> Result<Vec<Receipt>, Status> {
    let token = bank.lab.token(Role::Service, "*", None);
    let request = bank.lab.call(DeliverRequest { origin: origin(epoch), messages }, &token);
    let answer = ReferralInboxServiceClient::new(bank.server.channel()).deliver(request).await?;
    Ok(answer.into_inner().receipts)
}

async fn follow_up_hours(bank: &Bank, phone: &str) -> (bool, i64) {
    let referral: Referral = bank.register(bank.introduction("friends", phone)).await.unwrap();
    let follow_up = referral.follow_up.unwrap();
    let due = follow_up.due_time.unwrap().seconds - referral.create_time.unwrap().seconds;
    (follow_up.core, due / 3600)
}

on_both_engines! {
    async fn a_core_customers_referee_is_contacted_first_from_the_instant_on(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let messages = vec![change(&bank, 1, true, DAY), change(&bank, 2, false, 2 * DAY)];
        let receipts = deliver(&bank, 1, messages).await.unwrap();
        assert!(receipts.iter().all(|receipt| receipt.outcome() == Outcome::Applied));
        assert_eq!(follow_up_hours(&bank, "+420601000001").await, (false, 24));
        bank.lab.clock.advance(DAY).unwrap();
        assert_eq!(follow_up_hours(&bank, "+420601000002").await, (true, 12));
        bank.lab.clock.advance(DAY).unwrap();
        assert_eq!(follow_up_hours(&bank, "+420601000003").await, (false, 24));
    }

    async fn messages_are_taken_once_in_sequence_and_by_the_latest_lease(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let first = change(&bank, 1, true, Duration::ZERO);
        let taken = deliver(&bank, 2, vec![first.clone()]).await.unwrap();
        assert_eq!(deliver(&bank, 2, vec![first.clone()]).await.unwrap(), taken, "answered again");
        let gap = deliver(&bank, 2, vec![change(&bank, 3, true, Duration::ZERO)]).await.unwrap_err();
        assert_eq!(reason(&gap), "SEQUENCE_GAP");
        let fenced = deliver(&bank, 1, vec![change(&bank, 2, false, Duration::ZERO)]).await.unwrap_err();
        assert_eq!(reason(&fenced), "EPOCH_FENCED");
        let second = change(&bank, 2, false, Duration::ZERO);
        assert_eq!(deliver(&bank, 3, vec![first, second]).await.unwrap().len(), 2);
        assert_eq!(follow_up_hours(&bank, "+420601000001").await, (false, 24), "of two at one instant, the later told");
        let told = bank.statements().await.into_iter().filter(|kind| kind == "tier.received").count();
        assert_eq!(told, 2, "one for each run that brought something new");
    }
}
