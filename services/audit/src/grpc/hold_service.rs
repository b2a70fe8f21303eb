//! `HoldService`.

use super::{
    messages,
    officer::{PageSize, act, once},
    refused,
    stream::record_reading,
};
use crate::{
    commands::{PlaceHold, ReleaseHold},
    domain::hold::{Hold, Scope, Stretch},
    log::Log,
    queries::hold::{self, Listed, Which},
};
use handsel_access::Caller;
use handsel_money::Timestamp;
use handsel_proto::handsel::audit::v1::{
    self as proto,
    hold::{Records, scope::What},
    hold_service_server::HoldService,
};
use handsel_service::{
    page,
    status::{Violation, fault},
    wire::id_from_name,
};
use serde_json::json;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Serves `HoldService`.
pub(crate) struct HoldApi {
    log: Arc<Log>,
}

impl HoldApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }

    async fn hold(&self, name: &str) -> Result<Hold, Status> {
        let found = hold::one(&self.log.db, id_from_name("holds/", name, "name")?).await.map_err(fault)?;
        found.ok_or_else(|| refused::not_found("there is no such hold"))
    }
}

#[tonic::async_trait]
impl HoldService for HoldApi {
    async fn place_hold(&self, request: Request<proto::PlaceHoldRequest>) -> Result<Response<proto::Hold>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let command = PlaceHold {
            act: act(&self.log, &caller),
            outbox: self.log.outbox.clone(),
            id: self.log.world.ids.next(),
            case: case_from(&asked.case)?,
            scope: scope_from(asked.scope.clone())?,
            reason: asked.reason.clone(),
        };
        let content = proto::PlaceHoldRequest { request_id: String::new(), ..asked.clone() };
        let name = once(&self.log, &caller, ("audit.PlaceHold", &asked.request_id), &content, command).await?;
        Ok(Response::new(messages::hold(self.hold(&name).await?)))
    }

    async fn release_hold(&self, request: Request<proto::ReleaseHoldRequest>) -> Result<Response<proto::Hold>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let command = ReleaseHold {
            act: act(&self.log, &caller),
            outbox: self.log.outbox.clone(),
            id: id_from_name("holds/", &asked.name, "name")?,
            etag: asked.etag.clone(),
        };
        let content = proto::ReleaseHoldRequest { request_id: String::new(), ..asked.clone() };
        let name = once(&self.log, &caller, ("audit.ReleaseHold", &asked.request_id), &content, command).await?;
        Ok(Response::new(messages::hold(self.hold(&name).await?)))
    }

    async fn get_hold(&self, request: Request<proto::GetHoldRequest>) -> Result<Response<proto::Hold>, Status> {
        let caller = Caller::of(&request)?.clone();
        let hold = self.hold(&request.into_inner().name).await?;
        record_reading(&self.log, &caller, (hold.name(), json!({ "mode": "HOLD" }))).await?;
        // After that, so that nobody is told what was true a while ago.
        Ok(Response::new(messages::hold(self.hold(&hold.name()).await?)))
    }

    async fn list_holds(
        &self,
        request: Request<proto::ListHoldsRequest>,
    ) -> Result<Response<proto::ListHoldsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let filters = proto::ListHoldsRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
        let before: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let listed = Listed {
            case: case_from(&asked.case)?,
            subject: Some(asked.subject).filter(|subject| !subject.is_empty()),
            which: if asked.in_force_only { Which::InForce } else { Which::All },
        };
        let size = PageSize::of(asked.page_size);
        let said = json!({ "mode": "HOLDS", "case": asked.case, "in_force_only": asked.in_force_only.to_string() });
        let about = listed.subject.clone().unwrap_or_else(|| "holds".to_owned());
        record_reading(&self.log, &caller, (about, said)).await?;
        let mut holds = hold::page(&self.log.db, listed, before, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut holds, &filters, |last| (last.placed.at, last.id))?;
        let holds = holds.into_iter().map(messages::hold).collect();
        Ok(Response::new(proto::ListHoldsResponse { holds, next_page_token }))
    }
}

fn case_from(name: &str) -> Result<Option<Uuid>, Violation> {
    if name.is_empty() { Ok(None) } else { id_from_name("cases/", name, "case").map(Some) }
}

fn scope_from(scope: Option<proto::hold::Scope>) -> Result<Scope, Violation> {
    match scope.and_then(|scope| scope.what) {
        Some(What::Payments(name)) => {
            Scope::payments(name).ok_or_else(|| Violation::new("scope.payments", "nothing that can be paid"))
        }
        Some(What::Subject(name)) => Ok(Scope::Subject(name)),
        Some(What::Records(Records { first_index, end_index, source })) if first_index < end_index => {
            let source = Some(source).filter(|source| !source.is_empty());
            Ok(Scope::Records(Stretch { first: first_index.cast_unsigned(), end: end_index.cast_unsigned(), source }))
        }
        Some(What::Records(_)) => Err(Violation::new("scope.records.end_index", "not above the first")),
        Some(What::Type(kind)) => Ok(Scope::Type(kind)),
        None => Err(Violation::new("scope", "it is required")),
    }
}
