//! The settlement latch as people at the desk see it, and lift it.

use super::Desk;
use crate::bank::request_id;
use handsel_access::Role;
use handsel_proto::handsel::reward::v1::{
    ConfirmReleaseRequest, GetSettlementLatchRequest, ProposeReleaseRequest, SettlementLatch,
    latch_service_client::LatchServiceClient,
};

impl Desk {
    /// Where it stands.
    pub async fn latch(&self) -> SettlementLatch {
        let officer = self.caller(Role::ComplianceOfficer, Some("karel"));
        let look =
            async || LatchServiceClient::new(officer.clone()).get_settlement_latch(GetSettlementLatchRequest {}).await;
        self.patience.answer("looking at the latch", look).await
    }

    /// Two people lift it: what was paid has been reconciled.
    ///
    /// # Panics
    /// If nobody's proposal stands.
    pub async fn lift_latch(&self, about: &str) {
        let petra = self.caller(Role::FinanceApprover, Some("petra"));
        let propose = ProposeReleaseRequest {
            request_id: request_id(&format!("propose {about}")),
            reconciled: "the core bank's orders, one by one".to_owned(),
        };
        let call = async || LatchServiceClient::new(petra.clone()).propose_release(propose.clone()).await;
        let proposal = self.patience.answer("proposing to lift the latch", call).await.proposal.expect("a proposal");
        let karel = self.caller(Role::ComplianceOfficer, Some("karel"));
        let request_id = request_id(&format!("confirm {about}"));
        let confirm = ConfirmReleaseRequest { request_id, proposal: proposal.id };
        let call = async || LatchServiceClient::new(karel.clone()).confirm_release(confirm.clone()).await;
        self.patience.answer("lifting the latch", call).await;
    }
}
