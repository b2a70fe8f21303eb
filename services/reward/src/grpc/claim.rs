//! `ClaimService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{commands::record_recovery::RecordRecovery, domain::refusal::Refusal, queries, wire::claim::to_claim};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    Claim, ListClaimsRequest, ListClaimsResponse, RecordRecoveryRequest, claim_service_server::ClaimService,
};
use handsel_service::{
    page,
    status::fault,
    wire::{id_from_name, money_from},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of everything that moves payouts, as the others'.
const PAYOUTS: &str = "payouts";

#[tonic::async_trait]
impl ClaimService for Api {
    async fn list_claims(&self, request: Request<ListClaimsRequest>) -> Result<Response<ListClaimsResponse>, Status> {
        let asked = request.into_inner();
        let filters = ListClaimsRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let reward =
            (!asked.reward.is_empty()).then(|| id_from_name("rewards/", &asked.reward, "reward")).transpose()?;
        let beneficiary = (!asked.beneficiary.is_empty()).then_some(asked.beneficiary);
        let mut claims =
            queries::claims::list(&self.service.db, beneficiary, reward, after, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut claims, &filters, |claim| (claim.created_at, claim.id))?;
        Ok(Response::new(ListClaimsResponse { claims: claims.iter().map(to_claim).collect(), next_page_token }))
    }

    async fn record_recovery(&self, request: Request<RecordRecoveryRequest>) -> Result<Response<Claim>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("claims/", &call.message.name, "name")?;
        let command = RecordRecovery {
            means: self.service.means.clone(),
            id,
            amount: money_from(call.message.amount.as_ref(), "amount")?,
            bank_reference: call.message.bank_reference.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = RecordRecoveryRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.RecordRecovery", request_id: &call.message.request_id, content };
        self.once(PAYOUTS, &call, again, command).await?;
        match queries::claims::get(&self.service.db, id).await.map_err(fault)? {
            Some(claim) => Ok(Response::new(to_claim(&claim))),
            None => Err(refused(Refusal::NotFound(call.message.name))),
        }
    }
}
