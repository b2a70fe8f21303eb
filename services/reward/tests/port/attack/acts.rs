//! Every call that changes something, as a value that can be made again, alone or beside others.

use crate::bank::{Bank, request_id};
use handsel_proto::handsel::reward::v1::{
    self as wire, choice_service_client::ChoiceServiceClient, claim_service_client::ClaimServiceClient,
    hold_service_client::HoldServiceClient, latch_service_client::LatchServiceClient,
    plan_service_client::PlanServiceClient, rate_service_client::RateServiceClient,
    recompute_service_client::RecomputeServiceClient, resolution_service_client::ResolutionServiceClient,
    reward_inbox_service_client::RewardInboxServiceClient, reward_service_client::RewardServiceClient,
    settlement_service_client::SettlementServiceClient, tax_service_client::TaxServiceClient,
};
use handsel_testkit::Role;
use tonic::Status;

macro_rules! acts {
    ($($act:ident($message:ident) is $client:ident.$rpc:ident;)+) => {
        /// One call, without who makes it.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) enum Act {
            $($act(wire::$message),)+
        }

        impl Act {
            async fn call(&self, bank: &Bank, token: &str) -> Result<String, Status> {
                match self {$(
                    Self::$act(message) => {
                        let call = bank.lab.call(message.clone(), token);
                        let answer = $client::new(bank.channel()).$rpc(call).await?;
                        Ok(format!("{:?}", answer.into_inner()))
                    }
                )+}
            }
        }
    };
}

acts! {
    Grant(GrantRewardsRequest) is RewardServiceClient.grant_rewards;
    Deliver(DeliverRequest) is RewardInboxServiceClient.deliver;
    Approve(ApproveRewardsRequest) is RewardServiceClient.approve_rewards;
    Reject(RejectRewardRequest) is RewardServiceClient.reject_reward;
    SetPayee(SetPayeeRequest) is RewardServiceClient.set_payee;
    Reverse(ReverseRewardRequest) is RewardServiceClient.reverse_reward;
    Retry(RetryPayoutRequest) is RewardServiceClient.retry_payout;
    Hold(PlaceHoldRequest) is HoldServiceClient.place_hold;
    Release(ReleaseHoldRequest) is HoldServiceClient.release_hold;
    Choose(ChooseRewardRequest) is ChoiceServiceClient.choose_reward;
    Recover(RecordRecoveryRequest) is ClaimServiceClient.record_recovery;
    ProposeResolution(ProposeResolutionRequest) is ResolutionServiceClient.propose_resolution;
    ConfirmResolution(ConfirmResolutionRequest) is ResolutionServiceClient.confirm_resolution;
    ProposeWriteOff(ProposeWriteOffRequest) is ResolutionServiceClient.propose_write_off;
    ConfirmWriteOff(ConfirmWriteOffRequest) is ResolutionServiceClient.confirm_write_off;
    Suspend(SuspendPlanVersionRequest) is PlanServiceClient.suspend_plan_version;
    Latch(LatchSettlementRequest) is LatchServiceClient.latch_settlement;
    ProposeRelease(ProposeReleaseRequest) is LatchServiceClient.propose_release;
    ConfirmRelease(ConfirmReleaseRequest) is LatchServiceClient.confirm_release;
    ProposeRemittance(ProposeTaxRemittanceRequest) is TaxServiceClient.propose_tax_remittance;
    ConfirmRemittance(ConfirmTaxRemittanceRequest) is TaxServiceClient.confirm_tax_remittance;
    Pull(ListInstructionsRequest) is SettlementServiceClient.list_instructions;
    Report(ReportOutcomesRequest) is SettlementServiceClient.report_outcomes;
    TakeRate(ActivateRateGrantRequest) is RateServiceClient.activate_rate_grant;
    EndRate(EndRateGrantRequest) is RateServiceClient.end_rate_grant;
    RevokeRate(RevokeRateGrantRequest) is RateServiceClient.revoke_rate_grant;
    PullRates(ListRateInstructionsRequest) is RateServiceClient.list_rate_instructions;
    AnswerRates(ReportRateInstructionsRequest) is RateServiceClient.report_rate_instructions;
    Recompute(StartRecomputationRequest) is RecomputeServiceClient.start_recomputation;
}

/// A call and who makes it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) act: Act,
    pub(super) role: Role,
    pub(super) branch: &'static str,
    pub(super) person: &'static str,
}

/// What a call that is made again may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// It was done: made again it is answered, and nothing happens.
    IsAnswered,
    /// It fetches: made again something may have come.
    Fetches,
}

impl Call {
    /// Makes it.
    pub(super) async fn make(&self, bank: &Bank) -> Result<String, Status> {
        let person = if self.person.is_empty() { None } else { Some(self.person) };
        self.act.call(bank, &bank.lab.token(self.role, self.branch, person)).await
    }

    pub(super) fn repeated(&self) -> Repeated {
        match self.act {
            Act::Pull(_) | Act::PullRates(_) => Repeated::Fetches,
            _ => Repeated::IsAnswered,
        }
    }

    /// The same call by its name or number, with other content; none where it has no content that could be other.
    pub(super) fn with_other_content(&self) -> Option<Self> {
        let mut call = self.clone();
        match &mut call.act {
            Act::Grant(message) => message.qualification.as_mut()?.branch = "0909".into(),
            Act::Approve(message) => message.control_sum = crate::bank::money("0.01 CNY"),
            Act::Reject(message) => message.reason = "SOMETHING_ELSE".into(),
            Act::SetPayee(message) => message.account_reference = "OTHER".into(),
            Act::Reverse(message) => message.reason = "SOMETHING_ELSE".into(),
            Act::Retry(message) => message.etag = "999".into(),
            Act::Hold(message) => message.reason = "SOMETHING_ELSE".into(),
            Act::Release(message) => message.etag = "999".into(),
            Act::Choose(message) => message.side = if message.side == 1 { 2 } else { 1 },
            Act::Recover(message) => message.bank_reference = "OTHER".into(),
            Act::ProposeResolution(message) => message.evidence = "something else".into(),
            Act::ConfirmResolution(message) => message.name = format!("resolutions/{}", request_id(0)),
            Act::ProposeWriteOff(message) => message.reason = "SOMETHING_ELSE".into(),
            Act::ConfirmWriteOff(message) => message.name = format!("resolutions/{}", request_id(0)),
            Act::Suspend(message) => message.version = 7,
            Act::Latch(message) => message.reason = "something else".into(),
            Act::ProposeRelease(message) => message.reconciled = "something else, payout by payout".into(),
            Act::ConfirmRelease(message) => message.proposal = request_id(0),
            Act::ProposeRemittance(message) => message.reference = "OTHER".into(),
            Act::ConfirmRemittance(message) => message.name = format!("tax-remittances/{}", request_id(0)),
            Act::RevokeRate(message) => message.reason = "SOMETHING_ELSE".into(),
            Act::Deliver(_)
            | Act::Pull(_)
            | Act::Report(_)
            | Act::TakeRate(_)
            | Act::EndRate(_)
            | Act::PullRates(_)
            | Act::AnswerRates(_)
            | Act::Recompute(_) => return None,
        }
        Some(call)
    }
}
