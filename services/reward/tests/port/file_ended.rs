//! A payout that is paid or refused while its file is on its way: the bank is not asked for it once more. And whose account it goes to.

use crate::{
    bank::{DAY, request_id},
    file_bank::{FileBank, iban},
};
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, payment_file::State, resolution::Verdict},
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::{collections::BTreeSet, fs, path::PathBuf};

impl FileBank {
    async fn first_file(&self) -> wire::PaymentFile {
        let token = self.bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetPaymentFileRequest { name: "paymentFiles/1".into() };
        self.client().get_payment_file(self.bank.lab.call(request, &token)).await.unwrap().into_inner()
    }

    /// A file of two payouts that is sealed and could not be put where the bank finds it: where that is, where its bytes are, and the
    /// ids in it. The bank says that it refused the first.
    async fn sealed_with_one_ended(&self) -> (PathBuf, PathBuf, Vec<String>) {
        let names = self.waiting(21, 2).await;
        let ids = self.ids(&names).await;
        let out = self.folder.path().join("out");
        let (place, part) = (out.join("BANKCNBJ-0000000001.xml"), out.join(".BANKCNBJ-0000000001.xml.part"));
        fs::write(&place, "not ours").unwrap();
        assert_eq!(self.write(50).await.unwrap_err(), "FILE_CHANGED");
        fs::remove_file(&place).unwrap();
        assert_eq!(self.first_file().await.state(), State::Sealed);
        assert_eq!(self.bank.report(&ids[0], Fate::Rejected, "").await, "APPLIED FAILED");
        (place, part, ids)
    }
}

on_both_engines! {
    async fn what_ends_before_its_file_is_sealed_leaves_it(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 3).await;
        let first = files.ids(&names).await;
        // Its payouts are decided, its bytes are not.
        *files.registry.answers.lock().unwrap() = Some(1);
        assert_eq!(files.write(50).await.unwrap_err(), "PAYEES_UNAVAILABLE");
        assert_eq!(files.first_file().await.payout_count, 3);
        // One is said to be refused, and is tried again: it waits under another id. One is said to be paid.
        assert_eq!(files.bank.report(&first[0], Fate::Rejected, "").await, "APPLIED FAILED");
        assert_eq!(files.bank.report(&first[1], Fate::Settled, "CB-1").await, "APPLIED PAID");
        files.bank.retry("fiona", &request_id(60), &names[0]).await.unwrap();
        files.bank.run_jobs().await;
        let again = files.ids(&names[..1]).await.remove(0);
        assert_ne!(again, first[0]);
        *files.registry.answers.lock().unwrap() = None;
        let file = files.write(51).await.unwrap();
        assert_eq!((file.name.as_str(), file.state(), file.payout_count), ("paymentFiles/1", State::Written, 2));
        let in_it: BTreeSet<String> = files.ordered(&file).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(in_it, [first[2].clone(), again].into_iter().collect(), "each reward once, and none that is paid");
        let left: BTreeSet<(String, String)> =
            file.left_out.iter().map(|one| (one.end_to_end_id.clone(), one.reason.clone())).collect();
        let ended = |id: &String| (id.clone(), "PAYOUT_ENDED".to_owned());
        assert_eq!(left, [ended(&first[0]), ended(&first[1])].into_iter().collect());
        assert_eq!(files.write(52).await.unwrap().payout_count, 0, "what ended waits for no other file");
    }

    /// What two people find out of it while it waits there would be paid all the same.
    async fn two_people_end_nothing_that_stands_in_a_file_on_its_way(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let ids = files.ids(&names).await;
        let early = files.bank.propose_finding("fay", 60, &ids[0], Verdict::Rejected).await.unwrap();
        *files.registry.answers.lock().unwrap() = Some(1);
        assert_eq!(files.write(50).await.unwrap_err(), "PAYEES_UNAVAILABLE");
        let refused = files.bank.confirm_finding("gus", 61, &early.name).await.unwrap_err();
        assert_eq!(reason(&refused), "STATE_CONFLICT");
        for (number, verdict) in [(62, Verdict::Rejected), (63, Verdict::Settled)] {
            let refused = files.bank.propose_finding("fay", number, &ids[0], verdict).await.unwrap_err();
            assert_eq!(reason(&refused), "STATE_CONFLICT");
        }
        *files.registry.answers.lock().unwrap() = None;
        assert_eq!(files.write(51).await.unwrap().payout_count, 1);
        files.bank.confirm_finding("gus", 64, &early.name).await.unwrap();
        assert_eq!(files.states(&names).await, ["FAILED"]);
    }

    async fn a_file_of_which_all_ended_is_never_written(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 1).await;
        let ids = files.ids(&names).await;
        *files.registry.answers.lock().unwrap() = Some(1);
        assert_eq!(files.write(50).await.unwrap_err(), "PAYEES_UNAVAILABLE");
        assert_eq!(files.bank.report(&ids[0], Fate::Rejected, "").await, "APPLIED FAILED");
        *files.registry.answers.lock().unwrap() = None;
        let file = files.write(51).await.unwrap();
        assert_eq!((file.state(), file.payout_count), (State::Gathering, 0));
        let more = files.waiting(31, 1).await;
        let file = files.write(52).await.unwrap();
        assert_eq!((file.name.as_str(), file.state(), file.payout_count), ("paymentFiles/1", State::Written, 1));
        assert_eq!(files.ordered(&file)[0].end_to_end_id, files.ids(&more).await[0]);
    }

    /// It lies nowhere: either the bank has had it, or it would pay what has ended.
    async fn a_sealed_file_with_what_ended_is_not_written(lab: Lab) {
        let files = FileBank::open(lab).await;
        let (place, part, ids) = files.sealed_with_one_ended().await;
        assert_eq!(files.write(51).await.unwrap_err(), "FILE_PAYOUT_ENDED");
        fs::remove_file(&part).unwrap();
        assert_eq!(files.write(52).await.unwrap_err(), "FILE_PAYOUT_ENDED", "nor anew");
        assert!(!place.exists() && !part.exists());
        // The bank says what became of it; the way is free for the next.
        let report = files.report("R1", &files.first_file().await, Some("RJCT"), &[]);
        let said = files.import_report(&report).await;
        assert_eq!(said, Ok("said 2 applied 1 duplicate 1 ignored 0 differences 0".into()));
        let file = files.write(53).await.unwrap();
        assert_eq!((file.name.as_str(), file.state()), ("paymentFiles/1", State::Written));
        assert!(!place.exists() && !part.exists(), "and it is not put there");
        let more = files.waiting(31, 1).await;
        let next = files.write(54).await.unwrap();
        let in_it: Vec<String> = files.ordered(&next).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(in_it, files.ids(&more).await);
        assert!(!in_it.contains(&ids[1]));
    }

    async fn a_sealed_file_that_the_bank_has_is_written_when_its_bytes_are_back(lab: Lab) {
        let files = FileBank::open(lab).await;
        let (place, part, _) = files.sealed_with_one_ended().await;
        assert_eq!(files.write(51).await.unwrap_err(), "FILE_PAYOUT_ENDED");
        fs::rename(&part, &place).unwrap();
        assert_eq!(files.write(52).await.unwrap().state(), State::Written);
    }

    /// Not to the usual one instead.
    async fn a_payout_goes_to_the_account_that_people_named(lab: Lab) {
        let files = FileBank::open(lab).await;
        let mut names = Vec::new();
        for (number, account) in [(31, ""), (32, "SAVINGS-77"), (33, "CLOSED-88")] {
            let qualification = wire::Qualification {
                referee: format!("customers/{number}"),
                ..files.bank.qualification(number, "1.00 EUR")
            };
            let name = files.bank.grant(qualification).await.unwrap().remove(0).name;
            if !account.is_empty() {
                files.bank.set_payee("bea", 100 + number, &name, account).await.unwrap();
            }
            names.push(name);
        }
        files.bank.pass(DAY * 30).await;
        for (number, name) in (200..).zip(&names[1..]) {
            files.bank.approve("fay", &request_id(number), &[name], "10.20 EUR").await.unwrap();
        }
        files.bank.run_jobs().await;
        files.registry.unknown.lock().unwrap().insert("CLOSED-88".into());
        let file = files.write(50).await.unwrap();
        let paid: BTreeSet<(String, String)> =
            files.ordered(&file).into_iter().map(|one| (one.end_to_end_id, one.account)).collect();
        let ids = files.ids(&names).await;
        let expected = [(ids[0].clone(), iban("31")), (ids[1].clone(), iban("77"))];
        assert_eq!(paid, expected.into_iter().collect());
        let left: Vec<_> = file.left_out.iter().map(|one| (&one.end_to_end_id, one.reason.as_str())).collect();
        assert_eq!(left, [(&ids[2], "PAYEE_UNKNOWN")]);
        assert!(files.bank.reward(&names[2]).await.attempts[0].first_send_time.is_none(), "it has not left");
    }
}
