//! Money that comes back by a statement: of a payout that is settled, whole and once; everything else is left open.

use crate::file_bank::FileBank;
use handsel_proto::handsel::reward::v1::resolution::Verdict;
use handsel_testkit::{Lab, on_both_engines};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

on_both_engines! {
    async fn what_comes_back_is_owed_again_and_paid_once_more_under_another_id(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let first = files.ids(&names).await.remove(0);
        files.write(50).await.unwrap();
        let booked = files.statement("S1", &[(&first, "10.20 EUR", "CB-1", None)]);
        assert!(files.import_statement(&booked).await.is_ok());
        assert_eq!(files.states(&names).await, strings(&["PAID"]));
        let back = files.statement("S2", &[(&first, "10.20 EUR", "RT-1", Some("AC04"))]);
        let said = files.import_statement(&back).await;
        assert_eq!(said, Ok("said 1 applied 1 duplicate 0 ignored 0 differences 0".into()));
        let reward = files.bank.reward(&names[0]).await;
        assert_eq!(reward.state().as_str_name(), "STATE_RETURNED");
        let attempt = &reward.attempts[0];
        // The payment's reference stays; why it came back is beside it.
        assert_eq!((attempt.bank_reference.as_str(), attempt.reason_code.as_str()), ("CB-1", "AC04"));
        let books = files.bank.books().await;
        assert!(books.contains("RETURN SETTLED → CUSTOMER_PAYABLE 10.20 EUR customers/21"), "{books}");
        assert!(books.contains("= CUSTOMER_PAYABLE -10.20 EUR") && books.contains("= SETTLED 0.00 EUR"), "{books}");

        // Two people more: whoever decides that it is tried again, and the file that takes it.
        files.bank.retry("fiona", &crate::bank::request_id(60), &names[0]).await.unwrap();
        files.bank.retry("fiona", &crate::bank::request_id(60), &names[0]).await.unwrap();
        files.bank.run_jobs().await;
        let second = files.ids(&names).await.remove(0);
        assert_ne!(first, second);
        let file = files.write(51).await.unwrap();
        let ordered: Vec<String> = files.ordered(&file).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(ordered, std::slice::from_ref(&second), "exactly once, and not under the id that came back");

        // What was said before, said again in another statement, moves nothing; nor does the old payment.
        let again = files.statement("S3", &[
            (&first, "10.20 EUR", "CB-1", None),
            (&first, "10.20 EUR", "RT-1", Some("AC04")),
            (&second, "10.20 EUR", "CB-2", None),
        ]);
        let said = files.import_statement(&again).await;
        assert_eq!(said, Ok("said 3 applied 1 duplicate 2 ignored 0 differences 0".into()));
        assert_eq!(files.states(&names).await, strings(&["PAID"]));
        let books = files.bank.books().await;
        assert_eq!(books.matches("SETTLEMENT CLEARING → SETTLED").count(), 2, "{books}");
        assert!(books.contains("= CUSTOMER_PAYABLE 0.00 EUR") && books.contains("= SETTLED -10.20 EUR"), "{books}");
        assert_eq!(files.write(52).await.unwrap().payout_count, 0, "nothing waits");
    }

    /// A statement lists what it likes first.
    async fn what_came_back_may_stand_before_what_went_out(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let id = files.ids(&names).await.remove(0);
        files.write(50).await.unwrap();
        let both = files.statement("S1", &[
            (&id, "10.20 EUR", "RT-1", Some("AC04")),
            (&id, "10.20 EUR", "CB-1", None),
        ]);
        let said = files.import_statement(&both).await;
        assert_eq!(said, Ok("said 2 applied 2 duplicate 0 ignored 0 differences 0".into()));
        assert_eq!(files.states(&names).await, strings(&["RETURNED"]));
        files.bank.books().await;
    }

    /// The statement with the return came first, and is read once: two people book what it says, though the payout has settled since.
    async fn a_return_that_was_left_open_is_booked_by_two_people(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let id = files.ids(&names).await.remove(0);
        files.write(50).await.unwrap();
        let back = files.statement("S2", &[(&id, "10.20 EUR", "RT-1", Some("AC04"))]);
        files.import_statement(&back).await.unwrap();
        let booked = files.statement("S1", &[(&id, "10.20 EUR", "CB-1", None)]);
        files.import_statement(&booked).await.unwrap();
        assert_eq!(files.states(&names).await, strings(&["PAID"]));
        assert_eq!(files.differences().await, ["RETURNED CRDT returned AC04 10.20 EUR 10.20 EUR"]);
        let found = files.bank.propose_finding("fay", 60, &id, Verdict::Rejected).await.unwrap();
        files.bank.confirm_finding("gus", 61, &found.name).await.unwrap();
        assert_eq!(files.states(&names).await, strings(&["RETURNED"]));
        let books = files.bank.books().await;
        assert!(books.contains("RETURN SETTLED → CUSTOMER_PAYABLE 10.20 EUR customers/21"), "{books}");
    }

    /// One entry for a whole file of ours, then back: which payouts it is for is not guessed, and not passed over.
    async fn a_whole_batch_that_comes_back_is_a_difference(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let id = files.ids(&names).await.remove(0);
        files.write(50).await.unwrap();
        let whole = |statement: Vec<u8>| {
            let text = String::from_utf8(statement).unwrap().replace(&format!("<EndToEndId>{id}</EndToEndId>"), "");
            text.replace("<NtryDtls>", "<NtryDtls><Btch><PmtInfId>BANKCNBJ-0000000001</PmtInfId></Btch>")
        };
        let out = whole(files.statement("S1", &[(&id, "10.20 EUR", "CB-1", None)]));
        let back = whole(files.statement("S2", &[(&id, "10.20 EUR", "RT-1", Some("AC04"))]));
        let taken = whole(files.statement("S3", &[(&id, "10.20 EUR", "RT-2", Some("AC04"))]))
            .replace("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", "")
            .replace("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>");
        let others = back.replace("BANKCNBJ-", "PAYROLL-").replace("S2", "S4");
        for statement in [out, back, taken] {
            let said = files.import_statement(statement.as_bytes()).await;
            assert_eq!(said, Ok("said 1 applied 0 duplicate 0 ignored 0 differences 1".into()));
        }
        let said = files.import_statement(others.as_bytes()).await;
        assert_eq!(said, Ok("said 1 applied 0 duplicate 0 ignored 1 differences 0".into()), "nobody's here");
        assert_eq!(files.differences().await, [
            "BATCH_NOT_BROKEN_DOWN DBIT 10.20 EUR -",
            "BATCH_NOT_BROKEN_DOWN CRDT returned AC04 10.20 EUR -",
            "BATCH_NOT_BROKEN_DOWN CRDT reversal 10.20 EUR -",
        ]);
        assert_eq!(files.states(&names).await, strings(&["PAYING"]));
    }

    /// Two statements at once, by two processes, each with money back under its own reference: one of them is that of the payout, the
    /// other is nobody's, whoever comes first.
    async fn of_two_returns_at_once_one_is_left_open(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 30).await;
        let ids = files.ids(&names).await;
        files.write(50).await.unwrap();
        let paid: Vec<_> = ids.iter().map(|id| (id.as_str(), "10.20 EUR", "CB-1", None)).collect();
        files.import_statement(&files.statement("S1", &paid)).await.unwrap();
        let back = |statement: &str, reference: &str| {
            let entries: Vec<_> = ids.iter().map(|id| (id.as_str(), "10.20 EUR", reference, Some("AC04"))).collect();
            files.statement(statement, &entries)
        };
        let (one, other) = (back("S2", "RT-5"), back("S3", "RT-6"));
        let second = files.second().await;
        let (one, other) =
            tokio::join!(files.import_statement(&one), files.import_statement_at(&second, &other));
        let mut said = [one.unwrap(), other.unwrap()];
        said.sort();
        assert_eq!(said, [
            "said 30 applied 0 duplicate 0 ignored 0 differences 30",
            "said 30 applied 30 duplicate 0 ignored 0 differences 0",
        ]);
        let differences = files.differences().await;
        assert!(differences.iter().all(|one| one.starts_with("UNEXPECTED_CREDIT")), "{differences:?}");
        assert!(files.states(&names).await.iter().all(|state| state == "RETURNED"));
        files.bank.books().await;
    }

    async fn another_amount_or_payout_and_a_second_return_are_left_open(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 3).await;
        let ids = files.ids(&names).await;
        files.write(50).await.unwrap();
        let booked = files.statement("S1", &[
            (&ids[0], "10.20 EUR", "CB-1", None),
            (&ids[1], "10.20 EUR", "CB-2", None),
        ]);
        assert!(files.import_statement(&booked).await.is_ok());
        let before = files.bank.books().await;
        let back = files.statement("S2", &[
            (&ids[0], "10.19 EUR", "RT-1", Some("AC04")),
            (&ids[2], "10.20 EUR", "RT-2", Some("AC04")),
            ("SALARY-03", "10.20 EUR", "RT-3", Some("AC04")),
        ]);
        let said = files.import_statement(&back).await;
        assert_eq!(said, Ok("said 3 applied 0 duplicate 0 ignored 0 differences 3".into()));
        let foreign = String::from_utf8(files.statement("S3", &[(&ids[1], "10.20 EUR", "RT-4", Some("AC04"))])).unwrap();
        assert!(files.import_statement(foreign.replace("EUR", "USD").as_bytes()).await.is_ok());
        assert_eq!(files.states(&names).await, strings(&["PAID", "PAID", "PAYING"]));
        assert_eq!(files.bank.books().await, before, "nothing moved");
        assert_eq!(files.differences().await, [
            "AMOUNT_MISMATCH CRDT returned AC04 10.19 EUR 10.20 EUR",
            "RETURNED CRDT returned AC04 10.20 EUR 10.20 EUR",
            "UNKNOWN_INSTRUCTION CRDT returned AC04 10.20 EUR -",
            "CURRENCY_MISMATCH CRDT returned AC04 10.20 USD 10.20 EUR",
        ]);

        // The whole of it comes back under one reference; under another it would be money that nobody here has paid.
        let back = files.statement("S4", &[(&ids[0], "10.20 EUR", "RT-5", Some("AC04"))]);
        assert!(files.import_statement(&back).await.is_ok());
        let twice = files.statement("S5", &[(&ids[0], "10.20 EUR", "RT-6", Some("AC04"))]);
        let said = files.import_statement(&twice).await;
        assert_eq!(said, Ok("said 1 applied 0 duplicate 0 ignored 0 differences 1".into()));
        assert_eq!(files.states(&names[..1]).await, strings(&["RETURNED"]));
        assert_eq!(files.differences().await[4], "UNEXPECTED_CREDIT CRDT returned AC04 10.20 EUR 10.20 EUR");
    }
}
