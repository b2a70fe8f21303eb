//! `ReferralService`.

use super::{
    convert::{code_text_from, filled, introduction_from, state_from, tail},
    desk::Desk,
    refusal::Faulty,
    views,
};
use crate::{
    commands::RegisterReferral,
    domain::{referral::Filter, refusal::Refusal},
    queries::{self, referrals::ReferralView},
};
use handsel_access::{Branch, Caller};
use handsel_money::Timestamp;
use handsel_proto::handsel::referral::v1::{
    self as proto, CreateReferralRequest, Funnel, GetFunnelRequest, GetReferralRequest, ListReferralsRequest,
    ListReferralsResponse, funnel, referral_service_server::ReferralService,
};
use handsel_service::{page, status, wire};
use prost::Message;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Referrals.
#[derive(Clone)]
pub(crate) struct Referrals(pub(crate) Desk);

impl Referrals {
    async fn found(&self, name: &str) -> Result<ReferralView, Status> {
        let id = wire::id_from_name("referrals/", name, "name")?;
        let (db, registry) = (&self.0.0.db, &self.0.0.registry);
        let found = queries::referrals::get(db, registry, id).await.map_err(status::fault)?;
        found.ok_or_else(|| status::refuse(&Refusal::NotFound(name.to_owned())))
    }
}

/// The branch that a list shows: the one named, if the caller reaches it, else all that he reaches.
fn branch_shown(caller: &Caller, named: &str) -> Result<String, Status> {
    if !named.is_empty() {
        caller.must_reach(named)?;
        return Ok(named.to_owned());
    }
    match &caller.branch {
        Branch::All => Ok(String::new()),
        Branch::One(own) => Ok(own.clone()),
        // The access layer lets no such caller through; here he reaches nothing.
        Branch::None => caller.must_reach("").map(|()| String::new()),
    }
}

#[tonic::async_trait]
impl ReferralService for Referrals {
    async fn create_referral(
        &self,
        request: Request<CreateReferralRequest>,
    ) -> Result<Response<proto::Referral>, Status> {
        let content = CreateReferralRequest { request_id: String::new(), ..request.get_ref().clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.ReferralService/CreateReferral",
            &request.get_ref().request_id,
            &content,
        )?;
        let caller = Caller::of(&request)?.clone();
        let referral = request.into_inner().referral.unwrap_or_default();
        caller.must_reach(&referral.branch)?;
        let code = match referral.code.as_str() {
            "" => None,
            name => Some(code_text_from(name).map_err(|refusal| status::refuse(&refusal))?),
        };
        let (introduction, referee) = introduction_from(referral, code).map_err(Faulty::status)?;
        let lane = introduction.referrer.clone().unwrap_or_else(|| introduction.program.clone());
        let sealing = self.0.0.registry.seal(&referee, call.act.now).await.map_err(status::fault)?;
        let id = self.0.0.world.ids.next();
        let command = RegisterReferral { act: call.act.clone(), id, introduction, sealing };
        let name = self.0.once(call, &lane, command).await?;
        Ok(Response::new(views::referral(self.found(&name).await?)))
    }

    async fn get_referral(&self, request: Request<GetReferralRequest>) -> Result<Response<proto::Referral>, Status> {
        let view = self.found(&request.get_ref().name).await?;
        Caller::of(&request)?.must_reach(&view.referral.branch)?;
        Ok(Response::new(views::referral(view)))
    }

    async fn list_referrals(
        &self,
        request: Request<ListReferralsRequest>,
    ) -> Result<Response<ListReferralsResponse>, Status> {
        let branch = branch_shown(Caller::of(&request)?, &request.get_ref().branch)?;
        let request = request.into_inner();
        let filter = Filter {
            program: filled(tail(&request.program)),
            branch: filled(branch.clone()),
            referrer: filled(request.referrer.clone()),
            state: state_from(request.state()),
        };
        let ListReferralsRequest { program, branch: _, referrer, state, page_size, page_token } = request;
        let filters = ListReferralsRequest { program, branch, referrer, state, ..ListReferralsRequest::default() };
        let behind: Option<(Timestamp, Uuid)> = page::cursor(&filters, &page_token)?;
        let size = page::size(page_size);
        let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
        let (db, registry) = (&self.0.0.db, &self.0.0.registry);
        let found = queries::referrals::page(db, registry, &filter, behind, limit).await;
        let mut found = found.map_err(status::fault)?;
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last().filter(|_| more) {
            Some(last) => page::token(&filters, &(last.referral.created_at, last.referral.id))?,
            None => String::new(),
        };
        let referrals = found.into_iter().map(views::referral).collect();
        Ok(Response::new(ListReferralsResponse { referrals, next_page_token }))
    }

    async fn get_funnel(&self, request: Request<GetFunnelRequest>) -> Result<Response<Funnel>, Status> {
        let branch = branch_shown(Caller::of(&request)?, &request.get_ref().branch)?;
        let program = filled(tail(&request.get_ref().program));
        let filter = Filter { program, branch: filled(branch), ..Filter::default() };
        let steps = queries::referrals::funnel(&self.0.0.db, &filter).await.map_err(status::fault)?;
        let steps = steps.into_iter().map(|step| funnel::Step {
            state: views::state(step.state).into(),
            channel: views::channel(step.channel).into(),
            count: step.count,
        });
        Ok(Response::new(Funnel { steps: steps.collect() }))
    }
}
