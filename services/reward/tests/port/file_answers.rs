//! What the bank's files say: outcomes where it fits, differences left open where it does not, and refusals that change nothing.

use crate::file_bank::{DEBTOR, FileBank};
use handsel_reward::domain::reconciliation::SettledBy;
use handsel_testkit::{Lab, on_both_engines};
use std::process::Command;

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

on_both_engines! {
    async fn a_report_and_then_a_statement_settle_what_they_say(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 3).await;
        let ids = files.ids(&names).await;
        let file = files.write(50).await.unwrap();
        let report = files.report("R1", &file, Some("PART"), &[
            (&ids[0], "ACSC", None, Some("CB-1")),
            (&ids[1], "RJCT", Some("AC04"), None),
            (&ids[2], "PDNG", None, None),
            ("0000000000000000000000000000000nobody", "ACCP", None, None),
        ]);
        assert_eq!(files.import_report(&report).await, Err("FILE_FIELD".into()), "an id is 35 characters long");
        let report = files.report("R1", &file, Some("PART"), &[
            (&ids[0], "ACSC", None, Some("CB-1")),
            (&ids[1], "RJCT", Some("AC04"), None),
            (&ids[2], "BLCK", None, None),
        ]);
        let said = files.import_report(&report).await;
        assert_eq!(said, Ok("said 3 applied 2 duplicate 0 ignored 0 differences 1".into()));
        // Only the statement settles; what is neither yes nor no is left open.
        assert_eq!(files.states(&names).await, strings(&["PAYING", "FAILED", "PAYING"]));
        assert_eq!(files.differences().await, ["STATUS_UNCLEAR BLCK 10.20 EUR 10.20 EUR"]);
        assert_eq!(files.bank.reward(&names[1]).await.attempts[0].reason_code, "AC04");

        let statement = files.statement("S1", &[
            (&ids[0], "10.20 EUR", "CB-1", None),
            (&ids[2], "10.20 EUR", "CB-2", None),
            (&ids[2], "10.20 EUR", "CB-3", Some("AC04")),
            ("SALARY-03", "99.00 EUR", "CB-4", None),
        ]);
        let said = files.import_statement(&statement).await;
        assert_eq!(said, Ok("said 4 applied 3 duplicate 0 ignored 0 differences 1".into()));
        assert_eq!(files.states(&names).await, strings(&["PAID", "FAILED", "RETURNED"]));
        assert_eq!(files.bank.reward(&names[0]).await.attempts[0].bank_reference, "CB-1");
        assert_eq!(files.differences().await[1..], ["UNKNOWN_INSTRUCTION DBIT 99.00 EUR -"]);
        files.bank.books().await;
    }

    async fn what_holds_for_the_whole_file_holds_for_what_is_not_listed(lab: Lab) {
        let files = FileBank::settling(lab, SettledBy::StatusReport).await;
        let names = files.waiting(21, 3).await;
        let ids = files.ids(&names).await;
        let file = files.write(50).await.unwrap();
        let report = files.report("R1", &file, Some("ACTC"), &[(&ids[1], "RJCT", Some("AC01"), None)]);
        let said = files.import_report(&report).await;
        assert_eq!(said, Ok("said 3 applied 3 duplicate 0 ignored 0 differences 0".into()));
        assert_eq!(files.states(&names).await, strings(&["PAYING", "FAILED", "PAYING"]));
        // Settled by a report, where it gives the bank's reference; without one that is left open.
        let report = files.report("R2", &file, Some("PART"), &[
            (&ids[0], "ACCC", None, Some("CB-1")),
            (&ids[2], "ACCC", None, None),
        ]);
        let said = files.import_report(&report).await;
        assert_eq!(said, Ok("said 2 applied 1 duplicate 0 ignored 0 differences 1".into()));
        assert_eq!(files.states(&names).await, strings(&["PAID", "FAILED", "PAYING"]));
        assert_eq!(files.differences().await, ["BANK_REFERENCE_MISSING ACCC 10.20 EUR 10.20 EUR"]);
        let report = files.report("R3", &file, Some("RJCT"), &[]);
        let said = files.import_report(&report).await;
        // What is paid was not refused: that contradiction is kept for people.
        assert_eq!(said, Ok("said 3 applied 1 duplicate 1 ignored 0 differences 1".into()));
        assert_eq!(files.states(&names).await, strings(&["PAID", "FAILED", "FAILED"]));
        assert_eq!(files.differences().await[1], "OUTCOME_CONFLICT RJCT - 10.20 EUR");
    }

    async fn other_amounts_and_other_files_are_differences(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 2).await;
        let ids = files.ids(&names).await;
        let first = files.write(50).await.unwrap();
        let others = files.waiting(31, 1).await;
        let other = files.ids(&others).await;
        files.write(51).await.unwrap();
        let report = files.report("R1", &first, Some("PART"), &[(&other[0], "RJCT", Some("AC04"), None)]);
        assert_eq!(files.import_report(&report).await.unwrap(), "said 1 applied 0 duplicate 0 ignored 0 differences 1");
        let statement = files.statement("S1", &[
            (&ids[0], "10.21 EUR", "CB-1", None),
            (&ids[1], "10.20 EUR", "CB-2", None),
        ]);
        let usd = String::from_utf8(files.statement("S2", &[(&other[0], "10.20 EUR", "CB-3", None)])).unwrap();
        assert!(files.import_statement(&statement).await.is_ok());
        assert!(files.import_statement(usd.replace("EUR", "USD").as_bytes()).await.is_ok());
        assert_eq!(files.states(&names).await, strings(&["PAYING", "PAID"]));
        assert_eq!(files.states(&others).await, strings(&["PAYING"]));
        assert_eq!(files.differences().await, [
            "NOT_IN_ORDER RJCT AC04 10.20 EUR 10.20 EUR",
            "AMOUNT_MISMATCH DBIT 10.21 EUR 10.20 EUR",
            "CURRENCY_MISMATCH DBIT 10.20 USD 10.20 EUR",
        ]);
    }

    async fn of_a_file_with_anything_wrong_nothing_is_applied(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 2).await;
        let ids = files.ids(&names).await;
        let file = files.write(50).await.unwrap();
        let listed = [(ids[0].as_str(), "RJCT", Some("AC04"), None), (ids[1].as_str(), "RJCT", Some("AC04"), None)];
        let good = String::from_utf8(files.report("R1", &file, Some("PART"), &listed)).unwrap();
        let entity = "<!DOCTYPE d [<!ENTITY a \"b\">]><Document";
        let wrong = [
            (good[..good.len() - 30].to_owned(), "FILE_MALFORMED"),
            (good.replacen("<Document", entity, 1), "FILE_FORBIDDEN"),
            (good.replace("pain.002.001.10", "pain.002.001.99"), "FILE_NAMESPACE"),
            (good.replace(&ids[1], &ids[0]), "FILE_DUPLICATE_ID"),
            (good.replace("<OrgnlNbOfTxs>2", "<OrgnlNbOfTxs>1"), "FILE_TOTALS"),
            (good.replace("<OrgnlNbOfTxs>2", "<OrgnlNbOfTxs>3"), "FILE_ORDER_MISMATCH"),
            (good.replace("<OrgnlCtrlSum>20.4", "<OrgnlCtrlSum>20.5"), "FILE_ORDER_MISMATCH"),
            (good.replace("<OrgnlMsgId>BANKCNBJ-0000000001", "<OrgnlMsgId>BANKCNBJ-0000000009"), "FILE_ORDER_UNKNOWN"),
            (good.replace("10.20", "10.205"), "FILE_FIELD"),
            (good.replace("REPORT", &"x".repeat(100_000)).replace("R1", &"x".repeat(100_000)), "FILE_TOO_LARGE"),
        ];
        for (text, expected) in wrong {
            assert_eq!(files.import_report(text.as_bytes()).await, Err(expected.into()));
        }
        let statement = String::from_utf8(files.statement("S1", &[(&ids[0], "10.20 EUR", "CB-1", None)])).unwrap();
        let wrong = [
            (statement.replace(DEBTOR, "DE89370400440532013000"), "FILE_OTHER_ACCOUNT"),
            (statement.replace(">1000000.00<", ">1000000.01<"), "FILE_TOTALS"),
            (good.clone(), "FILE_NAMESPACE"),
        ];
        for (text, expected) in wrong {
            assert_eq!(files.import_statement(text.as_bytes()).await, Err(expected.into()));
        }
        assert_eq!(files.states(&names).await, strings(&["PAYING", "PAYING"]));
        assert_eq!(files.differences().await.len(), 0);

        // The good one is taken once: neither its bytes nor its id again.
        assert!(files.import_report(good.as_bytes()).await.is_ok());
        assert_eq!(files.import_report(good.as_bytes()).await, Err("FILE_ALREADY_IMPORTED".into()));
        let other = good.replace("AC04", "AC01");
        assert_eq!(files.import_report(other.as_bytes()).await, Err("FILE_MESSAGE_ID_REUSED".into()));
        assert_eq!(files.states(&names).await, strings(&["FAILED", "FAILED"]));
        let spool = files.folder.path().join("spool");
        assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0, "nothing that was read is kept");
    }

    /// Five thousand, written, held to the schema, and answered: five hundred at a time, whatever their number.
    async fn many_payouts_are_written_checked_and_answered(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(1_000, 5_000).await;
        let told = files.write_telling(50).await.unwrap();
        let (mut entered, mut written) = (0, 0);
        for message in &told {
            let payouts = message.file.as_ref().unwrap().payout_count;
            assert!(payouts - entered <= 500 && message.written - written <= 500, "more at once than a run: {message:?}");
            (entered, written) = (payouts, message.written.max(written));
        }
        assert!(told.len() > 20, "its progress is told");
        let file = told.last().unwrap().file.clone().unwrap();
        assert_eq!(file.payout_count, 5_000);
        let ids: Vec<String> = files.ordered(&file).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(ids.len(), 5_000);
        valid(&files.path(&file));
        let references: Vec<String> = (0..ids.len()).map(|number| format!("CB-{number}")).collect();
        let entries: Vec<_> =
            ids.iter().zip(&references).map(|(id, reference)| (id.as_str(), "10.20 EUR", reference.as_str(), None)).collect();
        let said = files.import_statement(&files.statement("S1", &entries)).await;
        assert_eq!(said, Ok("said 5000 applied 5000 duplicate 0 ignored 0 differences 0".into()));
        assert_eq!(files.states(&names[..1]).await, strings(&["PAID"]));
    }
}

/// Held to the schema that PyPI's `sepaxml` carries. `tests/run` prepares the Python that has it.
fn valid(path: &std::path::Path) {
    let python = std::env::var("HANDSEL_TEST_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/iso20022/tests/messages/schemas.py");
    let output = Command::new(python).arg(script).arg(path).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
