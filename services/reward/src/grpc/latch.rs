//! `LatchService`.

use super::{
    Api,
    call::{Again, Call},
};
use crate::{
    commands::latch::{ConfirmRelease, LatchSettlement, ProposeRelease},
    domain::latch::{Cause, Latch, Proposal, Sign, Stop},
    queries::latch::LookAtLatch,
};
use handsel_proto::handsel::reward::v1::{
    self as wire, ConfirmReleaseRequest, GetSettlementLatchRequest, LatchSettlementRequest, ProposeReleaseRequest,
    SettlementLatch, latch_service_server::LatchService, settlement_latch::State, sign::Cause as WireCause,
};
use handsel_service::{
    status::{Violation, fault},
    wire::{request_id_from, to_timestamp},
};
use tonic::{Request, Response, Status};

/// The lane of settlement: its payouts wait for the latch, and the latch for them.
const SETTLEMENT: &str = "settlement";

#[tonic::async_trait]
impl LatchService for Api {
    async fn get_settlement_latch(
        &self,
        _: Request<GetSettlementLatchRequest>,
    ) -> Result<Response<SettlementLatch>, Status> {
        self.latch().await
    }

    async fn latch_settlement(
        &self,
        request: Request<LatchSettlementRequest>,
    ) -> Result<Response<SettlementLatch>, Status> {
        let call = Call::of(request)?;
        let command = LatchSettlement {
            means: self.service.means.clone(),
            reason: call.message.reason.clone(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = LatchSettlementRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.LatchSettlement", request_id: &call.message.request_id, content };
        self.once(SETTLEMENT, &call, again, command).await?;
        self.latch().await
    }

    async fn propose_release(
        &self,
        request: Request<ProposeReleaseRequest>,
    ) -> Result<Response<SettlementLatch>, Status> {
        let call = Call::of(request)?;
        let command = ProposeRelease {
            means: self.service.means.clone(),
            id: self.service.means.next_id(),
            reconciled: call.message.reconciled.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeReleaseRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeRelease", request_id: &call.message.request_id, content };
        self.once(SETTLEMENT, &call, again, command).await?;
        self.latch().await
    }

    async fn confirm_release(
        &self,
        request: Request<ConfirmReleaseRequest>,
    ) -> Result<Response<SettlementLatch>, Status> {
        let call = Call::of(request)?;
        let command = ConfirmRelease {
            means: self.service.means.clone(),
            proposal: request_id_from(&call.message.proposal)
                .map_err(|violation| Violation { field: "proposal".into(), ..violation })?,
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ConfirmReleaseRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmRelease", request_id: &call.message.request_id, content };
        self.once(SETTLEMENT, &call, again, command).await?;
        self.latch().await
    }
}

impl Api {
    async fn latch(&self) -> Result<Response<SettlementLatch>, Status> {
        let look = LookAtLatch { gate: self.service.means.gate.clone() };
        let (latch, held) = self.service.db.transact(&look).await.map_err(fault)?;
        Ok(Response::new(to_latch(latch, held)))
    }
}

fn to_latch(latch: Latch, held: Option<Stop>) -> SettlementLatch {
    let hold = held.map(Stop::code).unwrap_or_default().to_owned();
    let (state, signs, proposal) = match latch {
        Latch::Up => (State::Up, Vec::new(), None),
        Latch::Down { signs, proposal: None } => (State::Down, signs, None),
        Latch::Down { signs, proposal: Some(proposal) } => (State::ReleaseProposed, signs, Some(proposal)),
    };
    SettlementLatch {
        state: state.into(),
        signs: signs.into_iter().map(to_sign).collect(),
        proposal: proposal.map(to_proposal),
        hold,
    }
}

fn to_sign(Sign { cause, detail, author, seen_at }: Sign) -> wire::Sign {
    let cause = match cause {
        Cause::Person => WireCause::Person,
        Cause::LogAhead => WireCause::LogAhead,
        Cause::SenderAhead => WireCause::SenderAhead,
        Cause::SenderOutdated => WireCause::SenderOutdated,
        Cause::UnknownPayout => WireCause::UnknownPayout,
        Cause::Restored => WireCause::Restored,
        Cause::WithdrawnFile => WireCause::WithdrawnFile,
    };
    wire::Sign { cause: cause.into(), detail, author, see_time: Some(to_timestamp(seen_at)) }
}

fn to_proposal(Proposal { id, author, reconciled, proposed_at }: Proposal) -> wire::ReleaseProposal {
    wire::ReleaseProposal { id: id.to_string(), author, reconciled, propose_time: Some(to_timestamp(proposed_at)) }
}
