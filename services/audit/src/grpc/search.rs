//! `SearchRecords`: the filter is read, that somebody searches is recorded, then one page is looked for.

use super::{messages, stream::record_reading};
use crate::{
    filter::RecordFilter,
    log::Log,
    queries::{checkpoint::Signed, search},
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1::{SearchRecordsRequest, SearchRecordsResponse};
use handsel_service::{page, status::fault};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::Status;

/// Where the next page begins.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    before: u64,
}

/// Looks for a page in what the newest checkpoint covers.
pub(super) async fn page(
    log: &Log,
    caller: &Caller,
    request: SearchRecordsRequest,
    newest: &Signed,
) -> Result<SearchRecordsResponse, Status> {
    let filter = RecordFilter::read(request.filter.clone().unwrap_or_default())?;
    let same = SearchRecordsRequest { filter: request.filter.clone(), ..SearchRecordsRequest::default() };
    let place: Option<Place> = page::cursor(&same, &request.page_token)?;
    let before = place.map_or(newest.size, |place| place.before.min(newest.size));
    let said = json!({ "filter": filter.described(), "before": before.to_string(), "mode": "SEARCH" });
    record_reading(log, caller, ("records".to_owned(), said)).await?;
    let found = search::page(&log.db, &filter, before, page::size(request.page_size)).await.map_err(fault)?;
    let next = found.before.map(|before| page::token(&same, &Place { before })).transpose()?;
    Ok(SearchRecordsResponse {
        records: found.records.into_iter().map(messages::record).collect(),
        checkpoint: Some(messages::with_cosignatures(log, newest).await?),
        next_page_token: next.unwrap_or_default(),
    })
}
