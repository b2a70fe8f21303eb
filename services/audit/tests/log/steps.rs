//! Sequencing goes wrong at each of its steps: a row that cannot be written, a commit that fails, a checkpoint that cannot be stored, an
//! answer that nobody hears. What was not committed has left nothing behind, what was committed is there once, and the log goes on
//! as if nothing had been.

use crate::stage::{Producer, Stage, config, pseudonyms, verifier};
use handsel_audit::{Audit, tlog::TreeHead};
use handsel_proto::handsel::audit::v1::{GetCheckpointRequest, SealedStatement};
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use std::future::poll_fn;
use std::task::Poll;

/// What one transaction of the sequencer writes, in this order.
const WRITTEN: [&str; 6] = ["leaf", "body", "tile", "place", "source_epoch", "head"];

/// Statements of a database, made for the test: they live as long as it.
struct Script(Vec<String>);

impl Command for Script {
    const NAME: &'static str = "test.script";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        for sql in &self.0 {
            tx.exec(sql.clone().leak(), ()).await?;
        }
        Ok(())
    }
}

/// Has every row refused that comes into a table: as a full disk does, or a right that was taken away.
async fn refuse(stage: &Stage, table: &str) {
    let postgres = vec![
        "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$".to_owned(),
        format!("CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"),
    ];
    let sqlite =
        vec![format!("CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")];
    stage.db.transact(&Script(stage.db.pick(postgres, sqlite))).await.unwrap();
}

/// Has every commit fail that has written a head: all rows are written by then.
async fn refuse_commits(stage: &Stage) {
    let postgres = vec![
        "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$".to_owned(),
        "CREATE CONSTRAINT TRIGGER broken AFTER INSERT ON head DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION broken()".to_owned(),
    ];
    let sqlite = vec![
        "CREATE TABLE debt (head INTEGER REFERENCES head (size) DEFERRABLE INITIALLY DEFERRED) STRICT".to_owned(),
        "CREATE TRIGGER broken AFTER INSERT ON head BEGIN INSERT INTO debt VALUES (-1); END".to_owned(),
    ];
    stage.db.transact(&Script(stage.db.pick(postgres, sqlite))).await.unwrap();
}

async fn mend(stage: &Stage, table: &str) {
    let postgres = vec![format!("DROP TRIGGER broken ON {table}")];
    let sqlite = vec!["DROP TRIGGER broken".to_owned()];
    stage.db.transact(&Script(stage.db.pick(postgres, sqlite))).await.unwrap();
}

/// The rows of all tables that grow.
async fn rows(stage: &Stage) -> Vec<i64> {
    let mut tx = stage.db.read().await.unwrap();
    let mut rows = Vec::new();
    for table in WRITTEN.into_iter().chain(["checkpoint"]) {
        let sql: &'static str = format!("SELECT COUNT(*) FROM {table}").leak();
        let (count,): (i64,) = tx.one(sql, ()).await.unwrap();
        rows.push(count);
    }
    rows
}

async fn signed(stage: &Stage) -> TreeHead {
    let newest = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest::default())).await.unwrap().into_inner();
    TreeHead::open(&newest.note, &verifier()).unwrap()
}

/// A run that fills a tile, so that every table has a row to take.
fn run(producer: &mut Producer) -> Vec<SealedStatement> {
    (0..256).map(|_| producer.next()).collect()
}

on_both_engines! {
    async fn a_transaction_that_fails_at_any_step_leaves_nothing_behind(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 10).await;
        for (epoch, step) in (2..).zip(WRITTEN.into_iter().chain(["commit"])) {
            let (before, was_signed) = (rows(&stage).await, signed(&stage).await);
            let run = run(&mut producer);
            let table = if step == "commit" { "head" } else { step };
            match step {
                "commit" => refuse_commits(&stage).await,
                table => refuse(&stage, table).await,
            }
            stage.append("referral/audit", epoch, run.clone()).await.expect_err(step);
            stage.sign().await;
            assert_eq!((rows(&stage).await, signed(&stage).await), (before, was_signed.clone()), "{step}");
            mend(&stage, table).await;

            // The same bytes are taken now, at the indexes that were free all the time.
            let receipts = stage.append("referral/audit", epoch, run).await.unwrap();
            assert_eq!(receipts[0].index, was_signed.size.cast_signed(), "{step}");
            stage.sign().await;
            assert_eq!(signed(&stage).await.size, was_signed.size + 256, "{step}");
        }
        assert_eq!(stage.read().await.len(), 10 + 7 * 256, "everything is proven from the first record on");
        let (found, ended) = stage.verify().await;
        assert_eq!((found, ended.is_ok()), (vec![], true));
    }

    async fn what_is_committed_and_not_signed_is_signed_by_the_next_start(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 10).await;
        let before = signed(&stage).await;
        stage.append("referral/audit", 1, run(&mut producer)).await.unwrap();
        refuse(&stage, "checkpoint").await;
        stage.try_sign().await.unwrap_err();
        assert_eq!(signed(&stage).await, before, "what cannot be stored is shown to nobody");
        mend(&stage, "checkpoint").await;

        // It was never stopped: a process that was killed here leaves exactly this.
        let next = Audit::start(stage.db.clone(), stage.lab.world(), config(), pseudonyms()).await.unwrap();
        drop(next);
        stage.sign().await;
        assert_eq!(signed(&stage).await.size, 266);
        assert_eq!(stage.read().await.len(), 266);
    }

    async fn an_answer_that_nobody_hears_is_given_again(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let run = run(&mut producer);
        {
            // The caller goes away once the call is on its way.
            let mut call = Box::pin(stage.append("referral/audit", 1, run.clone()));
            poll_fn(|context| { let _pending = call.as_mut().poll(context); Poll::Ready(()) }).await;
        }
        let receipts = stage.append("referral/audit", 1, run.clone()).await.unwrap();
        assert_eq!((receipts[0].index, receipts[255].index), (0, 255));
        assert_eq!(stage.append("referral/audit", 1, run).await.unwrap(), receipts);
        stage.sign().await;
        assert_eq!(signed(&stage).await.size, 256);
    }
}
