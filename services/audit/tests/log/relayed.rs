//! The whole way: a command owes a statement in its transaction, the relay numbers and sends it, the log seals it.

use crate::stage::{Stage, pseudonyms};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, AuditDeliver, AuditRelay, Outbox, Owed, Relay, Statement};
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines, run_jobs_until_idle};
use serde_json::json;
use std::sync::Arc;

/// Does nothing but owe a statement.
struct Register {
    outbox: Outbox,
    now: Timestamp,
    number: u32,
}

impl Command for Register {
    const NAME: &'static str = "test.register";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let statement = Statement {
            kind: "referral.registered",
            time: self.now,
            actor: Actor::system("referral/test"),
            subjects: vec![format!("referrals/{}", self.number)],
            action: "register",
            outcome: "success",
            reason: None,
            correlation: format!("referrals/{}", self.number),
            amount: None,
            policy: None,
            body: if self.number.is_multiple_of(3) {
                serde_json::Value::Null
            } else {
                json!({ "number": self.number })
            },
        };
        self.outbox.owe(tx, self.now, vec![Owed::Audit(statement)]).await
    }
}

async fn register(db: &Db, stage: &Stage, numbers: std::ops::Range<u32>) {
    let outbox = Outbox::new("referral", stage.lab.world(), pseudonyms());
    for number in numbers {
        let command = Register { outbox: outbox.clone(), now: stage.lab.world().business.now(), number };
        db.transact(&command).await.unwrap();
    }
}

fn relay(db: &Db, stage: &Stage) -> Relay {
    let deliver = AuditDeliver::new(stage.lab.peer(stage.server.address()));
    AuditRelay::new(db.clone(), "referral", Arc::new(deliver))
}

on_both_engines! {
    async fn what_a_service_owes_lies_in_the_log_whoever_relays_it(lab: Lab) {
        let stage = Stage::set(lab).await;
        let tables = [handsel_storage::MIGRATIONS, handsel_outbox::MIGRATIONS].concat();
        let db = stage.lab.migrated("referral", &tables).await;
        let first = relay(&db, &stage);
        register(&db, &stage, 0..20).await;
        run_jobs_until_idle(&[first.job()]).await;
        first.release().await.unwrap();

        let second = relay(&db, &stage);
        register(&db, &stage, 20..300).await;
        run_jobs_until_idle(&[second.job()]).await;
        stage.sign().await;
        let read = stage.read().await;
        assert_eq!(read.len(), 300);
        for (number, statement) in read.iter().enumerate() {
            assert_eq!(statement["subjects"], json!([format!("referrals/{number}")]));
            assert_eq!(statement["source_seq"], json!((number + 1).to_string()));
        }
        assert_ne!(read[0]["epoch"], read[299]["epoch"], "the second relay has a lease of its own");
    }
}
