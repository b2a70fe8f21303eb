//! `TaxService`.

use super::{Api, call::PageSize};
use crate::{
    domain::tax_year::{Total, YearKey},
    queries,
};
use handsel_proto::handsel::reward::v1::{
    GetTaxTotalsRequest, ListReportableRequest, ListReportableResponse, TaxTotal, TaxTotals,
    tax_service_server::TaxService,
};
use handsel_service::{
    page,
    status::fault,
    wire::{to_money, to_timestamp},
};
use tonic::{Request, Response, Status};

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
