//! Each act leaves its statement, in the act's own transaction.

use crate::bank::{Bank, DAY, introduction_plan, request_id};
use expect_test::expect;
use handsel_proto::handsel::corebank::v1::payout_outcome::Status as Fate;
use handsel_storage::row;
use handsel_testkit::{Lab, on_both_engines};

row! {
    struct OwedRow {
        content: Vec<u8>,
    }
}

on_both_engines! {
    async fn every_act_owes_a_statement(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let name = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        bank.approve("fay", &request_id(11), &[&name], "240.00 CNY").await.unwrap();
        bank.run_jobs().await;
        for instruction in bank.instructions().await {
            bank.report(&instruction.end_to_end_id, Fate::Settled, "TX-1").await;
        }
        let owed: Vec<OwedRow> =
            bank.db.all("SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal", ()).await.unwrap();
        let mut kinds: Vec<String> = owed
            .iter()
            .map(|row| {
                let text = String::from_utf8_lossy(&row.content);
                assert!(!text.contains("customers/10\""), "a customer's number: {text}");
                let (_, rest) = text.split_once("\"type\":\"").unwrap();
                rest.split('"').next().unwrap().to_owned()
            })
            .collect();
        kinds.sort();
        expect![[r#"
            ledger.paid
            ledger.paid
            payout.instructed
            payout.instructed
            payout.outcome
            payout.outcome
            payout.sent
            payout.sent
            plan.activated
            plan.created
            plan.submitted
            reward.approved
            reward.due
            reward.due
            reward.granted
            reward.granted"#]]
        .assert_eq(&kinds.join("\n"));
    }
}
