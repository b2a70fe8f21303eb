//! `TierPolicyService`.

use super::{Grpc, actor, refusal, wire};
use crate::commands::{ActivatePolicy, CreatePolicy};
use crate::domain::policy::Checker;
use crate::domain::refusal::{Fault, Refusal};
use crate::queries;
use handsel_access::Caller;
use handsel_money::Timestamp;
use handsel_proto::handsel::tier::v1::{
    ActivateTierPolicyRequest, CreateTierPolicyRequest, GetTierPolicyRequest, ListTierPoliciesRequest,
    ListTierPoliciesResponse, TierPolicy, tier_policy_service_server::TierPolicyService,
};
use handsel_service::status::{fault, refuse};
use handsel_service::{Deadline, digest, page, wire::request_id_from};
use handsel_storage::{Command, Once, RequestKey};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

const COLLECTION: &str = "tierPolicies/";
/// Policies are written so seldom that one lane serves all.
const LANE: &str = "policies";

/// A request that its caller may send again, and how long he waits.
struct Asked {
    key: RequestKey,
    digest: [u8; 32],
    deadline: Option<Instant>,
}

#[tonic::async_trait]
impl TierPolicyService for Grpc {
    async fn create_tier_policy(
        &self,
        request: Request<CreateTierPolicyRequest>,
    ) -> Result<Response<TierPolicy>, Status> {
        let (caller, deadline) = (Caller::of(&request)?.clone(), Deadline::of(&request));
        let mut message = request.into_inner();
        let key = key(&caller, "CreateTierPolicy", &std::mem::take(&mut message.request_id))?;
        let digest = digest(&message);
        let command = CreatePolicy {
            id: message.tier_policy_id,
            proposal: wire::proposal_from(message.tier_policy.unwrap_or_default()),
            maker: caller.person_or_subject().to_owned(),
            act: self.act(actor(&caller)),
        };
        self.once(Asked { key, digest, deadline }, command).await
    }

    async fn get_tier_policy(&self, request: Request<GetTierPolicyRequest>) -> Result<Response<TierPolicy>, Status> {
        self.render(&request.into_inner().name).await
    }

    async fn list_tier_policies(
        &self,
        request: Request<ListTierPoliciesRequest>,
    ) -> Result<Response<ListTierPoliciesResponse>, Status> {
        let request = request.into_inner();
        let filters = ListTierPoliciesRequest::default();
        let size = page::size(request.page_size);
        let before: Option<(i64, String)> = page::cursor(&filters, &request.page_token)?;
        let before = before.map(|(micros, id)| (Timestamp::from_micros(micros), id));
        let limit = i64::try_from(size.saturating_add(1)).unwrap_or(i64::MAX);
        let mut found = queries::policies(&self.db, before, limit).await.map_err(fault)?;
        let next_page_token = if found.len() > size {
            found.truncate(size);
            let last = found.last().map(|last| (last.created_at.as_micros(), last.policy.id.clone()));
            page::token(&filters, &last)?
        } else {
            String::new()
        };
        let tier_policies = found.into_iter().map(wire::to_policy).collect();
        Ok(Response::new(ListTierPoliciesResponse { tier_policies, next_page_token }))
    }

    async fn activate_tier_policy(
        &self,
        request: Request<ActivateTierPolicyRequest>,
    ) -> Result<Response<TierPolicy>, Status> {
        let (caller, deadline) = (Caller::of(&request)?.clone(), Deadline::of(&request));
        let mut message = request.into_inner();
        let key = key(&caller, "ActivateTierPolicy", &std::mem::take(&mut message.request_id))?;
        let digest = digest(&message);
        let command = ActivatePolicy {
            id: id_of(&message.name).to_owned(),
            etag: etag(&message.etag)?,
            checker: Checker { person: caller.person_or_subject().to_owned(), account: caller.subject.clone() },
            act: self.act(actor(&caller)),
        };
        self.once(Asked { key, digest, deadline }, command).await
    }
}

impl Grpc {
    /// Runs a write once, and renders the policy that it led to.
    async fn once<C>(&self, asked: Asked, command: C) -> Result<Response<TierPolicy>, Status>
    where
        C: Command<Output = Result<String, Refusal>>,
    {
        let Asked { key, digest, deadline } = asked;
        // Request ids are forgotten by the machine's time: callers retry in it, whatever the business clock says.
        let once = Once { key, digest, now: self.world.system.now(), command };
        let done = self.run(LANE, deadline, once).await?.map_err(refusal::once)?;
        self.render(&done.resource).await
    }

    async fn render(&self, name: &str) -> Result<Response<TierPolicy>, Status> {
        let found = queries::policy(&self.db, id_of(name)).await.map_err(fault)?;
        let recorded = found.ok_or_else(|| refuse(&Refusal::NotFound(name.to_owned())))?;
        Ok(Response::new(wire::to_policy(recorded)))
    }
}

fn key(caller: &Caller, rpc: &'static str, request_id: &str) -> Result<RequestKey, Status> {
    Ok(RequestKey { caller: caller.requester(), rpc, request_id: request_id_from(request_id)? })
}

/// An etag is the version that was read; empty: none was.
fn etag(text: &str) -> Result<Option<i64>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || refuse(&Refusal::Invalid(vec![Fault::new("etag", "is not an etag that was given out")]));
    text.parse().map(Some).map_err(|_| wrong())
}

/// The contract's field rules have checked the pattern.
pub(super) fn id_of(name: &str) -> &str {
    name.strip_prefix(COLLECTION).unwrap_or(name)
}
