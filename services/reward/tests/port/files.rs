//! Payouts leave in files: who is in one, what it holds, and what a crash at any instant leaves of it.

use crate::{
    bank::{Bank, introduction_plan},
    file_bank::FileBank,
};
use handsel_proto::handsel::reward::v1::{self as wire, payment_file::State};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

on_both_engines! {
    async fn what_waits_leaves_in_one_file_and_by_no_other_way(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 3).await;
        assert_eq!(files.bank.instructions().await.len(), 0, "nobody lists what leaves in files");
        let told = files.write_telling(50).await.unwrap();
        let file = told.last().unwrap().file.clone().unwrap();
        assert_eq!((file.state(), file.payout_count, told.last().unwrap().written), (State::Written, 3, 3));
        assert_eq!(file.message_id, "BANKCNBJ-0000000001");
        let states: Vec<State> = told.iter().map(|message| message.file.clone().unwrap().state()).collect();
        assert!(states.is_sorted() && states.first() == Some(&State::Gathering), "{states:?}");

        let ordered = files.ordered(&file);
        let ids: BTreeSet<String> = ordered.iter().map(|one| one.end_to_end_id.clone()).collect();
        assert_eq!(ids, files.ids(&names).await.into_iter().collect());
        assert!(ordered.iter().all(|one| one.amount.to_string() == "10.20 EUR"));
        let path = files.path(&file);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing lies beside it");
        assert_eq!(i64::try_from(fs::metadata(&path).unwrap().len()).unwrap(), file.size_bytes);
        assert!(files.bank.reward(&names[0]).await.attempts[0].first_send_time.is_some());
        assert_eq!(files.bank.instructions().await.len(), 0);

        // The same call says the same; another finds nothing that waits.
        assert_eq!(files.write(50).await.unwrap(), file);
        let next = files.write(51).await.unwrap();
        assert_eq!((next.payout_count, next.state(), next.name.as_str()), (0, State::Gathering, "paymentFiles/2"));
        let more = files.waiting(31, 1).await;
        let next = files.write(52).await.unwrap();
        assert_eq!((next.payout_count, next.state(), next.name.as_str()), (1, State::Written, "paymentFiles/2"));
        assert_eq!(files.ordered(&next)[0].end_to_end_id, files.ids(&more).await[0]);
    }

    async fn whoever_cannot_be_paid_is_left_out_with_a_reason_and_waits(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(13, 4).await;
        files.registry.unknown.lock().unwrap().insert("customers/16".into());
        let file = files.write(50).await.unwrap();
        assert_eq!((file.payout_count, file.left_out_count), (2, 2));
        let why: BTreeSet<String> = file.left_out.iter().map(|one| one.reason.clone()).collect();
        assert_eq!(why.into_iter().collect::<Vec<_>>(), ["PAYEE_INVALID", "PAYEE_UNKNOWN"]);
        let accounts: BTreeSet<String> = files.ordered(&file).into_iter().map(|one| one.account).collect();
        assert!(accounts.contains("19-2000145399/0800"), "{accounts:?}");
        assert!(fs::read_to_string(files.path(&file)).unwrap().contains("<TwnNm>Praha</TwnNm>"));
        let sent = files.bank.reward(&names[3]).await.attempts[0].first_send_time;
        assert!(sent.is_none(), "it has not left");

        files.registry.unknown.lock().unwrap().clear();
        let next = files.write(51).await.unwrap();
        assert_eq!((next.payout_count, next.left_out_count), (1, 1));
        assert_eq!(files.ordered(&next)[0].end_to_end_id, files.ids(&names[3..]).await[0]);
    }

    async fn a_file_that_was_cut_short_goes_on_where_it_stands(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 3).await;
        // The bank answers who can be paid, and then no more: its payouts are decided, its bytes are not.
        *files.registry.answers.lock().unwrap() = Some(1);
        assert_eq!(files.write(50).await.unwrap_err(), "PAYEES_UNAVAILABLE");
        let token = files.bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetPaymentFileRequest { name: "paymentFiles/1".into() };
        let file = files.client().get_payment_file(files.bank.lab.call(request, &token)).await.unwrap().into_inner();
        assert_eq!((file.state(), file.payout_count), (State::Closed, 3));
        // One payee vanishes meanwhile: the file never left, so his payout leaves it again.
        *files.registry.answers.lock().unwrap() = None;
        files.registry.unknown.lock().unwrap().insert("customers/22".into());
        let more = files.waiting(41, 1).await;
        let file = files.write(51).await.unwrap();
        assert_eq!((file.name.as_str(), file.state(), file.payout_count), ("paymentFiles/1", State::Written, 3));
        assert_eq!(file.left_out.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(), ["PAYEE_UNKNOWN"]);
        let in_it: BTreeSet<String> = files.ordered(&file).into_iter().map(|one| one.end_to_end_id).collect();
        let ids = files.ids(&names).await;
        let expected = [ids[0].clone(), ids[2].clone(), files.ids(&more).await.remove(0)];
        assert_eq!(in_it, expected.into_iter().collect());
        let waiting = files.bank.reward(&names[1]).await;
        assert!(waiting.attempts[0].first_send_time.is_none(), "it has not left");
    }

    async fn a_sealed_file_is_the_same_bytes_or_nothing(lab: Lab) {
        let files = FileBank::open(lab).await;
        files.waiting(21, 2).await;
        // Something lies where the file should: it is sealed, and cannot be put there.
        let place = files.folder.path().join("out/BANKCNBJ-0000000001.xml");
        fs::write(&place, "not ours").unwrap();
        assert_eq!(files.write(50).await.unwrap_err(), "FILE_CHANGED");
        fs::remove_file(&place).unwrap();
        // What was written beside is lost too, and the bank no longer says the same.
        let part = files.folder.path().join("out/.BANKCNBJ-0000000001.xml.part");
        let sealed = fs::read(&part).unwrap();
        fs::remove_file(&part).unwrap();
        files.registry.unknown.lock().unwrap().insert("customers/21".into());
        assert_eq!(files.write(51).await.unwrap_err(), "FILE_CHANGED");
        assert!(!place.exists());
        // It says the same again: so is the file.
        files.registry.unknown.lock().unwrap().clear();
        let file = files.write(52).await.unwrap();
        assert_eq!((file.state(), file.payout_count), (State::Written, 2));
        assert_eq!(fs::read(&place).unwrap(), sealed);
    }

    async fn files_are_written_only_where_payouts_leave_in_them(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let mut client = wire::settlement_file_service_client::SettlementFileServiceClient::new(bank.channel());
        let request = wire::WritePaymentFileRequest {
            request_id: crate::bank::request_id(9),
            currency_code: "EUR".into(),
        };
        let refused = client.write_payment_file(bank.lab.call(request, &bank.approver("fiona"))).await.err().unwrap();
        assert_eq!(reason(&refused), "CHANNEL_NOT_IN_USE");
        let token = bank.approver("fiona");
        let page = client.list_payment_files(bank.lab.call(wire::ListPaymentFilesRequest::default(), &token)).await;
        assert_eq!(page.unwrap().into_inner().payment_files.len(), 0);
        let request = wire::GetPaymentFileRequest { name: "paymentFiles/1".into() };
        let missing = client.get_payment_file(bank.lab.call(request, &token)).await.err().unwrap();
        assert_eq!(reason(&missing), "NOT_FOUND");
    }

    async fn a_held_payout_enters_no_file(lab: Lab) {
        let files = FileBank::open(lab).await;
        let names = files.waiting(21, 2).await;
        let mut holds = wire::hold_service_client::HoldServiceClient::new(files.bank.channel());
        let token = files.bank.lab.token(Role::ComplianceOfficer, "*", "cora");
        let request = wire::PlaceHoldRequest {
            request_id: crate::bank::request_id(70),
            target: names[0].clone(),
            reason: "SUSPECTED_COLLUSION".into(),
        };
        holds.place_hold(files.bank.lab.call(request, &token)).await.unwrap();
        let file = files.write(50).await.unwrap();
        let in_it: Vec<String> = files.ordered(&file).into_iter().map(|one| one.end_to_end_id).collect();
        assert_eq!(in_it, files.ids(&names[1..]).await);
        assert_eq!(files.states(&names).await, strings(&["PAYING", "PAYING"]));
    }
}
