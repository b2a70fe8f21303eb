//! The people who look into the settlement latch, and lift it.

use super::{Bank, request_id};
use crate::installation::Service;
use handsel_access::Role;
use handsel_proto::handsel::reward::v1::{
    ConfirmReleaseRequest, GetSettlementLatchRequest, ProposeReleaseRequest, SettlementLatch,
    latch_service_client::LatchServiceClient, settlement_latch::State, sign::Cause,
};

impl Bank<'_> {
    /// Where the latch stands.
    pub async fn latch(&self) -> SettlementLatch {
        let officer = self.caller(Service::Reward, (Role::ComplianceOfficer, "*", Some("karel")));
        let look =
            async || LatchServiceClient::new(officer.clone()).get_settlement_latch(GetSettlementLatchRequest {}).await;
        self.patience.answer("looking at the latch", look).await
    }

    /// Waits until the latch has fallen for a cause.
    pub async fn wait_for_sign(&self, cause: Cause) {
        let seen = async || {
            let latch = self.latch().await;
            let seen = latch.signs.iter().any(|sign| sign.cause() == cause);
            if seen { Ok(()) } else { Err(format!("{latch:?}")) }
        };
        self.patience.until("the latch falls", seen).await;
    }

    /// Two people lift it: whatever was seen has been reconciled.
    ///
    /// # Panics
    /// If it does not stay up.
    pub async fn lift_latch(&self, about: &str) {
        let petra = self.caller(Service::Reward, (Role::FinanceApprover, "*", Some("petra")));
        let karel = self.caller(Service::Reward, (Role::ComplianceOfficer, "*", Some("karel")));
        let propose = ProposeReleaseRequest {
            request_id: request_id(&format!("propose {about}")),
            reconciled: "the core bank's orders, one by one".to_owned(),
        };
        let call = async || LatchServiceClient::new(petra.clone()).propose_release(propose.clone()).await;
        let proposal = self.patience.answer("proposing to lift the latch", call).await.proposal.expect("it stands");
        let confirm =
            ConfirmReleaseRequest { request_id: request_id(&format!("confirm {about}")), proposal: proposal.id };
        let call = async || LatchServiceClient::new(karel.clone()).confirm_release(confirm.clone()).await;
        let latch = self.patience.answer("lifting the latch", call).await;
        assert_eq!(latch.state(), State::Up);
    }
}
