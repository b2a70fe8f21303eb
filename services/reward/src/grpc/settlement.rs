//! `SettlementService`.

use super::{
    Api,
    call::{Call, PageSize},
    refusal::Invalid,
};
use crate::{
    commands::{hand_out::HandOut, report_outcomes::ReportOutcomes},
    domain::channel::Channel,
    wire::settlement::{outcomes_from, to_instruction, to_receipt},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ListInstructionsRequest, ListInstructionsResponse, ReportOutcomesRequest, ReportOutcomesResponse,
    settlement_service_server::SettlementService,
};
use handsel_service::{
    page,
    status::{FIELD_INVALID, refuse},
};
use tonic::{Request, Response, Status};

/// The lane of settlement: one reader hands out and one writer takes back, in order.
const SETTLEMENT: &str = "settlement";
/// Instructions of a page where the request names no number.
const DEFAULT_INSTRUCTIONS: usize = 100;

#[tonic::async_trait]
impl SettlementService for Api {
    async fn list_instructions(
        &self,
        request: Request<ListInstructionsRequest>,
    ) -> Result<Response<ListInstructionsResponse>, Status> {
        let call = Call::of(request)?;
        let filters = ListInstructionsRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(call.message.page_size, DEFAULT_INSTRUCTIONS);
        let after: Option<(Timestamp, String)> = page::cursor(&filters, &call.message.page_token)?;
        let command = HandOut {
            means: self.service.means.clone(),
            after,
            limit: size.rows(),
            channel: Channel::Pull,
            in_use: self.service.config.settlement.channel() == Channel::Pull,
            actor: call.actor(),
            now: self.now(),
        };
        let open = self.run(SETTLEMENT, call.deadline, command).await?;
        let next_page_token = size.full(&open, &filters, |last| (last.instructed_at, last.end_to_end_id.clone()))?;
        let instructions = open.iter().map(to_instruction).collect();
        Ok(Response::new(ListInstructionsResponse { instructions, next_page_token }))
    }

    async fn report_outcomes(
        &self,
        request: Request<ReportOutcomesRequest>,
    ) -> Result<Response<ReportOutcomesResponse>, Status> {
        let call = Call::of(request)?;
        let outcomes = outcomes_from(&call.message.outcomes)
            .map_err(|violations| refuse(&Invalid { reason: FIELD_INVALID, violations }))?;
        let command =
            ReportOutcomes { means: self.service.means.clone(), outcomes, actor: call.actor(), now: self.now() };
        let taken = self.run(SETTLEMENT, call.deadline, command).await?;
        Ok(Response::new(ReportOutcomesResponse { receipts: taken.iter().map(to_receipt).collect() }))
    }
}
