//! What is kept, what may be forgotten, and what the schema refuses whoever asks.

use crate::stage::{Stage, Trouble, run};
use handsel_money::Timestamp;
use handsel_outbox::PurgeSent;
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines, run_jobs_until_idle};
use std::time::Duration;

/// Any statement, to be refused.
struct Statement(&'static str);

impl Command for Statement {
    const NAME: &'static str = "test.statement";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(self.0, ()).await
    }
}

fn purge(before: Timestamp) -> PurgeSent {
    PurgeSent { destination: "reward", before, limit: 2 }
}

on_both_engines! {
    async fn the_job_delivers_until_nothing_is_left(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b"]).await;
        run_jobs_until_idle(&[stage.relay().job()]).await;
        assert_eq!(stage.taken().await.len(), 2);
    }

    async fn the_age_is_that_of_the_oldest(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let pending = || async { handsel_outbox::pending(&stage.sender, "reward").await.unwrap() };
        assert_eq!(pending().await.age, Duration::ZERO);
        stage.owe(&["a"]).await;
        stage.line.troubled([Trouble::LostBefore]);
        assert!(stage.relay().step().await.is_err());
        tokio::time::sleep(Duration::from_millis(30)).await;
        stage.owe(&["b"]).await;
        let waiting = pending().await;
        assert_eq!(waiting.count, 2);
        assert!(waiting.age >= Duration::from_millis(25), "{:?}", waiting.age);
    }

    async fn what_was_answered_long_ago_is_forgotten(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a", "b", "c"]).await;
        run(&stage.relay()).await;
        stage.owe(&["d"]).await;
        assert_eq!(stage.sender.transact(&purge(Timestamp::MIN)).await.unwrap(), 0, "all of it is young");
        assert_eq!(stage.sender.transact(&purge(Timestamp::MAX)).await.unwrap(), 2);
        assert_eq!(stage.sender.transact(&purge(Timestamp::MAX)).await.unwrap(), 1);
        assert_eq!(stage.sender.transact(&purge(Timestamp::MAX)).await.unwrap(), 0);
        assert_eq!((stage.receipts().await.len(), stage.pending().await), (0, 1));
        tokio::time::sleep(crate::stage::LEASE).await;
        run(&stage.relay()).await;
        assert_eq!(stage.receipts().await, ["4 APPLIED customers/d"]);
    }

    async fn the_schema_defends_itself(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.owe(&["a"]).await;
        run(&stage.relay()).await;
        stage.owe(&["b"]).await;
        stage.line.troubled([Trouble::LostBefore]);
        tokio::time::sleep(crate::stage::LEASE).await;
        assert!(stage.relay().step().await.is_err());
        for statement in [
            "UPDATE outbox_sent SET aggregate = 'other'",
            "UPDATE outbox_receipt SET outcome = 'REFUSED', reason = 'OTHER'",
            "DELETE FROM outbox_sent",
            "DELETE FROM outbox_receipt",
            "UPDATE outbox_relay SET epoch = epoch - 1",
            "UPDATE outbox_relay SET next_sequence = next_sequence - 1",
            "UPDATE outbox_relay SET delivered = next_sequence",
            "DELETE FROM outbox_relay",
        ] {
            let refused = stage.sender.transact(&Statement(statement)).await;
            assert!(matches!(refused, Err(Fault::Storage(_))), "{statement}: {refused:?}");
        }
        for statement in [
            "UPDATE inbox_receipt SET resource = 'other'",
            "DELETE FROM inbox_receipt",
            "UPDATE inbox_source SET last_sequence = last_sequence - 1",
            "DELETE FROM inbox_source",
        ] {
            let refused = stage.receiver.transact(&Statement(statement)).await;
            assert!(matches!(refused, Err(Fault::Storage(_))), "{statement}: {refused:?}");
        }
        assert_eq!(stage.receipts().await.len(), 1);
    }
}
