//! What handlers share: who calls, running a command, pages.

use super::{Api, refusal::once_refused};
use crate::domain::{approval::Person, refusal::Refusal, terms::Approver};
use handsel_access::{Branch, Caller};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_service::{Deadline, digest, page, status::fault, wire::request_id_from};
use handsel_storage::{Command, Once, RequestKey};
use prost::{Message, Name};
use serde::Serialize;
use tokio::time::Instant;
use tonic::{Request, Status};

/// A request taken apart: who asks, what, and how long he waits.
pub(super) struct Call<M> {
    pub(super) caller: Caller,
    pub(super) message: M,
    pub(super) deadline: Option<Instant>,
}

impl<M> Call<M> {
    pub(super) fn of(request: Request<M>) -> Result<Self, Status> {
        let caller = Caller::of(&request)?.clone();
        let deadline = Deadline::of(&request);
        Ok(Self { caller, message: request.into_inner(), deadline })
    }

    /// Who acts, for the audit log.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            subject: self.caller.subject.clone(),
            person: self.caller.person.clone(),
            roles: self.caller.role_names().map(str::to_owned).collect(),
            branch: self.caller.branch.as_claim().unwrap_or_default().to_owned(),
        }
    }

    /// Who acts, for what takes more than one person's eyes.
    pub(super) fn person(&self) -> Person {
        let branch = match &self.caller.branch {
            Branch::One(own) => Some(own.clone()),
            Branch::All | Branch::None => None,
        };
        Person {
            name: self.by(),
            account: self.caller.subject.clone(),
            roles: self.caller.role_names().filter_map(Approver::from_code).collect(),
            branch,
        }
    }

    /// The human who acts, or the account where there is none.
    pub(super) fn by(&self) -> String {
        self.caller.person_or_subject().to_owned()
    }
}

/// A request that its caller may send again.
pub(super) struct Again<'a, M> {
    pub(super) rpc: &'static str,
    pub(super) request_id: &'a str,
    /// The request without its id.
    pub(super) content: M,
}

impl Api {
    pub(super) fn now(&self) -> Timestamp {
        self.service.world.business.now()
    }

    /// Runs a command in the lane of `key`.
    pub(super) async fn run<C: Command>(
        &self,
        key: &str,
        deadline: Option<Instant>,
        command: C,
    ) -> Result<C::Output, Status> {
        let lanes = &self.service.lanes;
        match deadline {
            Some(deadline) => lanes.run_until(key, deadline, command).await,
            None => lanes.run(key, command).await,
        }
        .map_err(fault)
    }

    /// Runs a command once for its request id; answers the name of the resource that it led to, now or before.
    pub(super) async fn once<C, M, R>(
        &self,
        key: &str,
        call: &Call<R>,
        again: Again<'_, M>,
        command: C,
    ) -> Result<String, Status>
    where
        C: Command<Output = Result<String, Refusal>>,
        M: Message,
    {
        let request_id = request_id_from(again.request_id)?;
        let key_of_request = RequestKey { caller: call.caller.requester(), rpc: again.rpc, request_id };
        // Request ids are forgotten by the machine's time: callers retry in it, whatever the business clock says.
        let now = self.service.world.system.now();
        let once = Once { key: key_of_request, digest: digest(&again.content), now, command };
        let done = self.run(key, call.deadline, once).await?.map_err(once_refused)?;
        Ok(done.resource)
    }
}

/// How many rows a page has, and one more by which it is seen whether another follows.
pub(super) struct PageSize(usize);

impl PageSize {
    pub(super) fn of(requested: i32, default: usize) -> Self {
        Self(if requested == 0 { default } else { page::size(requested) })
    }

    /// Rows of the page itself.
    pub(super) fn rows(&self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The token of the next page where this one is full: for a list whose reading has an effect, so that nothing is read in
    /// vain. A full last page is followed by an empty one.
    pub(super) fn full<T, F: Message + Name, C: Serialize>(
        &self,
        rows: &[T],
        filters: &F,
        cursor: impl FnOnce(&T) -> C,
    ) -> Result<String, Status> {
        match rows.last() {
            Some(last) if rows.len() == self.0 => page::token(filters, &cursor(last)),
            Some(_) | None => Ok(String::new()),
        }
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
        match rows.last() {
            Some(last) => page::token(filters, &cursor(last)),
            None => Ok(String::new()),
        }
    }
}
