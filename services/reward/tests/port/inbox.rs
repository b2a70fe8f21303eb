//! What the other services tell: qualified referrals and tiers, each message once.

use crate::bank::{Bank, DAY, brief, introduction_plan, money};
use handsel_proto::handsel::{
    relay::v1::{Origin, Outcome, Receipt},
    reward::v1::{
        self as wire,
        deliver_request::{Message, message::Content},
    },
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_testkit::{Lab, on_both_engines, reason};
use tonic::{Response, Status};

pub(crate) async fn deliver(
    bank: &Bank,
    source: &str,
    epoch: i64,
    messages: Vec<(i64, Content)>,
) -> Result<Vec<Receipt>, Status> {
    let request = wire::DeliverRequest {
        origin: Some(Origin { source: source.into(), epoch }),
        messages: messages
            .into_iter()
            .map(|(sequence, content)| Message { sequence, traceparent: String::new(), content: Some(content) })
            .collect(),
    };
    let answer = bank.inbox().deliver(bank.lab.call(request, &bank.service())).await;
    answer.map(Response::into_inner).map(|answer| answer.receipts)
}

fn tier(customer: &str, tier: &str, from: handsel_money::Timestamp) -> Content {
    Content::TierChange(wire::TierChange {
        customer: format!("customers/{customer}"),
        tier: tier.into(),
        effective_time: Some(to_timestamp(from)),
    })
}

on_both_engines! {
    async fn a_fact_that_its_own_service_took_is_not_lost_to_a_clock_that_is_behind(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let now = bank.lab.clock.now();
        // The source of the fact is five minutes ahead of the referral service, which is a second ahead of us.
        let ahead = |seconds| Some(to_timestamp(now.checked_add(std::time::Duration::from_secs(seconds)).unwrap()));
        let told = |number, seconds| {
            let qualification = bank.qualification(number, "30000.00 CNY");
            Content::Qualification(wire::Qualification { qualify_time: ahead(seconds), ..qualification })
        };
        let receipts = deliver(&bank, "referral/reward", 1, vec![(1, told(1, 301)), (2, told(2, 601))]).await.unwrap();
        assert_eq!(receipts[0].outcome(), Outcome::Applied, "{}", receipts[0].reason);
        assert_eq!((receipts[1].outcome(), receipts[1].reason.as_str()), (Outcome::Refused, "FUTURE_TIME"));
    }

    async fn the_tier_in_force_at_the_qualifying_instant_counts(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let now = bank.lab.clock.now();
        let (yesterday, tomorrow) = (now.checked_sub(DAY).unwrap(), now.checked_add(DAY).unwrap());
        let changes = vec![(1, tier("10", "CORE", yesterday)), (2, tier("10", "GENERAL", tomorrow))];
        deliver(&bank, "tier/reward", 1, changes).await.unwrap();

        let rewards = bank.grant(bank.qualification(1, "10000.00 CNY")).await.unwrap();
        assert_eq!((brief(&rewards[0]).as_str(), rewards[0].tier.as_str()), ("REFERRER ACCRUED 150.00 CNY", "CORE"));
        assert_eq!(rewards[1].tier, "");
        bank.lab.clock.advance(DAY).unwrap();
        let rewards = bank.grant(bank.qualification(2, "10000.00 CNY")).await.unwrap();
        assert_eq!((brief(&rewards[0]).as_str(), rewards[0].tier.as_str()), ("REFERRER ACCRUED 100.00 CNY", "GENERAL"));
        // A referral that is told late has the tier of then.
        let late = wire::Qualification { qualify_time: Some(to_timestamp(now)), ..bank.qualification(3, "10000.00 CNY") };
        assert_eq!(bank.grant(late).await.unwrap()[0].tier, "CORE");
    }

    async fn messages_are_taken_once_and_answered_again(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let good = bank.qualification(1, "30000.00 CNY");
        let messages = || {
            vec![
                (1, Content::Qualification(good.clone())),
                (2, Content::Qualification(wire::Qualification { plan: "plans/none".into(), ..bank.qualification(2, "1.00 CNY") })),
                (3, Content::Qualification(wire::Qualification { qualifying_amount: money("1.00 CNY"), ..good.clone() })),
                (4, tier("10", "CORE", bank.lab.clock.now())),
            ]
        };
        let receipts = deliver(&bank, "referral/reward", 1, messages()).await.unwrap();
        let said: Vec<(i64, Outcome, &str)> =
            receipts.iter().map(|one| (one.sequence, one.outcome(), one.reason.as_str())).collect();
        assert_eq!(
            said,
            [
                (1, Outcome::Applied, ""),
                (2, Outcome::Refused, "NOT_FOUND"),
                (3, Outcome::Refused, "GRANT_CONFLICT"),
                (4, Outcome::Applied, ""),
            ]
        );
        assert_eq!(bank.reward(&receipts[0].resource).await.referral, good.referral);
        assert_eq!(deliver(&bank, "referral/reward", 1, messages()).await.unwrap(), receipts);
        // The same referral by the other way is the same grant.
        assert_eq!(bank.grant(good.clone()).await.unwrap()[0].name, receipts[0].resource);
        assert_eq!(bank.plan("spring").await.granted, money("350.00 CNY"));
    }

    async fn gaps_and_old_leases_are_refused(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let now = bank.lab.clock.now();
        let gap = deliver(&bank, "tier/reward", 2, vec![(2, tier("10", "CORE", now))]).await.unwrap_err();
        assert_eq!(reason(&gap), "SEQUENCE_GAP");
        deliver(&bank, "tier/reward", 2, vec![(1, tier("10", "CORE", now))]).await.unwrap();
        let fenced = deliver(&bank, "tier/reward", 1, vec![(2, tier("10", "CORE", now))]).await.unwrap_err();
        assert_eq!(reason(&fenced), "EPOCH_FENCED");
    }
}

on_both_engines! {
    async fn a_hold_of_the_audit_service_holds_under_its_own_name_and_is_released_there(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let reward = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(1).name;
        let hold = format!("holds/{}", uuid::Uuid::from_u128(77));
        let placed = |hold: &str, target: &str| {
            Content::HoldPlaced(wire::HoldPlaced {
                hold: hold.into(),
                target: target.into(),
                reason: "COURT_ORDER".into(),
                placed_by: "olga".into(),
            })
        };
        let released = |hold: &str| {
            let (proposed_by, released_by) = ("olga".into(), "karel".into());
            Content::HoldReleased(wire::HoldReleased { hold: hold.into(), proposed_by, released_by })
        };
        let unknown = format!("rewards/{}", uuid::Uuid::from_u128(9));
        let other = format!("holds/{}", uuid::Uuid::from_u128(78));
        let messages = vec![
            (1, placed(&hold, &reward)),
            (2, placed(&hold, &reward)),
            (3, placed(&hold, "plans/spring")),
            (4, placed(&other, &unknown)),
            (5, released(&other)),
        ];
        let receipts = deliver(&bank, "audit/reward", 1, messages).await.unwrap();
        let said: Vec<(Outcome, &str)> = receipts.iter().map(|one| (one.outcome(), one.reason.as_str())).collect();
        assert_eq!(said, [
            (Outcome::Applied, ""),
            (Outcome::Applied, ""),
            (Outcome::Refused, "ALREADY_EXISTS"),
            (Outcome::Refused, "NOT_FOUND"),
            (Outcome::Refused, "NOT_FOUND"),
        ]);
        bank.pass(DAY * 30).await;
        assert!(bank.instructions().await.is_empty(), "it keeps the payment back");
        let held = bank.reward(&reward).await.holds.remove(0);
        assert_eq!((held.name.as_str(), held.origin(), held.placed_by.as_str()), (hold.as_str(), wire::hold::Origin::Audit, "olga"));
        let here = bank.release_hold("karel", 50, &hold).await.unwrap_err();
        assert_eq!(reason(&here), "STATE_CONFLICT");

        let receipts = deliver(&bank, "audit/reward", 1, vec![(6, released(&hold)), (7, released(&hold))]).await.unwrap();
        assert!(receipts.iter().all(|one| one.outcome() == Outcome::Applied));
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await.len(), 1);
    }
}
