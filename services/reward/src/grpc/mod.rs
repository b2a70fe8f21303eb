//! The rpcs, one file a service: request → command or query → response.
//!
//! Never here: an `if` on a business fact.

mod call;
mod choice;
mod claim;
mod difference;
mod file;
mod hold;
mod inbox;
mod latch;
mod ledger;
mod plan;
mod quote;
mod rate;
mod rate_product;
mod recompute;
mod refusal;
mod resolution;
mod reward;
mod settlement;
mod tax;
mod withdrawal;

use crate::service::Service;
use handsel_proto::handsel::reward::v1::{
    choice_service_server::ChoiceServiceServer, claim_service_server::ClaimServiceServer,
    hold_service_server::HoldServiceServer, latch_service_server::LatchServiceServer,
    ledger_service_server::LedgerServiceServer, plan_service_server::PlanServiceServer,
    quote_service_server::QuoteServiceServer, rate_product_service_server::RateProductServiceServer,
    rate_service_server::RateServiceServer, recompute_service_server::RecomputeServiceServer,
    resolution_service_server::ResolutionServiceServer, reward_inbox_service_server::RewardInboxServiceServer,
    reward_service_server::RewardServiceServer, settlement_file_service_server::SettlementFileServiceServer,
    settlement_service_server::SettlementServiceServer, tax_service_server::TaxServiceServer,
};
use handsel_service::Routes;
use std::sync::Arc;

/// The handlers of every rpc service.
#[derive(Clone)]
struct Api {
    service: Arc<Service>,
}

/// Adds every rpc service.
pub(crate) fn add_to(service: &Arc<Service>, routes: &mut Routes) {
    let api = Api { service: Arc::clone(service) };
    routes
        .add_service(PlanServiceServer::new(api.clone()))
        .add_service(QuoteServiceServer::new(api.clone()))
        .add_service(ChoiceServiceServer::new(api.clone()))
        .add_service(RateProductServiceServer::new(api.clone()))
        .add_service(RateServiceServer::new(api.clone()))
        .add_service(RewardServiceServer::new(api.clone()))
        .add_service(SettlementServiceServer::new(api.clone()))
        .add_service(SettlementFileServiceServer::new(api.clone()))
        .add_service(ClaimServiceServer::new(api.clone()))
        .add_service(HoldServiceServer::new(api.clone()))
        .add_service(LatchServiceServer::new(api.clone()))
        .add_service(LedgerServiceServer::new(api.clone()))
        .add_service(TaxServiceServer::new(api.clone()))
        .add_service(RecomputeServiceServer::new(api.clone()))
        .add_service(ResolutionServiceServer::new(api.clone()))
        .add_service(RewardInboxServiceServer::new(api));
}
