//! `LedgerService`.

use super::{Api, call::PageSize, refusal::refused};
use crate::{
    queries,
    wire::ledger::{to_line, to_transfer},
};
use handsel_proto::handsel::reward::v1::{
    GetTrialBalanceRequest, ListTransfersRequest, ListTransfersResponse, TrialBalance,
    ledger_service_server::LedgerService,
};
use handsel_service::{
    page,
    status::fault,
    wire::{id_from_name, timestamp_from, to_timestamp},
};
use tonic::{Request, Response, Status};

/// Transfers of a page where the request names no number.
const DEFAULT_TRANSFERS: usize = 100;

#[tonic::async_trait]
impl LedgerService for Api {
    async fn get_trial_balance(
        &self,
        request: Request<GetTrialBalanceRequest>,
    ) -> Result<Response<TrialBalance>, Status> {
        let as_of = match request.into_inner().as_of_time {
            Some(instant) => timestamp_from(Some(&instant), "as_of_time")?,
            None => self.now(),
        };
        let balances =
            queries::ledger::trial_balance(&self.service.db, as_of).await.map_err(fault)?.map_err(refused)?;
        let lines = balances.iter().map(to_line).collect();
        Ok(Response::new(TrialBalance { as_of_time: Some(to_timestamp(as_of)), lines }))
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        let request = request.into_inner();
        let filters = ListTransfersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let reward = (!request.reward.is_empty()).then(|| id_from_name("rewards/", &request.reward, "reward"));
        let size = PageSize::of(request.page_size, DEFAULT_TRANSFERS);
        let cursor: Option<i64> = page::cursor(&filters, &request.page_token)?;
        let mut transfers = queries::ledger::transfers(&self.service.db, reward.transpose()?, cursor, size.limit())
            .await
            .map_err(fault)?;
        let next_page_token = size.cut(&mut transfers, &filters, |last| last.ordinal)?;
        let transfers = transfers.iter().map(|line| to_transfer(&line.transfer)).collect();
        Ok(Response::new(ListTransfersResponse { transfers, next_page_token }))
    }
}
