//! Whatever is cut, killed, overtaken or restored: everything arrives once, in order, in the same bytes.

use crate::stage::{self, LEASE, Line, REFUSED, Stage, Trouble, run, taken, tier_change};
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

    async fn a_receiver_that_was_restored_is_told_so_and_told_again(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b", "c"]).await;
        run(&stage.relay()).await;
        let restored = stage::receiver(&lab, "restored").await;
        let relay = stage.relay_over(Line::to(restored.clone()));
        tokio::time::sleep(LEASE).await;
        stage.owe(&["d"]).await;
        run(&relay).await;
        let mut expected = names(&["a", "b", "c", "d"]);
        expected.insert(0, "RECEIVER_OUTDATED".to_owned());
        assert_eq!(taken(&restored).await, expected, "once, before anything else");
        assert_eq!(stage.receipts().await.len(), 4, "the first receipts stay");
        assert_eq!(stage.stated().await, ["relay.receiver_outdated"]);
    }

    /// It is restored under a relay that runs: the next number does not follow.
    async fn a_receiver_that_is_restored_meanwhile_is_told_so(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let relay = stage.relay();
        stage.owe(&["a"]).await;
        run(&relay).await;
        let emptied = ["DROP TRIGGER inbox_source_stays", "DELETE FROM inbox_source", "DROP TRIGGER inbox_receipt_stays"];
        if stage.receiver.engine() == handsel_storage::Engine::Sqlite {
            for statement in emptied.into_iter().chain(["DELETE FROM inbox_receipt"]) {
                stage.receiver.transact(&Raw(statement)).await.unwrap();
            }
        } else {
            for statement in [
                "DROP TRIGGER inbox_source_stays ON inbox_source",
                "DELETE FROM inbox_source",
                "DROP TRIGGER inbox_receipt_is_final ON inbox_receipt",
                "DELETE FROM inbox_receipt",
            ] {
                stage.receiver.transact(&Raw(statement)).await.unwrap();
            }
        }
        stage.owe(&["b"]).await;
        run(&relay).await;
        let [first, found, rest @ ..] = &stage.taken().await[..] else { panic!("nothing was taken") };
        assert_eq!((first.as_str(), found.as_str(), rest), ("customers/a", "RECEIVER_OUTDATED", names(&["a", "b"]).as_slice()));
    }

    /// What the sender has lost, the receiver still has: new messages come behind it, and the receiver hears of it first.
    async fn a_sender_that_was_restored_goes_on_behind_what_was_taken(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b"]).await;
        run(&stage.relay()).await;
        let restored = Stage { sender: lab.migrated("restored", handsel_outbox::MIGRATIONS).await, ..stage };
        restored.owe(&["x"]).await;
        run(&restored.relay()).await;
        let mut expected = names(&["a", "b", "x"]);
        expected.insert(2, "SENDER_OUTDATED".to_owned());
        assert_eq!(restored.taken().await, expected);
        assert_eq!(restored.receipts().await, ["3 APPLIED customers/x"]);
        assert_eq!((restored.stated().await, restored.pending().await), (vec!["relay.sender_outdated".to_owned()], 0));
    }

    /// A message had its number and no answer when the copy was made, and was taken since: it is the same, and is answered.
    async fn what_had_its_number_before_the_copy_is_the_same_after_it(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a"]).await;
        stage.line.troubled([Trouble::LostAfter]);
        assert!(stage.relay().step().await.is_err());
        // The receiver goes on with another sender of the same name.
        let other = Stage { sender: lab.migrated("other", handsel_outbox::MIGRATIONS).await, ..stage };
        other.owe(&["y", "z"]).await;
        run(&other.relay()).await;
        let restored = Stage { sender: lab.db("referral").await, ..other };
        tokio::time::sleep(LEASE).await;
        restored.owe(&["x"]).await;
        run(&restored.relay()).await;
        let taken = restored.taken().await;
        assert_eq!(taken.iter().filter(|one| *one == "customers/a").count(), 1, "{taken:?}");
        assert_eq!(taken.last().map(String::as_str), Some("customers/x"));
        assert_eq!(restored.receipts().await, ["1 APPLIED customers/a", "4 APPLIED customers/x"]);
        assert_eq!(restored.pending().await, 0);
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

/// Any statement.
struct Raw(&'static str);

impl Command for Raw {
    const NAME: &'static str = "test.raw";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(self.0, ()).await
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
