//! `CaseService`.

use super::{
    messages,
    officer::{PageSize, act, once},
    refused,
    stream::record_reading,
};
use crate::{
    commands::{AddToCase, Addition, CloseCase, OpenCase},
    domain::case::Case,
    log::Log,
    queries::case::{self, Which},
};
use handsel_access::Caller;
use handsel_money::Timestamp;
use handsel_proto::handsel::audit::v1::{self as proto, add_to_case_request::Item, case_service_server::CaseService};
use handsel_service::{
    page,
    status::{Violation, fault},
    wire::id_from_name,
};
use serde_json::json;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Serves `CaseService`.
pub(crate) struct CaseApi {
    log: Arc<Log>,
}

impl CaseApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }

    async fn case(&self, name: &str) -> Result<Case, Status> {
        let found = case::one(&self.log.db, id_from_name("cases/", name, "name")?).await.map_err(fault)?;
        found.ok_or_else(|| refused::not_found("there is no such case"))
    }

    async fn shown(&self, name: &str) -> Result<Response<proto::Case>, Status> {
        Ok(Response::new(messages::case(self.case(name).await?)))
    }
}

#[tonic::async_trait]
impl CaseService for CaseApi {
    async fn open_case(&self, request: Request<proto::OpenCaseRequest>) -> Result<Response<proto::Case>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let act = act(&self.log, &caller);
        let command = OpenCase { act, id: self.log.world.ids.next(), reason: asked.reason.clone() };
        let content = proto::OpenCaseRequest { request_id: String::new(), ..asked.clone() };
        let name = once(&self.log, &caller, ("audit.OpenCase", &asked.request_id), &content, command).await?;
        self.shown(&name).await
    }

    async fn get_case(&self, request: Request<proto::GetCaseRequest>) -> Result<Response<proto::Case>, Status> {
        let caller = Caller::of(&request)?.clone();
        let case = self.case(&request.into_inner().name).await?;
        record_reading(&self.log, &caller, (case.name(), json!({ "mode": "CASE" }))).await?;
        Ok(Response::new(messages::case(case)))
    }

    async fn list_cases(
        &self,
        request: Request<proto::ListCasesRequest>,
    ) -> Result<Response<proto::ListCasesResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let proto::ListCasesRequest { open_only, page_size, page_token } = request.into_inner();
        let filters = proto::ListCasesRequest { open_only, ..Default::default() };
        let before: Option<(Timestamp, Uuid)> = page::cursor(&filters, &page_token)?;
        let size = PageSize::of(page_size);
        let which = if open_only { Which::Open } else { Which::All };
        let said = json!({ "mode": "CASES", "open_only": open_only.to_string() });
        record_reading(&self.log, &caller, ("cases".to_owned(), said)).await?;
        let mut cases = case::page(&self.log.db, which, before, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut cases, &filters, |last| (last.opened.at, last.id))?;
        let cases = cases.into_iter().map(messages::case).collect();
        Ok(Response::new(proto::ListCasesResponse { cases, next_page_token }))
    }

    async fn list_case_entries(
        &self,
        request: Request<proto::ListCaseEntriesRequest>,
    ) -> Result<Response<proto::ListCaseEntriesResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let proto::ListCaseEntriesRequest { name, page_size, page_token } = request.into_inner();
        let filters = proto::ListCaseEntriesRequest { name: name.clone(), ..Default::default() };
        let after: Option<i64> = page::cursor(&filters, &page_token)?;
        let (size, case) = (PageSize::of(page_size), self.case(&name).await?);
        let said = json!({ "mode": "CASE_ENTRIES", "after": after.unwrap_or(0).to_string() });
        record_reading(&self.log, &caller, (case.name(), said)).await?;
        let shown = case::entries(&self.log.db, case.id, after.unwrap_or(0), size.limit()).await;
        let mut shown = shown.map_err(fault)?;
        let next_page_token = size.cut(&mut shown, &filters, |last| last.entry.number)?;
        let entries = shown.into_iter().map(messages::case_entry).collect();
        Ok(Response::new(proto::ListCaseEntriesResponse { entries, next_page_token }))
    }

    async fn add_to_case(&self, request: Request<proto::AddToCaseRequest>) -> Result<Response<proto::Case>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let what = addition(asked.item.clone())?;
        let act = act(&self.log, &caller);
        let command = AddToCase { act, case: id_from_name("cases/", &asked.name, "name")?, what };
        let content = proto::AddToCaseRequest { request_id: String::new(), ..asked.clone() };
        let name = once(&self.log, &caller, ("audit.AddToCase", &asked.request_id), &content, command).await?;
        self.shown(&name).await
    }

    async fn close_case(&self, request: Request<proto::CloseCaseRequest>) -> Result<Response<proto::Case>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let command = CloseCase {
            act: act(&self.log, &caller),
            case: id_from_name("cases/", &asked.name, "name")?,
            etag: asked.etag.clone(),
            outcome: asked.outcome.clone(),
        };
        let content = proto::CloseCaseRequest { request_id: String::new(), ..asked.clone() };
        let name = once(&self.log, &caller, ("audit.CloseCase", &asked.request_id), &content, command).await?;
        self.shown(&name).await
    }
}

fn addition(item: Option<Item>) -> Result<Addition, Violation> {
    match item {
        Some(Item::Records(proto::RecordRange { first_index, end_index })) if first_index < end_index => {
            Ok(Addition::Records { first: first_index.cast_unsigned(), end: end_index.cast_unsigned() })
        }
        Some(Item::Records(_)) => Err(Violation::new("records.end_index", "not above the first")),
        Some(Item::Finding(name)) => {
            let number = name.strip_prefix("findings/").and_then(|number| number.parse().ok());
            number.map(Addition::Finding).ok_or_else(|| Violation::new("finding", "not findings/{number}"))
        }
        Some(Item::Note(note)) => Ok(Addition::Note(note)),
        None => Err(Violation::new("item", "it is required")),
    }
}
