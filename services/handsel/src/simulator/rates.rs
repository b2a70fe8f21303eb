//! What the simulated core bank does with what it is told of preferential rates: it takes notice, or refuses where it is told to be
//! bad at that, and answers the same each time it is told the same.

use super::{
    Simulator,
    faults::{Fault, Faults},
};
use crate::bearer::Caller;
use anyhow::Result;
use handsel_proto::handsel::{
    corebank::v1::{
        ApplyRateGrantsRequest, ApplyRateGrantsResponse, RateInstruction, RateReceipt,
        core_banking_rate_service_server::CoreBankingRateService, rate_receipt,
    },
    reward::v1::{ListRateInstructionsRequest, ReportRateInstructionsRequest, rate_service_client::RateServiceClient},
};
use tonic::{Request, Response, Status};

/// The bank's own reason code where it refuses.
const REFUSED: &str = "NO_SUCH_PRODUCT";

impl Simulator {
    /// One round of a bank that pulls: every instruction without an answer is answered. True if there was any.
    pub(super) async fn pull_rates(&self, caller: &Caller) -> Result<bool> {
        let mut rates = RateServiceClient::new(caller.clone());
        let mut page_token = String::new();
        let mut said = false;
        loop {
            let request = ListRateInstructionsRequest { page_size: 200, page_token };
            let page = rates.list_rate_instructions(request).await?.into_inner();
            let receipts = self.notice(&page.instructions);
            // A duplicated answer may make more than the 500 that one call takes.
            for batch in receipts.chunks(500) {
                said = true;
                rates.report_rate_instructions(ReportRateInstructionsRequest { receipts: batch.to_vec() }).await?;
            }
            if page.next_page_token.is_empty() {
                return Ok(said);
            }
            page_token = page.next_page_token;
        }
    }

    fn notice(&self, instructions: &[RateInstruction]) -> Vec<RateReceipt> {
        instructions.iter().flat_map(|instruction| answers(&instruction.instruction_id, self.faults)).collect()
    }
}

/// What the bank says of one instruction, once or twice.
fn answers(id: &str, faults: Faults) -> Vec<RateReceipt> {
    let (result, reason_code) = if faults.strike(Fault::Reject, id) {
        (rate_receipt::Result::Refused, REFUSED.to_owned())
    } else {
        (rate_receipt::Result::Taken, String::new())
    };
    let receipt = RateReceipt { instruction_id: id.to_owned(), result: result.into(), reason_code };
    let times = if faults.strike(Fault::Duplicate, id) { 2 } else { 1 };
    vec![receipt; times]
}

#[tonic::async_trait]
impl CoreBankingRateService for Simulator {
    async fn apply_rate_grants(
        &self,
        request: Request<ApplyRateGrantsRequest>,
    ) -> Result<Response<ApplyRateGrantsResponse>, Status> {
        let mut receipts = self.notice(&request.into_inner().instructions);
        // What one answer does not hold is asked for again.
        receipts.truncate(500);
        Ok(Response::new(ApplyRateGrantsResponse { receipts }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_tells_its_story_and_always_the_same() {
        let told = |faults: Faults| answers("R1", faults).iter().map(RateReceipt::result).collect::<Vec<_>>();
        let none = Faults::default();
        assert_eq!(told(none), [rate_receipt::Result::Taken]);
        assert_eq!(told(Faults { reject: 100, ..none }), [rate_receipt::Result::Refused]);
        assert_eq!(told(Faults { duplicate: 100, ..none }), [rate_receipt::Result::Taken; 2]);
    }
}
