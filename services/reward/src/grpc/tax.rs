//! `TaxService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::remit_tax::{ConfirmTaxRemittance, ProposeTaxRemittance},
    domain::{
        refusal::Refusal,
        tax_remittance::Remittance,
        tax_year::{Total, YearKey},
    },
    queries,
    wire::{quote::language_from, tax::to_remittance, tax_statement},
};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    BeneficiaryStatement, ConfirmTaxRemittanceRequest, GetBeneficiaryStatementRequest, GetTaxRemittanceRequest,
    GetTaxTotalsRequest, ListReportableRequest, ListReportableResponse, ListTaxRemittancesRequest,
    ListTaxRemittancesResponse, ProposeTaxRemittanceRequest, TaxRemittance, TaxTotal, TaxTotals,
    get_beneficiary_statement_request::Format, tax_service_server::TaxService,
};
use handsel_service::{
    page,
    status::{Violation, fault},
    wire::{id_from_name, money_from, to_money, to_timestamp},
};
use handsel_storage::Fault;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of remittances.
const REMITTANCES: &str = "tax remittances";

#[tonic::async_trait]
impl TaxService for Api {
    async fn get_tax_totals(&self, request: Request<GetTaxTotalsRequest>) -> Result<Response<TaxTotals>, Status> {
        let GetTaxTotalsRequest { beneficiary, year } = request.into_inner();
        let found =
            queries::tax::of_beneficiary(&self.service.db, &beneficiary, i64::from(year)).await.map_err(fault)?;
        let totals = found.iter().map(to_total).collect();
        Ok(Response::new(TaxTotals { beneficiary, year, totals }))
    }

    async fn list_reportable(
        &self,
        request: Request<ListReportableRequest>,
    ) -> Result<Response<ListReportableResponse>, Status> {
        let request = request.into_inner();
        let filters = ListReportableRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(String, String, String)> = page::cursor(&filters, &request.page_token)?;
        let jurisdiction = (!request.jurisdiction.is_empty()).then_some(request.jurisdiction);
        let year = i64::from(request.year);
        let found = queries::tax::reportable(&self.service.db, year, jurisdiction, cursor, size.limit()).await;
        let mut totals = found.map_err(fault)?;
        let next_page_token = size.cut(&mut totals, &filters, |((beneficiary, _, jurisdiction, currency), _)| {
            (beneficiary.clone(), jurisdiction.clone(), currency.code().to_owned())
        })?;
        let totals = totals.iter().map(to_total).collect();
        Ok(Response::new(ListReportableResponse { totals, next_page_token }))
    }

    async fn get_beneficiary_statement(
        &self,
        request: Request<GetBeneficiaryStatementRequest>,
    ) -> Result<Response<BeneficiaryStatement>, Status> {
        let request = request.into_inner();
        let format = request.format();
        let language = language_from(&request.language_code)?;
        let GetBeneficiaryStatementRequest { beneficiary, year, .. } = request;
        let (db, plans) = (&self.service.db, &self.service.means.plans);
        let found = queries::tax::statement(db, plans, &beneficiary, i64::from(year)).await;
        let statement = found.map_err(fault)?.map_err(refused)?;
        let (media_type, written) = match format {
            Format::Csv => (tax_statement::CSV, tax_statement::csv(&statement, language)),
            Format::Json => (tax_statement::JSON, tax_statement::json(&statement)),
            Format::Unspecified => return Err(Violation::new("format", "is required").into()),
        };
        let content = written.map_err(|error| fault(Fault::Invalid(error.to_string())))?;
        let digest = hex::encode(digest(&SHA256, &content));
        Ok(Response::new(BeneficiaryStatement {
            beneficiary,
            year,
            media_type: media_type.to_owned(),
            content,
            digest,
        }))
    }

    async fn propose_tax_remittance(
        &self,
        request: Request<ProposeTaxRemittanceRequest>,
    ) -> Result<Response<TaxRemittance>, Status> {
        let call = Call::of(request)?;
        let command = ProposeTaxRemittance {
            means: self.service.means.clone(),
            remittance: Remittance {
                id: self.service.means.next_id(),
                amount: money_from(call.message.amount.as_ref(), "amount")?,
                period: call.message.period.clone(),
                reference: call.message.reference.clone(),
                proposed_by: call.by(),
                proposed_at: self.now(),
                confirmation: None,
            },
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeTaxRemittanceRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeTaxRemittance", request_id: &call.message.request_id, content };
        let name = self.once(REMITTANCES, &call, again, command).await?;
        self.remittance(&name).await
    }

    async fn confirm_tax_remittance(
        &self,
        request: Request<ConfirmTaxRemittanceRequest>,
    ) -> Result<Response<TaxRemittance>, Status> {
        let call = Call::of(request)?;
        let command = ConfirmTaxRemittance {
            means: self.service.means.clone(),
            id: id_from_name("tax-remittances/", &call.message.name, "name")?,
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ConfirmTaxRemittanceRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmTaxRemittance", request_id: &call.message.request_id, content };
        let name = self.once(REMITTANCES, &call, again, command).await?;
        self.remittance(&name).await
    }

    async fn get_tax_remittance(
        &self,
        request: Request<GetTaxRemittanceRequest>,
    ) -> Result<Response<TaxRemittance>, Status> {
        self.remittance(&request.into_inner().name).await
    }

    async fn list_tax_remittances(
        &self,
        request: Request<ListTaxRemittancesRequest>,
    ) -> Result<Response<ListTaxRemittancesResponse>, Status> {
        let request = request.into_inner();
        let filters = ListTaxRemittancesRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid)> = page::cursor(&filters, &request.page_token)?;
        let found = queries::tax::remittances(&self.service.db, after, size.limit()).await;
        let mut found = found.map_err(fault)?;
        let next_page_token = size.cut(&mut found, &filters, |one| (one.proposed_at, one.id))?;
        let tax_remittances = found.iter().map(to_remittance).collect();
        Ok(Response::new(ListTaxRemittancesResponse { tax_remittances, next_page_token }))
    }
}

impl Api {
    async fn remittance(&self, name: &str) -> Result<Response<TaxRemittance>, Status> {
        let id = id_from_name("tax-remittances/", name, "name")?;
        match queries::tax::remittance(&self.service.db, id).await.map_err(fault)? {
            Some(remittance) => Ok(Response::new(to_remittance(&remittance))),
            None => Err(refused(Refusal::NotFound(name.to_owned()))),
        }
    }
}

fn to_total((key, total): &(YearKey, Total)) -> TaxTotal {
    let (beneficiary, year, jurisdiction, _) = key;
    let Total { reward, tax, net, flag } = total;
    TaxTotal {
        beneficiary: beneficiary.clone(),
        year: i32::try_from(*year).unwrap_or_default(),
        jurisdiction: jurisdiction.clone(),
        reward_amount: Some(to_money(*reward)),
        tax_amount: Some(to_money(*tax)),
        net_amount: Some(to_money(*net)),
        reportable: flag.is_some(),
        reportable_reward: flag.as_ref().map(|flag| format!("rewards/{}", flag.reward)).unwrap_or_default(),
        threshold: flag.as_ref().map(|flag| to_money(flag.threshold)),
        exceed_time: flag.as_ref().map(|flag| to_timestamp(flag.at)),
    }
}
