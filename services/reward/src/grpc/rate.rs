//! `RateService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::{Invalid, refused},
    reward::{branch_in_view, set},
};
use crate::{
    commands::{
        activate_rate_grant::{ActivateRateGrant, GrantKey},
        end_rate_grant::EndRateGrant,
        hand_out_rates::HandOutRates,
        report_rates::ReportRates,
        revoke_rate_grant::RevokeRateGrant,
    },
    domain::refusal::Refusal,
    queries::{
        self,
        rates::{Asked, Filter},
    },
    wire::{
        qualification::after,
        rate_grant::{
            opening_from, receipt_from, state_from, to_answer, to_effective_rate, to_instruction, to_rate_grant,
            to_whole_grant,
        },
    },
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ActivateRateGrantRequest, EffectiveRate, EndRateGrantRequest, GetEffectiveRateRequest, GetRateGrantRequest,
    ListRateGrantsRequest, ListRateGrantsResponse, ListRateInstructionsRequest, ListRateInstructionsResponse,
    RateGrant, ReportRateInstructionsRequest, ReportRateInstructionsResponse, RevokeRateGrantRequest,
    rate_service_server::RateService,
};
use handsel_service::{
    page,
    status::{FIELD_INVALID, fault, refuse},
    wire::{id_from_name, money_from, timestamp_from},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of what core banking is told of rates: one reader hands out and one writer takes back, in order.
const RATES: &str = "rates";
/// Instructions of a page where the request names no number.
const DEFAULT_INSTRUCTIONS: usize = 100;

#[tonic::async_trait]
impl RateService for Api {
    async fn get_rate_grant(&self, request: Request<GetRateGrantRequest>) -> Result<Response<RateGrant>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rate-grants/", &call.message.name, "name")?;
        let Some(whole) = queries::rates::grant(&self.service.db, id).await.map_err(fault)? else {
            return Err(refused(Refusal::NotFound(call.message.name)));
        };
        call.caller.must_reach(&whole.grant.offer.ground.branch)?;
        Ok(Response::new(to_whole_grant(&whole)))
    }

    async fn list_rate_grants(
        &self,
        request: Request<ListRateGrantsRequest>,
    ) -> Result<Response<ListRateGrantsResponse>, Status> {
        let call = Call::of(request)?;
        let branch = branch_in_view(&call.caller, &call.message.branch)?;
        let asked = &call.message;
        let filters = ListRateGrantsRequest {
            branch: branch.clone().unwrap_or_default(),
            page_size: 0,
            page_token: String::new(),
            ..asked.clone()
        };
        let referral = (!asked.referral.is_empty()).then(|| id_from_name("referrals/", &asked.referral, "referral"));
        let filter = Filter {
            referral: referral.transpose()?,
            beneficiary: set(asked.beneficiary.clone()),
            plan: set(after("plans/", &asked.plan)),
            product: set(after("rate-products/", &asked.product)),
            branch,
            state: state_from(asked.state()),
        };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let mut grants = queries::rates::grants(&self.service.db, filter, cursor, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut grants, &filters, |last| (last.offer.offered_at, last.offer.id))?;
        Ok(Response::new(ListRateGrantsResponse {
            rate_grants: grants.iter().map(to_rate_grant).collect(),
            next_page_token,
        }))
    }

    async fn get_effective_rate(
        &self,
        request: Request<GetEffectiveRateRequest>,
    ) -> Result<Response<EffectiveRate>, Status> {
        let asked = request.into_inner();
        let at = asked.at_time.as_ref().map(|at| timestamp_from(Some(at), "at_time")).transpose()?;
        let product = after("rate-products/", &asked.product);
        let contract = Asked {
            customer: asked.customer.clone(),
            product: product.clone(),
            at: at.unwrap_or_else(|| self.now()),
            principal: money_from(asked.principal.as_ref(), "principal")?,
            term_months: u32::try_from(asked.term_months).unwrap_or_default(),
        };
        let found = queries::rates::effective(&self.service.db, contract).await.map_err(fault)?;
        let (effective, version) = found.map_err(refused)?;
        Ok(Response::new(to_effective_rate(&product, version, &effective)))
    }

    async fn activate_rate_grant(
        &self,
        request: Request<ActivateRateGrantRequest>,
    ) -> Result<Response<RateGrant>, Status> {
        let call = Call::of(request)?;
        let key = self.grant_key(&call.message.name).await?;
        let command = ActivateRateGrant {
            means: self.service.means.clone(),
            key: key.clone(),
            opening: opening_from(call.message.contract.as_ref())?,
            actor: call.actor(),
            now: self.now(),
        };
        self.run(&key.plan, call.deadline, command).await?.map_err(refused)?;
        self.rate_grant(key.id).await
    }

    async fn end_rate_grant(&self, request: Request<EndRateGrantRequest>) -> Result<Response<RateGrant>, Status> {
        let call = Call::of(request)?;
        let key = self.grant_key(&call.message.name).await?;
        let command = EndRateGrant {
            means: self.service.means.clone(),
            key: key.clone(),
            at: timestamp_from(call.message.end_time.as_ref(), "end_time")?,
            reason: call.message.reason.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        self.run(&key.plan, call.deadline, command).await?.map_err(refused)?;
        self.rate_grant(key.id).await
    }

    async fn revoke_rate_grant(&self, request: Request<RevokeRateGrantRequest>) -> Result<Response<RateGrant>, Status> {
        let call = Call::of(request)?;
        let key = self.grant_key(&call.message.name).await?;
        let command = RevokeRateGrant {
            means: self.service.means.clone(),
            key: key.clone(),
            etag: call.message.etag.clone(),
            reason: call.message.reason.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = RevokeRateGrantRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.RevokeRateGrant", request_id: &call.message.request_id, content };
        // In the lane of its plan, whose counters it frees.
        self.once(&key.plan, &call, again, command).await?;
        self.rate_grant(key.id).await
    }

    async fn list_rate_instructions(
        &self,
        request: Request<ListRateInstructionsRequest>,
    ) -> Result<Response<ListRateInstructionsResponse>, Status> {
        let call = Call::of(request)?;
        let filters = ListRateInstructionsRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(call.message.page_size, DEFAULT_INSTRUCTIONS);
        let after: Option<(Timestamp, String)> = page::cursor(&filters, &call.message.page_token)?;
        let command = HandOutRates {
            means: self.service.means.clone(),
            after,
            limit: size.rows(),
            actor: call.actor(),
            now: self.now(),
        };
        let told = self.run(RATES, call.deadline, command).await?;
        let next_page_token = size.full(&told, &filters, |(last, _)| (last.created_at, last.id.clone()))?;
        let instructions = told.iter().map(to_instruction).collect();
        Ok(Response::new(ListRateInstructionsResponse { instructions, next_page_token }))
    }

    async fn report_rate_instructions(
        &self,
        request: Request<ReportRateInstructionsRequest>,
    ) -> Result<Response<ReportRateInstructionsResponse>, Status> {
        let call = Call::of(request)?;
        let said = call.message.receipts.iter().enumerate();
        let receipts = said.map(|(at, receipt)| receipt_from(receipt, &format!("receipts[{at}]")));
        let receipts = receipts
            .collect::<Result<_, _>>()
            .map_err(|violation| refuse(&Invalid { reason: FIELD_INVALID, violations: vec![violation] }))?;
        let command = ReportRates { means: self.service.means.clone(), receipts, actor: call.actor(), now: self.now() };
        let answered = self.run(RATES, call.deadline, command).await?;
        let answers = answered.iter().map(to_answer).collect();
        Ok(Response::new(ReportRateInstructionsResponse { answers }))
    }
}

impl Api {
    /// Which rows a grant's commands lock. They never change; a grant that does not exist locks none.
    async fn grant_key(&self, name: &str) -> Result<GrantKey, Status> {
        let id = id_from_name("rate-grants/", name, "name")?;
        let found = queries::rates::key(&self.service.db, id).await.map_err(fault)?;
        Ok(found.map_or_else(
            || GrantKey { id, ..GrantKey::default() },
            |row| GrantKey { id, plan: row.plan_id, customer: row.beneficiary, product: row.product_id },
        ))
    }

    async fn rate_grant(&self, id: Uuid) -> Result<Response<RateGrant>, Status> {
        match queries::rates::grant(&self.service.db, id).await.map_err(fault)? {
            Some(whole) => Ok(Response::new(to_whole_grant(&whole))),
            None => Err(refused(Refusal::NotFound(format!("rate-grants/{id}")))),
        }
    }
}
