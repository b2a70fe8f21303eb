//! Whatever is cut, killed, overtaken or restored: everything arrives once, in order, in the same bytes.

use crate::stage::{self, LEASE, Line, REFUSED, Stage, Trouble, UNREADABLE, run, taken, tier_change};
use handsel_outbox::Owed;
use handsel_service::Worked;
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::timeout};

fn names(customers: &[&str]) -> Vec<String> {
    customers.iter().map(|customer| format!("customers/{customer}")).collect()
}

on_both_engines! {
    async fn what_is_owed_arrives(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let relay = stage.relay();
        assert_eq!(relay.step().await.unwrap(), Worked::Idle);
        stage.owe(&["a", "b"]).await;
        stage.owe(&["c"]).await;
        assert_eq!(stage.pending().await, 3);
        assert_eq!(relay.step().await.unwrap(), Worked::More);
        assert_eq!(relay.step().await.unwrap(), Worked::Idle);
        assert_eq!(stage.taken().await, names(&["a", "b", "c"]));
        assert_eq!(stage.pending().await, 0);
        assert_eq!(stage.receipts().await, ["1 APPLIED customers/a", "2 APPLIED customers/b", "3 APPLIED customers/c"]);
    }

    async fn a_cut_line_changes_nothing(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let relay = stage.relay();
        stage.line.troubled([Trouble::LostBefore, Trouble::LostAfter, Trouble::LostBefore, Trouble::LostAfter]);
        stage.owe(&["a", "b"]).await;
        assert!(relay.step().await.is_err());
        assert_eq!((stage.taken().await.len(), stage.pending().await), (0, 2));
        stage.owe(&["c"]).await;
        run(&relay).await;
        assert_eq!(stage.taken().await, names(&["a", "b", "c"]));
        stage.line.assert_identical();
    }

    /// The process dies with a number given and nothing sent; then with everything taken and no receipt kept.
    async fn a_killed_relay_is_followed_by_another(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b"]).await;
        for trouble in [Trouble::HeldBack(Arc::default()), Trouble::SilentAfter] {
            stage.line.troubled([trouble]);
            let doomed = stage.relay();
            let killed = async {
                while doomed.step().await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            assert!(timeout(LEASE * 3, killed).await.is_err(), "it stands in the middle of a call when it is killed");
            stage.owe(&["c"]).await;
        }
        run(&stage.relay()).await;
        assert_eq!(stage.taken().await, names(&["a", "b", "c", "c"]));
        stage.line.assert_identical();
    }

    /// One relay is thought dead, and is not: what it sends late is fenced, and what it would write is lost.
    async fn of_two_relays_one_sends(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b"]).await;
        let slow_line = Line::to(stage.receiver.clone());
        let awake = Arc::new(Notify::new());
        slow_line.troubled([Trouble::HeldBack(awake.clone())]);
        let slow = stage.relay_over(slow_line.clone());
        let late = tokio::spawn({
            let slow = slow.clone();
            async move { slow.step().await }
        });
        while slow_line.calls.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let quick = stage.relay();
        run(&quick).await;
        assert_eq!(stage.taken().await, names(&["a", "b"]));

        awake.notify_one();
        assert_eq!(late.await.unwrap().unwrap(), Worked::Idle, "it finds itself overtaken");
        assert_eq!(stage.receipts().await.len(), 2);
        stage.owe(&["c"]).await;
        assert_eq!(slow.step().await.unwrap(), Worked::Idle, "it stands by");
        assert_eq!(quick.step().await.unwrap(), Worked::More);
        assert_eq!(stage.taken().await, names(&["a", "b", "c"]));
    }

    async fn many_relays_at_once_deliver_once(lab: Lab) {
        let stage = Arc::new(Stage::set(&lab).await);
        let customers: Vec<String> = (0..60).map(|number| format!("n{number}")).collect();
        let mut relays = Vec::new();
        for _ in 0..3 {
            let relay = stage.relay();
            relays.push(tokio::spawn(async move {
                for _ in 0..100 {
                    let _failed = relay.step().await;
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
            }));
        }
        for one in &customers {
            stage.owe(&[one.as_str()]).await;
        }
        for relay in relays {
            relay.await.unwrap();
        }
        run(&stage.relay()).await;
        let expected: Vec<String> = customers.iter().map(|customer| format!("customers/{customer}")).collect();
        assert_eq!(stage.taken().await, expected);
        stage.line.assert_identical();
    }

    async fn an_orderly_end_leaves_no_wait(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let first = stage.relay();
        stage.owe(&["a"]).await;
        run(&first).await;
        first.release().await.unwrap();
        stage.owe(&["b"]).await;
        assert_eq!(stage.relay().step().await.unwrap(), Worked::More);
        assert_eq!(stage.taken().await, names(&["a", "b"]));
    }

    async fn a_business_refusal_is_an_answer(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.line.troubled([Trouble::LostAfter]);
        stage.owe(&["a", REFUSED, "b"]).await;
        let relay = stage.relay();
        run(&relay).await;
        assert_eq!(stage.taken().await, names(&["a", "b"]));
        let expected = ["1 APPLIED customers/a", "2 REFUSED CUSTOMER_UNKNOWN", "3 APPLIED customers/b"];
        assert_eq!(stage.receipts().await, expected);
        assert_eq!(relay.step().await.unwrap(), Worked::Idle, "it is not sent again");
    }

    /// The receiver's contract is older than the message: those before it get through, it stays at the head.
    async fn what_cannot_be_read_stands_at_the_head(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b", UNREADABLE, "c"]).await;
        let relay = stage.relay();
        let stuck = relay.step().await.unwrap_err();
        assert!(stuck.to_string().starts_with("number 3 cannot be delivered"), "{stuck}");
        assert!(relay.step().await.is_err());
        assert_eq!((stage.taken().await, stage.pending().await), (names(&["a", "b"]), 2));
        assert_eq!(*stage.line.calls.lock().unwrap(), [4, 1, 1, 1, 2, 1]);
    }

    async fn a_receiver_that_was_restored_is_told_again(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b", "c"]).await;
        run(&stage.relay()).await;
        let restored = stage::receiver(&lab, "restored").await;
        let relay = stage.relay_over(Line::to(restored.clone()));
        tokio::time::sleep(LEASE).await;
        stage.owe(&["d"]).await;
        run(&relay).await;
        assert_eq!(taken(&restored).await, names(&["a", "b", "c", "d"]));
        assert_eq!(stage.receipts().await.len(), 4, "the first receipts stay");
    }

    /// The sender's numbers begin again: other messages under numbers that were taken are never passed off as delivered.
    async fn a_sender_that_was_restored_is_stopped(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b"]).await;
        run(&stage.relay()).await;
        let restored = Stage { sender: lab.migrated("restored", handsel_outbox::MIGRATIONS).await, ..stage };
        restored.owe(&["x"]).await;
        let stuck = restored.relay().step().await.unwrap_err();
        assert!(stuck.to_string().contains("MESSAGE_CONFLICT"), "{stuck}");
        assert_eq!((restored.taken().await, restored.pending().await), (names(&["a", "b"]), 1));
    }

    async fn many_at_once_keep_their_order(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let customers: Vec<String> = (0..600).map(|number| format!("n{number:03}")).collect();
        stage.owe(&customers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        run(&stage.relay()).await;
        assert_eq!(*stage.line.calls.lock().unwrap(), [256, 256, 88]);
        let expected: Vec<String> = customers.iter().map(|customer| format!("customers/{customer}")).collect();
        assert_eq!(stage.taken().await, expected);
    }
}

/// Owes, and waits for a sign before it commits.
struct OweSlowly {
    stage: Arc<Stage>,
    owed: Owed,
    written: Arc<Notify>,
    commit: Arc<Notify>,
}

impl Command for OweSlowly {
    const NAME: &'static str = "test.owe_slowly";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let now = handsel_money::Timestamp::from_micros(1_767_603_600_000_000);
        self.stage.outbox.owe(tx, now, vec![self.owed.clone()]).await?;
        self.written.notify_one();
        self.commit.notified().await;
        Ok(())
    }
}

/// Only where two transactions write at once: what is written first and commits last is not skipped.
#[test]
fn what_commits_late_is_not_skipped() {
    handsel_testkit::run(handsel_testkit::Engine::Postgres, |lab| async move {
        let stage = Arc::new(Stage::set(&lab).await);
        let (written, commit) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slowly = OweSlowly {
            stage: Arc::clone(&stage),
            owed: tier_change("late"),
            written: Arc::clone(&written),
            commit: Arc::clone(&commit),
        };
        let late = tokio::spawn(async move { slowly.stage.sender.transact(&slowly).await });
        written.notified().await;
        stage.owe(&["early"]).await;
        let relay = stage.relay();
        run(&relay).await;
        commit.notify_one();
        late.await.unwrap().unwrap();
        run(&relay).await;
        assert_eq!(stage.taken().await, names(&["early", "late"]));
    });
}
