//! `RecomputeService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::start_recomputation::StartRecomputation,
    domain::{
        recompute::{self, Comparison},
        recompute_rate::{self, Sound},
        refusal::Refusal,
    },
    queries::{
        self,
        recomputation::{FindingRow, Recomputation, Stored},
    },
    service::Service,
};
use handsel_proto::handsel::reward::v1::{
    self as wire, GetRecomputationRequest, ListRecomputeFindingsRequest, ListRecomputeFindingsResponse,
    RecomputeRateGrantRequest, RecomputeRateGrantResponse, RecomputeRewardRequest, RecomputeRewardResponse,
    StartRecomputationRequest, list_recompute_findings_response, recompute_rate_grant_response,
    recompute_reward_response, recompute_service_server::RecomputeService,
};
use handsel_service::{
    page,
    status::fault,
    wire::{id_from_name, to_money, to_timestamp},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of everything about recomputations.
const RECOMPUTATIONS: &str = "recomputations";

#[tonic::async_trait]
impl RecomputeService for Api {
    async fn recompute_reward(
        &self,
        request: Request<RecomputeRewardRequest>,
    ) -> Result<Response<RecomputeRewardResponse>, Status> {
        let name = request.into_inner().name;
        let id = id_from_name("rewards/", &name, "name")?;
        let Service { db, means, .. } = &*self.service;
        let found = queries::rewards::get(db, means, id, self.now()).await.map_err(fault)?;
        let Some(whole) = found else { return Err(refused(Refusal::NotFound(name))) };
        let version = i32::try_from(whole.record.calculation_version).unwrap_or(i32::MAX);
        let outcome = recompute::compare(&whole.record, &whole.reward.entitlement.amounts);
        let (comparisons, failure) = match outcome {
            Ok(comparisons) => (comparisons, String::new()),
            Err(error) => (Vec::new(), error.to_string()),
        };
        Ok(Response::new(RecomputeRewardResponse {
            name,
            calculation_version: version,
            equal: failure.is_empty() && comparisons.iter().all(|one| one.equal),
            failure,
            comparisons: comparisons.into_iter().map(to_comparison).collect(),
        }))
    }

    async fn recompute_rate_grant(
        &self,
        request: Request<RecomputeRateGrantRequest>,
    ) -> Result<Response<RecomputeRateGrantResponse>, Status> {
        let name = request.into_inner().name;
        let id = id_from_name("rate-grants/", &name, "name")?;
        let found = queries::recomputation::valuations(&self.service.db, id).await.map_err(fault)?;
        let Some(stored) = found else { return Err(refused(Refusal::NotFound(name))) };
        let valuations: Vec<_> = stored.iter().map(to_valuation).collect();
        let equal = valuations.iter().all(|one| one.failure.is_empty());
        Ok(Response::new(RecomputeRateGrantResponse { name, equal, valuations }))
    }

    async fn start_recomputation(
        &self,
        request: Request<StartRecomputationRequest>,
    ) -> Result<Response<wire::Recomputation>, Status> {
        let call = Call::of(request)?;
        let command = StartRecomputation { means: self.service.means.clone(), actor: call.actor(), now: self.now() };
        let content = StartRecomputationRequest { request_id: String::new() };
        let again = Again { rpc: "reward.StartRecomputation", request_id: &call.message.request_id, content };
        let name = self.once(RECOMPUTATIONS, &call, again, command).await?;
        self.recomputation(&name).await
    }

    async fn get_recomputation(
        &self,
        request: Request<GetRecomputationRequest>,
    ) -> Result<Response<wire::Recomputation>, Status> {
        self.recomputation(&request.into_inner().name).await
    }

    async fn list_recompute_findings(
        &self,
        request: Request<ListRecomputeFindingsRequest>,
    ) -> Result<Response<ListRecomputeFindingsResponse>, Status> {
        let request = request.into_inner();
        let filters = ListRecomputeFindingsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let id = id_from_name("recomputations/", &request.parent, "parent")?;
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let cursor: Option<i64> = page::cursor(&filters, &request.page_token)?;
        let found =
            queries::recomputation::findings(&self.service.db, id, cursor.unwrap_or_default(), size.limit()).await;
        let Some(mut findings) = found.map_err(fault)? else {
            return Err(refused(Refusal::NotFound(request.parent)));
        };
        let next_page_token = size.cut(&mut findings, &filters, |last| last.number)?;
        let findings = findings.into_iter().map(to_finding).collect();
        Ok(Response::new(ListRecomputeFindingsResponse { findings, next_page_token }))
    }
}

impl Api {
    async fn recomputation(&self, name: &str) -> Result<Response<wire::Recomputation>, Status> {
        let id = id_from_name("recomputations/", name, "name")?;
        match queries::recomputation::get(&self.service.db, id).await.map_err(fault)? {
            Some(run) => Ok(Response::new(to_recomputation(&run))),
            None => Err(refused(Refusal::NotFound(name.to_owned()))),
        }
    }
}

fn to_comparison(one: Comparison) -> recompute_reward_response::Comparison {
    let Comparison { step, stored, recomputed, equal } = one;
    recompute_reward_response::Comparison {
        step,
        stored: stored.unwrap_or_default(),
        recomputed: recomputed.unwrap_or_default(),
        equal,
    }
}

fn to_valuation(stored: &Stored) -> recompute_rate_grant_response::Valuation {
    let valuation = stored.held.valuation.code().to_owned();
    match recompute_rate::again(&stored.trace, stored.held) {
        Ok(Sound { calculation_version, benefit }) => recompute_rate_grant_response::Valuation {
            valuation,
            calculation_version: i32::try_from(calculation_version).unwrap_or(i32::MAX),
            benefit: Some(to_money(benefit)),
            failure: String::new(),
        },
        Err(failure) => {
            recompute_rate_grant_response::Valuation { valuation, calculation_version: 0, benefit: None, failure }
        }
    }
}

fn to_recomputation(run: &Recomputation) -> wire::Recomputation {
    let Recomputation { id, recomputed, different, started_at, updated_at, done, .. } = run;
    wire::Recomputation {
        name: format!("recomputations/{id}"),
        recomputed: *recomputed,
        different: *different,
        done: *done,
        start_time: Some(to_timestamp(started_at.0)),
        update_time: Some(to_timestamp(updated_at.0)),
    }
}

fn to_finding(row: FindingRow) -> list_recompute_findings_response::Finding {
    let FindingRow { number: _, reward_id, grant_id, event, detail, found_at } = row;
    let named = |collection: &str, id: Option<Uuid>| id.map(|id| format!("{collection}/{id}")).unwrap_or_default();
    list_recompute_findings_response::Finding {
        reward: named("rewards", reward_id),
        rate_grant: named("rate-grants", grant_id),
        valuation: event,
        detail,
        find_time: Some(to_timestamp(found_at.0)),
    }
}
