//! A message that its receiver fails at is put aside with what follows of its aggregate; everything else goes on.

use crate::stage::{LEASE, Line, POISON, Stage, UNREADABLE, run};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, PurgeSent, ReleaseParked, parked};
use handsel_testkit::{Lab, on_both_engines};
use std::sync::atomic::Ordering;

fn names(customers: &[&str]) -> Vec<String> {
    customers.iter().map(|customer| format!("customers/{customer}")).collect()
}

/// What is put aside: `3 customers/poison RECEIVER_FAILS`.
async fn aside(stage: &Stage) -> Vec<String> {
    let parked = parked(&stage.sender, "reward", 100).await.unwrap();
    parked.iter().map(|one| format!("{} {} {}", one.sequence, one.aggregate, one.reason)).collect()
}

async fn release(stage: &Stage, customer: &str) -> u64 {
    let aggregate = format!("customers/{customer}");
    let (outbox, actor, now) = (stage.outbox.clone(), Actor::system("operator"), Timestamp::from_micros(0));
    let release = ReleaseParked { destination: "reward", aggregate, outbox, actor, now };
    stage.sender.transact(&release).await.unwrap()
}

on_both_engines! {
    async fn the_stream_goes_on_and_the_aggregate_waits(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", POISON, "b", POISON, "c"]).await;
        let relay = stage.relay();
        let first = relay.step().await.unwrap_err();
        assert!(format!("{first:#}").contains("number 2 cannot be delivered, try 1 of 8"), "{first:#}");
        for _ in 0..20 {
            let _failed = relay.step().await;
        }
        assert_eq!(stage.taken().await, names(&["a", "b", "c"]));
        assert_eq!(aside(&stage).await, ["2 customers/poison RECEIVER_FAILS", "4 customers/poison RECEIVER_FAILS"]);
        assert_eq!(stage.stated().await, ["relay.parked"]);

        // What follows of the same aggregate has no number yet, and waits as well.
        stage.owe(&[POISON, "d"]).await;
        for _ in 0..5 {
            relay.step().await.unwrap();
        }
        assert_eq!((stage.taken().await, stage.pending().await), (names(&["a", "b", "c", "d"]), 1));

        stage.line.mended.store(true, Ordering::SeqCst);
        assert_eq!(release(&stage, "nobody").await, 0);
        assert_eq!(release(&stage, POISON).await, 2);
        run(&relay).await;
        assert_eq!(stage.taken().await, names(&["a", "b", "c", "d", POISON, POISON, POISON]));
        assert!(aside(&stage).await.is_empty());
        assert_eq!(stage.receipts().await.len(), 9, "two of them for markers");
        assert_eq!(release(&stage, POISON).await, 0, "once");
        assert_eq!(stage.stated().await, ["relay.parked", "relay.released"]);
    }

    async fn what_is_released_too_early_is_put_aside_again(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&[UNREADABLE, "a"]).await;
        let relay = stage.relay();
        for _ in 0..20 {
            let _failed = relay.step().await;
        }
        assert_eq!(aside(&stage).await, ["1 customers/unreadable RECEIVER_REJECTS"]);
        assert_eq!(release(&stage, UNREADABLE).await, 1);
        stage.owe(&[UNREADABLE, "b"]).await;
        for _ in 0..20 {
            let _failed = relay.step().await;
        }
        assert_eq!(stage.taken().await, names(&["a", "b"]));
        assert_eq!(aside(&stage).await, ["3 customers/unreadable RECEIVER_REJECTS"], "what follows has no number yet");
        assert_eq!(stage.pending().await, 1);
    }

    /// A receiver that is away, or takes nothing at all, is no reason to put anything aside.
    async fn only_what_the_receiver_fails_at_is_put_aside(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let relay = stage.relay();
        stage.line.troubled((0..40).map(|_| crate::stage::Trouble::LostBefore));
        stage.owe(&["a"]).await;
        for _ in 0..40 {
            assert!(relay.step().await.is_err());
        }
        assert!(aside(&stage).await.is_empty());
        run(&relay).await;
        assert_eq!(stage.taken().await, names(&["a"]));
    }

    /// A marker is the same whenever it is sent, and what is put aside outlives what is forgotten.
    async fn markers_are_sent_again_and_the_message_is_kept(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&[POISON, "a"]).await;
        let relay = stage.relay();
        for _ in 0..20 {
            let _failed = relay.step().await;
        }
        let restored = crate::stage::receiver(&lab, "restored").await;
        tokio::time::sleep(LEASE).await;
        let again = stage.relay_over(Line::to(restored.clone()));
        stage.owe(&["b"]).await;
        run(&again).await;
        assert_eq!(crate::stage::taken(&restored).await[1..], names(&["a", "b"]));

        let purge = PurgeSent { destination: "reward", before: Timestamp::MAX, limit: 100 };
        assert_eq!(stage.sender.transact(&purge).await.unwrap(), 2);
        assert_eq!(release(&stage, POISON).await, 1, "it is still there");
    }
}
