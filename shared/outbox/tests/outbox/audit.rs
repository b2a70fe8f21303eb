//! Statements on their way to the log: sealed in the command, chained by the relay, sent in the same bytes.

use crate::stage::{LEASE, Line, Owe, Trouble, run};
use expect_test::expect;
use futures::future::BoxFuture;
use handsel_money::Timestamp;
use handsel_outbox::{
    Actor, AuditRelay, Deliver, DeliverFault, Delivered, Greeting, MIGRATIONS, Numbered, Origin, Outbox, Outcome, Owed,
    Pseudonyms, PurgeSent, Receipt, Relay, RelaySettings, Standing, Statement,
    statement::{GENESIS, body_digest, parse, statement_digest},
};
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use serde_json::json;
use std::sync::{Arc, Mutex};

fn noted(number: usize) -> Statement {
    Statement {
        kind: "test.noted",
        time: Timestamp::from_micros(1_767_603_600_000_000),
        actor: Actor::system("test"),
        subjects: vec![format!("referrals/{number}")],
        action: "note",
        outcome: "success",
        reason: None,
        correlation: format!("referrals/{number}"),
        amount: None,
        policy: None,
        body: json!({ "number": number }),
    }
}

fn outbox(lab: &Lab) -> Outbox {
    Outbox::new("referral", lab.world(), Pseudonyms::from_key(&[1; 32]))
}

async fn owe(db: &Db, lab: &Lab, statements: Vec<Statement>) {
    let owed = statements.into_iter().map(Owed::Audit).collect();
    db.transact(&Owe { outbox: outbox(lab), owed }).await.unwrap();
}

/// A log in memory: the same number again gets the same index again.
#[derive(Default)]
struct Log {
    kept: Mutex<Vec<Numbered>>,
    /// It has lost what it had, and says so.
    emptied: Mutex<bool>,
    /// So many records are covered.
    covered: Mutex<i64>,
}

impl Deliver for Log {
    fn greet(&self, _: Greeting) -> BoxFuture<'_, Result<Standing, DeliverFault>> {
        let kept = self.kept.lock().unwrap();
        let standing = match kept.last() {
            Some(last) if !*self.emptied.lock().unwrap() => Standing {
                epoch: parse(&last.bytes).unwrap().epoch,
                last_sequence: last.sequence,
                last_digest: statement_digest(&last.bytes).to_vec(),
            },
            _ => Standing::default(),
        };
        Box::pin(async { Ok(standing) })
    }

    fn deliver<'a>(
        &'a self,
        origin: Origin,
        messages: &'a [Numbered],
    ) -> BoxFuture<'a, Result<Delivered, DeliverFault>> {
        assert_eq!(origin.source, "referral/audit");
        if *self.emptied.lock().unwrap() {
            return Box::pin(async { Err(DeliverFault::Gap { expected: 1 }) });
        }
        let mut kept = self.kept.lock().unwrap();
        let receipts = messages.iter().map(|message| {
            let index = message.sequence - 1;
            if index == i64::try_from(kept.len()).unwrap() {
                kept.push(message.clone());
            }
            Receipt { sequence: message.sequence, outcome: Outcome::Sealed { index, leaf: message.bytes.clone() } }
        });
        let receipts = receipts.collect();
        let covered_size = Some(*self.covered.lock().unwrap());
        Box::pin(async move { Ok(Delivered { receipts, covered_size }) })
    }
}

fn relay(db: &Db, line: Arc<dyn Deliver>) -> Relay {
    AuditRelay::new(db.clone(), "referral", line).paced(RelaySettings { lease: LEASE, ..RelaySettings::default() })
}

on_both_engines! {
    async fn statements_are_chained_across_relays(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let log = Arc::new(Log::default());
        let line = Line::over(log.clone());
        line.troubled([Trouble::LostBefore, Trouble::LostAfter]);
        owe(&db, &lab, (0..3).map(noted).collect()).await;
        run(&relay(&db, line.clone())).await;
        owe(&db, &lab, (3..5).map(noted).collect()).await;
        run(&relay(&db, line.clone())).await;
        line.assert_identical();

        let kept = log.kept.lock().unwrap();
        let (mut prev, mut epochs) = (GENESIS, Vec::new());
        for (number, (numbered, sequence)) in kept.iter().zip(1..).enumerate() {
            let statement = parse(&numbered.bytes).unwrap();
            assert_eq!((statement.source_seq, numbered.sequence, statement.prev), (sequence, sequence, prev));
            assert_eq!(statement.subjects, [format!("referrals/{number}")]);
            let salt = numbered.body_salt.as_slice().try_into().unwrap();
            assert_eq!(statement.body.unwrap().digest, body_digest(&salt, &numbered.body));
            epochs.push(statement.epoch);
            prev = statement_digest(&numbered.bytes);
        }
        assert_eq!(epochs, [1, 1, 1, 2, 2]);
    }

    async fn the_receipt_is_kept_beside_the_statement(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        owe(&db, &lab, vec![noted(0)]).await;
        run(&relay(&db, Arc::new(Log::default()))).await;
        let sql = "SELECT r.log_index, r.leaf, s.bytes FROM outbox_receipt r JOIN outbox_sent s USING (destination, sequence)";
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = db.all(sql, ()).await.unwrap();
        let [(0, leaf, bytes)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(leaf, bytes);
    }

    /// A log that is restored to its last checkpoint can be told the rest again, however long ago it was told first.
    async fn what_no_checkpoint_covers_is_kept(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let log = Arc::new(Log::default());
        let relay = relay(&db, log.clone());
        let purge = PurgeSent { destination: "audit", before: Timestamp::MAX, limit: 100 };
        owe(&db, &lab, (0..3).map(noted).collect()).await;
        *log.covered.lock().unwrap() = 2;
        run(&relay).await;
        assert_eq!(db.transact(&purge).await.unwrap(), 2);
        assert_eq!(db.transact(&purge).await.unwrap(), 0, "the third may still be lost");
        owe(&db, &lab, vec![noted(3)]).await;
        *log.covered.lock().unwrap() = 3;
        run(&relay).await;
        assert_eq!(db.transact(&purge).await.unwrap(), 1);
    }

    /// A quarter of a megabyte each: a call stays below what gRPC takes.
    async fn large_statements_are_sent_in_portions(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let line = Line::over(Arc::new(Log::default()));
        let large = |number| Statement { body: json!("x".repeat(250_000)), ..noted(number) };
        owe(&db, &lab, (0..12).map(large).collect()).await;
        run(&relay(&db, line.clone())).await;
        assert_eq!(*line.calls.lock().unwrap(), [8, 4]);
        line.assert_identical();
    }

    /// A log that has lost its end is a finding; filling it up again would hide it.
    async fn a_log_that_has_lost_statements_is_not_filled_up(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let log = Arc::new(Log::default());
        let relay = relay(&db, log.clone());
        owe(&db, &lab, vec![noted(0)]).await;
        run(&relay).await;
        *log.emptied.lock().unwrap() = true;
        owe(&db, &lab, vec![noted(1)]).await;
        let stuck = relay.step().await.unwrap_err();
        expect!["number 1 cannot be delivered: the log has lost statements that it had receipted"].assert_eq(&stuck.to_string());
        assert_eq!(relay.pending().await.unwrap().count, 1);
    }

    /// The numbers, the leases and the chain go on behind what the log holds.
    async fn a_sender_that_was_restored_goes_on_behind_the_log(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let log = Arc::new(Log::default());
        owe(&db, &lab, (0..3).map(noted).collect()).await;
        run(&relay(&db, log.clone())).await;
        let restored = lab.migrated("restored", MIGRATIONS).await;
        owe(&restored, &lab, vec![noted(7)]).await;
        run(&relay(&restored, log.clone())).await;
        let kept = log.kept.lock().unwrap();
        let [.., third, fourth] = kept.as_slice() else { panic!("{kept:?}") };
        let read = parse(&fourth.bytes).unwrap();
        assert_eq!((read.source_seq, read.prev, read.subjects), (4, statement_digest(&third.bytes), vec!["referrals/7".to_owned()]));
        assert!(read.epoch > parse(&third.bytes).unwrap().epoch);
    }

    async fn what_cannot_be_sealed_has_not_happened(lab: Lab) {
        let db = lab.migrated("referral", MIGRATIONS).await;
        let fine = Owed::Audit(noted(0));
        let prose = Owed::Audit(Statement { reason: Some("because I say so".to_owned()), ..noted(1) });
        let both = Twice { outbox: outbox(&lab), first: fine, second: prose };
        let refused = db.transact(&both).await.unwrap_err();
        let expected = expect!["cannot be written: statement test.noted: reason: a code, UPPER_SNAKE; prose belongs into the body"];
        expected.assert_eq(&refused.to_string());
        assert_eq!(handsel_outbox::pending(&db, "audit").await.unwrap().count, 0);
    }
}

/// Owes twice in one transaction.
struct Twice {
    outbox: Outbox,
    first: Owed,
    second: Owed,
}

impl Command for Twice {
    const NAME: &'static str = "test.twice";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let now = Timestamp::from_micros(1_767_603_600_000_000);
        self.outbox.owe(tx, now, vec![self.first.clone()]).await?;
        self.outbox.owe(tx, now, vec![self.second.clone()]).await
    }
}
