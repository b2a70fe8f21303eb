//! Differences are closed by two people, who say why: nothing moves by it.

use crate::{
    bank::{Bank, request_id},
    file_bank::FileBank,
};
use handsel_proto::handsel::reward::v1::{self as wire, difference::State, difference_resolution::Code};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::Status;

impl FileBank {
    async fn listed(&self, state: State) -> Vec<wire::Difference> {
        let token = self.bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::ListDifferencesRequest { state: state.into(), ..wire::ListDifferencesRequest::default() };
        self.client().list_differences(self.bank.lab.call(request, &token)).await.unwrap().into_inner().differences
    }

    async fn propose(
        &self,
        person: &str,
        number: u32,
        of: &wire::Difference,
        code: Code,
    ) -> Result<wire::Difference, Status> {
        let request = wire::ProposeDifferenceResolutionRequest {
            request_id: request_id(number),
            bank_file: of.bank_file.clone(),
            position: of.position,
            code: code.into(),
            note: "the bank's letter of the fifth".into(),
        };
        let answer =
            self.client().propose_difference_resolution(self.bank.lab.call(request, &self.bank.approver(person))).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn confirm(
        &self,
        person: &str,
        number: u32,
        of: &wire::Difference,
        resolution: &str,
    ) -> Result<wire::Difference, Status> {
        let request = wire::ConfirmDifferenceResolutionRequest {
            request_id: request_id(number),
            bank_file: of.bank_file.clone(),
            position: of.position,
            resolution: resolution.into(),
        };
        let answer =
            self.client().confirm_difference_resolution(self.bank.lab.call(request, &self.bank.approver(person))).await;
        answer.map(tonic::Response::into_inner)
    }
}

impl Bank {
    /// What was said to the log of a kind, with its reason and who acted.
    async fn said_of(&self, kind: &str) -> Vec<String> {
        let sql = "SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
        let rows: Vec<(Vec<u8>,)> = self.db.all(sql, ()).await.unwrap();
        let statements = rows.iter().map(|(content,)| serde_json::from_slice::<serde_json::Value>(content).unwrap());
        let of_kind = statements.filter(|statement| statement["type"] == kind);
        of_kind.map(|statement| statement["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A bank with one payout of which the statement says another amount.
async fn differing(lab: Lab) -> (FileBank, Vec<String>, wire::Difference) {
    let files = FileBank::open(lab).await;
    let names = files.waiting(21, 1).await;
    let ids = files.ids(&names).await;
    files.write(50).await.unwrap();
    let statement = files.statement("S1", &[(&ids[0], "10.21 EUR", "CB-1", None)]);
    files.import_statement(&statement).await.unwrap();
    let difference = files.listed(State::Unspecified).await.remove(0);
    (files, names, difference)
}

on_both_engines! {
    async fn one_person_says_why_and_another_closes_it(lab: Lab) {
        let (files, names, open) = differing(lab).await;
        assert_eq!((open.state(), open.resolution.clone()), (State::Open, None));
        let books = files.bank.books().await;
        let nobody = files.confirm("gus", 60, &open, &request_id(9)).await.unwrap_err();
        assert_eq!(reason(&nobody), "STATE_CONFLICT");

        let first = files.propose("fay", 61, &open, Code::Other).await.unwrap();
        assert_eq!(files.propose("fay", 61, &open, Code::Other).await.unwrap(), first, "the same call again");
        let reused = files.propose("fay", 61, &open, Code::NotOurs).await.unwrap_err();
        assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
        let first = first.resolution.unwrap();
        let maker = files.confirm("fay", 62, &open, &first.id).await.unwrap_err();
        assert_eq!(reason(&maker), "MAKER_IS_CHECKER");

        // Another takes its place: what was read is closed, or nothing.
        let second = files.propose("gus", 63, &open, Code::BankCorrected).await.unwrap();
        assert_eq!(second.state(), State::ResolutionProposed);
        let second = second.resolution.unwrap();
        let stale = files.confirm("hal", 64, &open, &first.id).await.unwrap_err();
        assert_eq!(reason(&stale), "ETAG_MISMATCH");
        let closed = files.confirm("fay", 65, &open, &second.id).await.unwrap();
        assert_eq!(files.confirm("fay", 65, &open, &second.id).await.unwrap(), closed, "the same call again");
        let resolution = closed.resolution.clone().unwrap();
        assert_eq!((closed.state(), resolution.code()), (State::Resolved, Code::BankCorrected));
        assert_eq!((resolution.proposed_by.as_str(), resolution.confirmed_by.as_str()), ("gus", "fay"));

        // That is final.
        let again = files.propose("hal", 66, &open, Code::Other).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        let again = files.confirm("hal", 67, &open, &second.id).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        assert_eq!(files.listed(State::Open).await.len(), 0);
        assert_eq!(files.listed(State::Resolved).await, [closed]);

        // Nothing has moved, and everything is on record.
        assert_eq!(files.states(&names).await, ["PAYING"]);
        assert_eq!(files.bank.books().await, books);
        assert_eq!(files.bank.said_of("difference.resolution_proposed").await, ["OTHER", "BANK_CORRECTED"]);
        assert_eq!(files.bank.said_of("difference.resolved").await, ["BANK_CORRECTED"]);
        let rows: Vec<(Vec<u8>,)> = files.bank.db.all("SELECT content FROM outbox", ()).await.unwrap();
        let words = rows.iter().filter(|(content,)| String::from_utf8_lossy(content).contains("letter of the fifth"));
        assert_eq!(words.count(), 0, "people's own words stay where they were said");
    }

    async fn what_is_no_difference_is_not_closed(lab: Lab) {
        let (files, _, open) = differing(lab).await;
        let elsewhere = wire::Difference { position: open.position + 1, ..open.clone() };
        let missing = files.propose("fay", 60, &elsewhere, Code::Other).await.unwrap_err();
        assert_eq!(reason(&missing), "NOT_FOUND");
        let missing = files.confirm("fay", 61, &elsewhere, &request_id(9)).await.unwrap_err();
        assert_eq!(reason(&missing), "NOT_FOUND");
        let unsaid = files.propose("fay", 62, &open, Code::Unspecified).await.unwrap_err();
        assert_eq!(reason(&unsaid), "FIELD_INVALID");
    }

    /// Whatever a program above believes.
    async fn the_schema_keeps_what_was_said_and_who(lab: Lab) {
        let (files, _, open) = differing(lab).await;
        let proposed = files.propose("fay", 60, &open, Code::NotOurs).await.unwrap().resolution.unwrap();
        for sql in [
            "UPDATE difference_resolution SET note = 'otherwise'",
            "DELETE FROM difference_resolution",
            "INSERT INTO difference_confirmation
                 (bank_file_id, position, resolution_id, proposed_by, confirmed_by, confirmed_at)
             SELECT bank_file_id, position, id, proposed_by, proposed_by, proposed_at FROM difference_resolution",
            "INSERT INTO difference_confirmation
                 (bank_file_id, position, resolution_id, proposed_by, confirmed_by, confirmed_at)
             SELECT bank_file_id, position, id, 'gus', proposed_by, proposed_at FROM difference_resolution",
        ] {
            let touched: Result<Vec<(i64,)>, _> = files.bank.db.all(sql, ()).await;
            assert!(touched.is_err(), "{sql}");
        }
        assert!(files.confirm("gus", 61, &open, &proposed.id).await.is_ok());
        let touched: Result<Vec<(i64,)>, _> = files.bank.db.all("DELETE FROM difference_confirmation", ()).await;
        assert!(touched.is_err());
    }
}
