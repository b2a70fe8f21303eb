//! What an officer's rpcs share: doing an act once, and pages.

use super::{messages, refused};
use crate::{commands::Act, domain::refused::Refused, log::Log};
use handsel_access::Caller;
use handsel_service::{digest, page, status::fault, wire::request_id_from};
use handsel_storage::{Command, RequestKey};
use prost::{Message, Name};
use serde::Serialize;
use tonic::Status;

/// What the caller's act needs besides what is done.
pub(super) fn act(log: &Log, caller: &Caller) -> Act {
    log.act(messages::actor(caller))
}

/// Does a command once for its request id; `content` is the request without it. The name of what it led to, now or before.
pub(super) async fn once<C, M: Message>(
    log: &Log,
    caller: &Caller,
    (rpc, request_id): (&'static str, &str),
    content: &M,
    command: C,
) -> Result<String, Status>
where
    C: Command<Output = Result<String, Refused>>,
{
    let request_id = request_id_from(request_id)?;
    let key = RequestKey { caller: caller.requester(), rpc, request_id };
    let done = log.once(key, digest(content), command).await.map_err(fault)?;
    done.map_err(|refused| refused::not_once(&refused))
}

/// How many rows a page has, and one more by which it is seen whether another follows.
pub(super) struct PageSize(usize);

impl PageSize {
    pub(super) fn of(requested: i32) -> Self {
        Self(page::size(requested))
    }

    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.0.saturating_add(1)).unwrap_or(i64::MAX)
    }

    /// Cuts the rows to the page; the token of the next page, empty on the last.
    pub(super) fn cut<T, F: Message + Name, C: Serialize>(
        &self,
        rows: &mut Vec<T>,
        filters: &F,
        cursor: impl FnOnce(&T) -> C,
    ) -> Result<String, Status> {
        if rows.len() <= self.0 {
            return Ok(String::new());
        }
        rows.truncate(self.0);
        rows.last().map_or_else(|| Ok(String::new()), |last| page::token(filters, &cursor(last)))
    }
}
