//! What an officer opens, adds to and closes, and that each act is a record.

use crate::stage::{Producer, Stage};
use handsel_proto::handsel::audit::v1::{
    AddToCaseRequest, Case, CloseCaseRequest, GetCaseRequest, ListCaseEntriesRequest, ListCasesRequest,
    OpenCaseRequest, RecordRange, add_to_case_request::Item, case::State, case_entry::Item as Shown,
    case_service_client::CaseServiceClient,
};
use handsel_testkit::{Lab, on_both_engines, reason, violated_fields};
use tonic::{Code, Response, Status, transport::Channel};
use uuid::Uuid;

pub(crate) fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

impl Stage {
    pub(crate) fn cases(&self) -> CaseServiceClient<Channel> {
        CaseServiceClient::new(self.server.channel())
    }

    pub(crate) async fn open_case(&self, request: u128) -> Result<Case, Status> {
        let asked = OpenCaseRequest { request_id: id(request), reason: "SUSPECTED_COLLUSION".to_owned() };
        self.cases().open_case(self.ask(asked)).await.map(Response::into_inner)
    }

    pub(crate) async fn add(&self, request: u128, name: &str, item: Item) -> Result<Case, Status> {
        let asked = AddToCaseRequest { request_id: id(request), name: name.to_owned(), item: Some(item) };
        self.cases().add_to_case(self.ask(asked)).await.map(Response::into_inner)
    }

    pub(crate) async fn close(&self, request: u128, name: &str, etag: &str) -> Result<Case, Status> {
        let asked = CloseCaseRequest {
            request_id: id(request),
            name: name.to_owned(),
            outcome: "UNFOUNDED".to_owned(),
            etag: etag.to_owned(),
        };
        self.cases().close_case(self.ask(asked)).await.map(Response::into_inner)
    }
}

fn records(first_index: i64, end_index: i64) -> Item {
    Item::Records(RecordRange { first_index, end_index })
}

on_both_engines! {
    async fn a_case_holds_what_is_put_into_it_and_each_act_is_a_record(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 5).await;
        let case = stage.open_case(1).await.unwrap();
        assert_eq!((case.state(), case.opened_by.as_str(), case.record_index, case.etag.as_str()), (State::Open, "olga", 5, "0"));
        assert_eq!(stage.open_case(1).await.unwrap(), case, "sent again, it is the same");
        let other = OpenCaseRequest { request_id: id(1), reason: "OTHER".to_owned() };
        let reused = stage.cases().open_case(stage.ask(other)).await.unwrap_err();
        assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));

        let name = case.name.as_str();
        stage.add(2, name, records(1, 3)).await.unwrap();
        let noted = stage.add(3, name, Item::Note("he introduced himself".to_owned())).await.unwrap();
        assert_eq!((noted.entry_count, noted.etag.as_str()), (2, "2"));
        let beyond = stage.add(4, name, records(3, 99)).await.unwrap_err();
        assert_eq!(violated_fields(&beyond), ["records.end_index"]);
        let empty = stage.add(5, name, records(3, 3)).await.unwrap_err();
        assert_eq!(violated_fields(&empty), ["records.end_index"]);
        let unknown = stage.add(6, name, Item::Finding("findings/7".to_owned())).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        let nowhere = stage.add(7, &format!("cases/{}", id(9)), records(0, 1)).await.unwrap_err();
        assert_eq!(reason(&nowhere), "NOT_FOUND");

        let changed = stage.close(8, name, "1").await.unwrap_err();
        assert_eq!((changed.code(), reason(&changed).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
        let closed = stage.close(9, name, "2").await.unwrap();
        assert_eq!((closed.state(), closed.outcome.as_str(), closed.closed_by.as_str()), (State::Closed, "UNFOUNDED", "olga"));
        let late = stage.add(10, name, records(0, 1)).await.unwrap_err();
        assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));

        let read = stage.cases().get_case(stage.ask(GetCaseRequest { name: name.to_owned() })).await.unwrap();
        assert_eq!(read.into_inner(), closed);
        let mut asked = ListCaseEntriesRequest { name: name.to_owned(), page_size: 1, page_token: String::new() };
        let first = stage.cases().list_case_entries(stage.ask(asked.clone())).await.unwrap().into_inner();
        assert_eq!(first.entries[0].item, Some(Shown::Records(RecordRange { first_index: 1, end_index: 3 })));
        asked.page_token = first.next_page_token;
        let second = stage.cases().list_case_entries(stage.ask(asked)).await.unwrap().into_inner();
        assert_eq!(second.entries[0].item, Some(Shown::Note("he introduced himself".to_owned())));
        assert_eq!(second.next_page_token, "");
        let kinds = stage.kinds().await;
        assert_eq!(kinds[5..], [
            "case.opened", "case.added", "case.added", "case.closed", "audit.read", "audit.read", "audit.read",
        ]);
    }

    async fn cases_are_listed_newest_first_and_a_note_whose_body_is_damaged_is_not_shown(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        let first = stage.open_case(1).await.unwrap();
        lab.system.advance(std::time::Duration::from_secs(1)).unwrap();
        let second = stage.open_case(2).await.unwrap();
        stage.add(3, &first.name, Item::Note("so".to_owned())).await.unwrap();
        stage.close(4, &second.name, "").await.unwrap();
        let list = async |asked: ListCasesRequest| stage.cases().list_cases(stage.ask(asked)).await.unwrap().into_inner();
        let all = list(ListCasesRequest { page_size: 1, ..Default::default() }).await;
        assert_eq!(all.cases[0].name, second.name);
        let rest = list(ListCasesRequest { page_size: 1, page_token: all.next_page_token, ..Default::default() }).await;
        assert_eq!((rest.cases[0].name.as_str(), rest.next_page_token.as_str()), (first.name.as_str(), ""));
        let open = list(ListCasesRequest { open_only: true, ..Default::default() }).await;
        assert_eq!(open.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), [first.name.as_str()]);

        stage.sign().await;
        let mut past = crate::past::Past::of(&lab).await;
        past.run("UPDATE body SET content = (SELECT content FROM body WHERE leaf_index = 4) WHERE leaf_index = 2").await;
        stage.verify().await.1.unwrap();
        let asked = ListCaseEntriesRequest { name: first.name, ..Default::default() };
        let shown = stage.cases().list_case_entries(stage.ask(asked)).await.unwrap().into_inner();
        assert!(shown.entries[0].note_withheld);
        assert_eq!(shown.entries[0].item, Some(Shown::Note(String::new())));
    }
}
