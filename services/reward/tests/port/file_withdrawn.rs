//! A sealed file that two people withdraw: no payout ever stands in two files that may both be executed.

use crate::{bank::request_id, file_bank::FileBank};
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{
        self as wire, file_withdrawal::Effect, payment_file::State, resolution::Verdict, settlement_latch, sign::Cause,
    },
};
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines, reason};
use std::{collections::BTreeSet, fs, path::PathBuf};
use tonic::{Response, Status};

const FIRST: &str = "paymentFiles/1";

/// Where a file is to lie, where its bytes are, and the ids in it.
struct Sealed {
    place: PathBuf,
    part: PathBuf,
    names: Vec<String>,
    ids: Vec<String>,
}

impl FileBank {
    /// A file of two payouts that is sealed and could not be put where the bank finds it: something else lies there.
    async fn sealed(&self) -> Sealed {
        let names = self.waiting(21, 2).await;
        let ids = self.ids(&names).await;
        let out = self.folder.path().join("out");
        let (place, part) = (out.join("BANKCNBJ-0000000001.xml"), out.join(".BANKCNBJ-0000000001.xml.part"));
        fs::write(&place, "not ours").unwrap();
        assert_eq!(self.write(50).await.unwrap_err(), "FILE_CHANGED");
        Sealed { place, part, names, ids }
    }

    async fn propose_withdrawal(&self, person: &str, request: u32, name: &str) -> Result<wire::PaymentFile, Status> {
        let message = wire::ProposeFileWithdrawalRequest {
            request_id: request_id(request),
            name: name.into(),
            note: "the bank's folder was moved, see the ticket of today".into(),
        };
        let call = self.bank.lab.call(message, &self.bank.approver(person));
        self.client().propose_file_withdrawal(call).await.map(Response::into_inner)
    }

    async fn confirm_withdrawal(
        &self,
        person: &str,
        request: u32,
        proposed: &wire::PaymentFile,
    ) -> Result<wire::PaymentFile, Status> {
        let message = wire::ConfirmFileWithdrawalRequest {
            request_id: request_id(request),
            name: proposed.name.clone(),
            withdrawal: proposed.withdrawal.clone().unwrap().id,
        };
        let call = self.bank.lab.call(message, &self.bank.approver(person));
        self.client().confirm_file_withdrawal(call).await.map(Response::into_inner)
    }
}

fn effect(file: &wire::PaymentFile) -> Effect {
    file.withdrawal.as_ref().unwrap().effect()
}

/// Changes the record of files past the service.
struct Past(&'static str);

impl Command for Past {
    const NAME: &'static str = "test.past";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(self.0, ()).await
    }
}

on_both_engines! {
    async fn what_never_lay_where_the_bank_finds_it_is_released_to_another_file(lab: Lab) {
        let files = FileBank::open(lab).await;
        let Sealed { place, part, names, ids } = files.sealed().await;
        let proposed = files.propose_withdrawal("fay", 60, FIRST).await.unwrap();
        assert_eq!((proposed.state(), effect(&proposed)), (State::Sealed, Effect::Released), "it changes nothing by itself");

        let refused = files.confirm_withdrawal("gus", 61, &proposed).await.unwrap_err();
        assert_eq!(reason(&refused), "FILE_IN_PLACE", "whatever lies there has to be looked at first");
        fs::remove_file(&place).unwrap();
        let other = wire::PaymentFile {
            withdrawal: Some(wire::FileWithdrawal { id: request_id(9), ..wire::FileWithdrawal::default() }),
            ..proposed.clone()
        };
        assert_eq!(reason(&files.confirm_withdrawal("gus", 62, &other).await.unwrap_err()), "ETAG_MISMATCH");
        assert_eq!(reason(&files.confirm_withdrawal("fay", 63, &proposed).await.unwrap_err()), "MAKER_IS_CHECKER");

        let withdrawn = files.confirm_withdrawal("gus", 64, &proposed).await.unwrap();
        assert_eq!((withdrawn.state(), withdrawn.payout_count, withdrawn.left_out_count), (State::Withdrawn, 2, 2));
        assert_eq!(withdrawn.withdrawal.as_ref().unwrap().confirmed_by, "gus");
        assert!(withdrawn.left_out.iter().all(|one| one.reason == "FILE_WITHDRAWN"));
        assert!(!part.exists() && !place.exists(), "nothing is left of its accounts");
        assert_eq!(files.confirm_withdrawal("gus", 64, &proposed).await.unwrap(), withdrawn, "again, the same");
        assert_eq!(files.write(50).await.unwrap().state(), State::Withdrawn, "and it is not written");
        assert!(!place.exists() && !part.exists());
        assert!(files.bank.reward(&names[0]).await.attempts[0].first_send_time.is_none(), "it has not left");

        let next = files.write(70).await.unwrap();
        assert_eq!((next.name.as_str(), next.state(), next.payout_count), ("paymentFiles/2", State::Written, 2));
        let in_it: BTreeSet<String> = files.ordered(&next).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(in_it, ids.into_iter().collect(), "under the ids that they had");
        files.bank.books().await;

        // The bank has it all the same: nothing more leaves.
        assert_eq!(files.bank.latch().await.state(), settlement_latch::State::Up);
        let report = files.report("R1", &withdrawn, Some("ACCP"), &[]);
        files.import_report(&report).await.unwrap();
        let latch = files.bank.latch().await;
        assert_eq!((latch.state(), latch.signs[0].cause()), (settlement_latch::State::Down, Cause::WithdrawnFile));
    }

    /// A bank that sends no reports says so by its statement.
    async fn what_the_bank_books_of_what_was_released_stops_everything(lab: Lab) {
        let files = FileBank::open(lab).await;
        let Sealed { place, names, ids, .. } = files.sealed().await;
        fs::remove_file(&place).unwrap();
        let proposed = files.propose_withdrawal("fay", 60, FIRST).await.unwrap();
        files.confirm_withdrawal("gus", 61, &proposed).await.unwrap();
        let statement = files.statement("S1", &[(&ids[0], "10.20 EUR", "CB-7", None)]);
        assert_eq!(files.import_statement(&statement).await, Ok("said 1 applied 0 duplicate 0 ignored 0 differences 1".into()));
        let latch = files.bank.latch().await;
        assert_eq!((latch.state(), latch.signs[0].cause()), (settlement_latch::State::Down, Cause::WithdrawnFile));
        assert_eq!(files.write(70).await.unwrap_err(), "PAYOUTS_STOPPED");
        assert_eq!(files.states(&names).await, ["PAYING", "PAYING"]);
    }

    async fn what_the_bank_may_have_keeps_its_payouts_until_it_is_known_what_became_of_each(lab: Lab) {
        let files = FileBank::open(lab).await;
        let Sealed { place, part, names, ids } = files.sealed().await;
        fs::remove_file(&place).unwrap();
        assert_eq!(files.bank.report(&ids[0], Fate::Settled, "CB-1").await, "APPLIED PAID");
        assert_eq!(files.write(51).await.unwrap_err(), "FILE_PAYOUT_ENDED");
        let refused = files.bank.propose_finding("fay", 59, &ids[1], Verdict::Rejected).await.unwrap_err();
        assert_eq!(reason(&refused), "STATE_CONFLICT", "it may still go out");

        let proposed = files.propose_withdrawal("fay", 60, FIRST).await.unwrap();
        assert_eq!(effect(&proposed), Effect::Kept);
        let withdrawn = files.confirm_withdrawal("gus", 61, &proposed).await.unwrap();
        assert_eq!((withdrawn.state(), withdrawn.left_out_count), (State::Withdrawn, 0));
        assert!(!part.exists() && !place.exists());
        assert_eq!(files.write(52).await.unwrap().payout_count, 0, "the way is free, and its payouts are in no other file");
        assert_eq!(files.states(&names).await, ["PAID", "PAYING"]);

        // The bank's own word on the file counts as ever.
        let report = files.report("R1", &withdrawn, None, &[(&ids[1], "PDNG", None, None)]);
        assert!(files.import_report(&report).await.is_ok());
        assert_eq!(files.bank.latch().await.state(), settlement_latch::State::Up);

        // Two people find out what became of the other, and it is paid under another id.
        let found = files.bank.propose_finding("fay", 62, &ids[1], Verdict::Rejected).await.unwrap();
        files.bank.confirm_finding("gus", 63, &found.name).await.unwrap();
        assert_eq!(files.states(&names).await, ["PAID", "FAILED"]);
        files.bank.retry("fiona", &request_id(64), &names[1]).await.unwrap();
        files.bank.run_jobs().await;
        let next = files.write(53).await.unwrap();
        let in_it: Vec<String> = files.ordered(&next).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(in_it, files.ids(&names[1..]).await);
        assert_ne!(in_it[0], ids[1]);
        files.bank.books().await;
    }

    async fn a_withdrawal_does_what_was_proposed_or_nothing(lab: Lab) {
        let files = FileBank::open(lab).await;
        let Sealed { place, ids, .. } = files.sealed().await;
        fs::remove_file(&place).unwrap();
        let proposed = files.propose_withdrawal("fay", 60, FIRST).await.unwrap();
        assert_eq!(effect(&proposed), Effect::Released);
        assert_eq!(files.bank.report(&ids[0], Fate::Accepted, "").await, "APPLIED PAYING");
        assert_eq!(reason(&files.confirm_withdrawal("gus", 61, &proposed).await.unwrap_err()), "RESOLUTION_VOID");
        let again = files.propose_withdrawal("gus", 62, FIRST).await.unwrap();
        assert_eq!(effect(&again), Effect::Kept);
        assert_eq!(reason(&files.confirm_withdrawal("fay", 63, &proposed).await.unwrap_err()), "ETAG_MISMATCH");
        assert_eq!(files.confirm_withdrawal("fay", 64, &again).await.unwrap().state(), State::Withdrawn);
        let late = files.propose_withdrawal("fay", 65, FIRST).await.unwrap_err();
        assert_eq!(reason(&late), "STATE_CONFLICT", "once");
    }

    /// It was about to be put there when the process died: nobody knows whether it was.
    async fn what_may_have_lain_where_the_bank_finds_it_is_not_released(lab: Lab) {
        let files = FileBank::open(lab).await;
        let Sealed { place, names, ids, .. } = files.sealed().await;
        fs::remove_file(&place).unwrap();
        let on_record = Past("UPDATE payment_file SET placed_at = updated_at");
        assert_eq!(files.bank.db.transact(&on_record).await.unwrap(), 1);
        for sql in ["UPDATE payment_file SET placed_at = NULL", "UPDATE payment_file SET payouts = 1", "DELETE FROM payment_file_entry"] {
            assert!(files.bank.db.transact(&Past(sql)).await.is_err(), "{sql}");
        }
        let proposed = files.propose_withdrawal("fay", 60, FIRST).await.unwrap();
        assert_eq!(effect(&proposed), Effect::Kept);
        files.confirm_withdrawal("gus", 61, &proposed).await.unwrap();
        for sql in ["UPDATE payment_file SET state = 'SEALED'", "DELETE FROM payment_file_entry", "DELETE FROM file_withdrawal"] {
            assert!(files.bank.db.transact(&Past(sql)).await.is_err(), "{sql}");
        }
        // A statement of the bank's settles what was in it, as that of any file.
        let statement = files.statement("S1", &[(&ids[0], "10.20 EUR", "CB-7", None)]);
        assert!(files.import_statement(&statement).await.is_ok());
        assert_eq!(files.states(&names).await, ["PAID", "PAYING"]);
    }

    async fn only_a_sealed_file_is_withdrawn(lab: Lab) {
        let files = FileBank::open(lab).await;
        assert_eq!(reason(&files.propose_withdrawal("fay", 60, FIRST).await.unwrap_err()), "NOT_FOUND");
        files.waiting(21, 1).await;
        *files.registry.answers.lock().unwrap() = Some(1);
        assert_eq!(files.write(50).await.unwrap_err(), "PAYEES_UNAVAILABLE");
        assert_eq!(reason(&files.propose_withdrawal("fay", 61, FIRST).await.unwrap_err()), "STATE_CONFLICT", "it is no file yet");
        *files.registry.answers.lock().unwrap() = None;
        assert_eq!(files.write(51).await.unwrap().state(), State::Written);
        assert_eq!(reason(&files.propose_withdrawal("fay", 62, FIRST).await.unwrap_err()), "STATE_CONFLICT", "it is the bank's");
    }
}
