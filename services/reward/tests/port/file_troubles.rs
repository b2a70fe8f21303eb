//! What keeps files from being written or read, and hostile files: refused for a reason, and nothing is other than it was.

use crate::file_bank::{DEBTOR, FileBank};
use futures::stream;
use handsel_proto::handsel::reward::v1::{self as wire, payment_file::State};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::{fs, path::PathBuf};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Everything that a file could have moved.
#[derive(Debug, PartialEq)]
struct Everything {
    states: Vec<String>,
    books: String,
    differences: Vec<String>,
    rows: Vec<(i64,)>,
}

impl FileBank {
    async fn everything(&self, names: &[String]) -> Everything {
        let sql = "SELECT COUNT(*) FROM bank_file UNION ALL SELECT COUNT(*) FROM outcome_conflict
                   UNION ALL SELECT COUNT(*) FROM unknown_payout UNION ALL SELECT COUNT(*) FROM file_return
                   UNION ALL SELECT COUNT(*) FROM attempt WHERE status <> 'UNKNOWN'
                   UNION ALL SELECT COUNT(*) FROM outbox";
        Everything {
            states: self.states(names).await,
            books: self.bank.books().await,
            differences: self.differences().await,
            rows: self.bank.db.all(sql, ()).await.unwrap(),
        }
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }
}

/// Nine entities, each ten of the one before: a few hundred bytes that mean a billion.
fn bomb(text: &str) -> String {
    let mut entities = String::from("<!DOCTYPE d [<!ENTITY a0 \"ha\">");
    for level in 1..10 {
        let inner = format!("&a{};", level - 1).repeat(10);
        entities.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
    }
    text.replacen("<Document", &format!("{entities}]><Document"), 1).replacen("S1", "&a9;", 1)
}

on_both_engines! {
    async fn a_latch_that_is_down_keeps_files_empty(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 2).await;
        files.bank.stop("fay", 60, "a doubt").await;
        assert_eq!(files.write(50).await, Err("PAYOUTS_STOPPED".into()));
        assert_eq!(fs::read_dir(files.folder.path().join("out")).unwrap().count(), 0);
        assert!(files.bank.reward(&names[0]).await.attempts[0].first_send_time.is_none(), "nothing has left");
        let proposal = files.bank.propose("fay", 61).await.unwrap().proposal.unwrap().id;
        files.bank.confirm("gus", 62, &proposal).await.unwrap();
        let file = files.write(51).await.unwrap();
        assert_eq!((file.name.as_str(), file.state(), file.payout_count), ("paymentFiles/1", State::Written, 2));
    }

    async fn a_folder_that_takes_nothing_takes_the_same_file_later(lab: Lab) {
        let files = FileBank::open(lab).await;
        files.waiting(21, 2).await;
        let folder = files.folder.path().join("out");
        fs::remove_dir(&folder).unwrap();
        fs::write(&folder, "a file where the folder was").unwrap();
        assert_eq!(files.write(50).await, Err("FILE_UNWRITABLE".into()));
        assert_eq!(files.write(51).await, Err("FILE_UNWRITABLE".into()), "and again");
        fs::remove_file(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        let file = files.write(52).await.unwrap();
        assert_eq!((file.name.as_str(), file.state(), file.payout_count), ("paymentFiles/1", State::Written, 2));
        // Nowhere to put down what arrives.
        let spool = files.spool();
        fs::remove_dir(&spool).unwrap();
        let statement = files.statement("S1", &[]);
        assert_eq!(files.import_statement(&statement).await, Err("FILE_UNWRITABLE".into()));
        fs::create_dir(&spool).unwrap();
        assert!(files.import_statement(&statement).await.is_ok());
    }

    /// While the last piece is on its way, what was put down becomes something that cannot be read.
    async fn a_medium_that_gives_nothing_back_is_said_to_be_so(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let id = files.ids(&names).await.remove(0);
        files.write(50).await.unwrap();
        let statement = files.statement("S1", &[(&id, "10.20 EUR", "CB-1", None)]);
        let before = files.everything(&names).await;
        let (bytes, spool) = (statement.clone(), files.spool());
        let pieces = stream::unfold(Some(bytes), move |rest| {
            let spool = spool.clone();
            async move {
                match rest {
                    Some(data) if !data.is_empty() => Some((wire::ImportStatementRequest { data }, Some(Vec::new()))),
                    _ => {
                        spoil(&spool).await;
                        None
                    }
                }
            }
        });
        let token = files.bank.lab.token(Role::CoreBanking, "", None);
        let answer = files.client().import_statement(files.bank.lab.call(pieces, &token)).await;
        assert_eq!(reason(&answer.unwrap_err()), "FILE_UNREADABLE");
        assert_eq!(files.everything(&names).await, before);
        assert!(files.import_statement(&statement).await.is_ok(), "sent again it is taken");
        assert_eq!(files.states(&names).await, strings(&["PAID"]));
    }

    async fn hostile_files_move_nothing(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 2).await;
        let ids = files.ids(&names).await;
        let file = files.write(50).await.unwrap();
        let listed = [(ids[0].as_str(), "RJCT", Some("AC04"), None), (ids[1].as_str(), "RJCT", Some("AC04"), None)];
        let report = String::from_utf8(files.report("S1", &file, Some("PART"), &listed)).unwrap();
        let entries = [(ids[0].as_str(), "10.20 EUR", "CB-1", None), (ids[1].as_str(), "10.20 EUR", "CB-2", None)];
        let statement = String::from_utf8(files.statement("S1", &entries)).unwrap();
        let before = files.everything(&names).await;

        let reports = [
            (String::new(), "FILE_MALFORMED"),
            ("\u{0}\u{1}\u{2}".repeat(1000), "FILE_MALFORMED"),
            (report[..report.len() / 2].to_owned(), "FILE_MALFORMED"),
            (format!("{report}{report}"), "FILE_MALFORMED"),
            (bomb(&report), "FILE_FORBIDDEN"),
            (report.replacen("<Document", "<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><Document", 1), "FILE_FORBIDDEN"),
            (report.replace("pain.002.001.10", "pain.001.001.09"), "FILE_NAMESPACE"),
            (statement.clone(), "FILE_NAMESPACE"),
            (report.replace("<OrgnlCtrlSum>20.4", "<OrgnlCtrlSum>20.41"), "FILE_ORDER_MISMATCH"),
            (report.replace("BANKCNBJ-0000000001", "BANKCNBJ-0000000002"), "FILE_ORDER_UNKNOWN"),
        ];
        for (text, expected) in reports {
            assert_eq!(files.import_report(text.as_bytes()).await, Err(expected.into()), "{text:.200}");
        }
        let statements = [
            (String::new(), "FILE_MALFORMED"),
            (statement[..statement.len() - 20].to_owned(), "FILE_MALFORMED"),
            (bomb(&statement), "FILE_FORBIDDEN"),
            (statement.replace("camt.053.001.08", "camt.053.001.12"), "FILE_NAMESPACE"),
            // Its first entry is as it should be; its balances tell at the end that something was changed.
            (statement.replace(">10.20<", ">10.21<"), "FILE_TOTALS"),
            (statement.replace(&ids[1], &ids[0]).replace("CB-2", "CB-1"), "FILE_DUPLICATE_ID"),
            (statement.replace(DEBTOR, "DE89370400440532013000"), "FILE_OTHER_ACCOUNT"),
            (statement.replacen("10.20", "1e1", 1), "FILE_FIELD"),
        ];
        for (text, expected) in statements {
            assert_eq!(files.import_statement(text.as_bytes()).await, Err(expected.into()), "{text:.200}");
        }
        assert_eq!(files.everything(&names).await, before, "nothing of any of them was applied");
        assert_eq!(fs::read_dir(files.spool()).unwrap().count(), 0, "nor kept");

        // The same once more is the same no more, and an id of the bank's is used once.
        assert!(files.import_statement(statement.as_bytes()).await.is_ok());
        let after = files.everything(&names).await;
        assert_eq!(after.states, strings(&["PAID", "PAID"]));
        assert_eq!(files.import_statement(statement.as_bytes()).await, Err("FILE_ALREADY_IMPORTED".into()));
        let other = files.statement("S1", &entries[..1]);
        assert_eq!(files.import_statement(&other).await, Err("FILE_MESSAGE_ID_REUSED".into()));
        assert_eq!(files.everything(&names).await, after);
    }

    /// A whole and well-made file about payouts that nobody here has made: listed, and nothing else; but of an id of our making we
    /// may have lost the payout, and payments stop.
    async fn unknown_ids_are_listed_and_those_of_our_making_stop_payouts(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        files.write(50).await.unwrap();
        let before = files.everything(&names).await;
        let foreign = files.statement("S1", &[
            ("SALARY-1", "10.20 EUR", "CB-1", None),
            ("SALARY-2", "10.20 EUR", "CB-2", Some("AC04")),
        ]);
        let said = files.import_statement(&foreign).await;
        assert_eq!(said, Ok("said 2 applied 0 duplicate 0 ignored 0 differences 2".into()));
        let after = files.everything(&names).await;
        assert_eq!((&after.states, &after.books), (&before.states, &before.books));
        files.waiting(31, 1).await;
        assert_eq!(files.write(51).await.unwrap().payout_count, 1, "payouts go on");

        let ours = files.statement("S2", &[("0123456789abcdef0123456789abcdef012", "10.20 EUR", "CB-3", None)]);
        files.waiting(41, 1).await;
        assert!(files.import_statement(&ours).await.is_ok());
        assert_eq!(files.write(52).await, Err("PAYOUTS_STOPPED".into()));
        assert_eq!(files.bank.books().await.matches("SETTLEMENT").count(), 0);
    }
}

/// Makes a folder of what lies in the spool, once it lies there: it can be opened, and not be read.
async fn spoil(spool: &std::path::Path) {
    loop {
        if let Some(Ok(entry)) = fs::read_dir(spool).unwrap().next() {
            fs::remove_file(entry.path()).unwrap();
            fs::create_dir(entry.path()).unwrap();
            return;
        }
        tokio::task::yield_now().await;
    }
}
