//! `ErasureService`.

use super::{desk::Desk, views};
use crate::{
    commands::{ConfirmErasure, ProposeErasure, about},
    domain::{
        erasure::{HoldAnswer, Purpose, Reason, Stage},
        refusal::Refusal,
    },
    queries,
};
use handsel_proto::handsel::referral::v1::{
    self as proto, ConfirmErasureRequest, GetErasureRequest, ProposeErasureRequest,
    erasure_service_server::ErasureService,
};
use handsel_service::{
    status::{self, Violation},
    wire,
};
use prost::Message;
use tonic::{Request, Response, Status};

/// Erasures.
#[derive(Clone)]
pub(crate) struct Erasures(pub(crate) Desk);

impl Erasures {
    async fn found(&self, name: &str) -> Result<queries::erasures::ErasureView, Status> {
        let id = wire::id_from_name("erasures/", name, "name")?;
        let found = queries::erasures::get(&self.0.0.db, id).await.map_err(status::fault)?;
        found.ok_or_else(|| status::refuse(&Refusal::NotFound(name.to_owned())))
    }

    async fn rendered(&self, name: &str) -> Result<Response<proto::Erasure>, Status> {
        Ok(Response::new(views::erasure(self.found(name).await?)))
    }
}

fn purpose(purpose: i32) -> Result<Purpose, Status> {
    match proto::Purpose::try_from(purpose) {
        Ok(proto::Purpose::Marketing) => Ok(Purpose::Marketing),
        Ok(proto::Purpose::Contract) => Ok(Purpose::Contract),
        Ok(proto::Purpose::Tax) => Ok(Purpose::Tax),
        Ok(proto::Purpose::Unspecified) | Err(_) => {
            Err(super::refusal::Faulty::status(vec![Violation::new("purposes", "must be a purpose")]))
        }
    }
}

fn reason(reason: proto::ErasureReason) -> Result<Reason, Status> {
    match reason {
        proto::ErasureReason::DataSubjectRequest => Ok(Reason::DataSubjectRequest),
        proto::ErasureReason::ConsentWithdrawn => Ok(Reason::ConsentWithdrawn),
        proto::ErasureReason::UnlawfulProcessing => Ok(Reason::UnlawfulProcessing),
        // What has run out is found by the service itself.
        proto::ErasureReason::Unspecified | proto::ErasureReason::RetentionOver => {
            Err(super::refusal::Faulty::status(vec![Violation::new("reason", "must be a reason that a person has")]))
        }
    }
}

#[tonic::async_trait]
impl ErasureService for Erasures {
    async fn propose_erasure(
        &self,
        request: Request<ProposeErasureRequest>,
    ) -> Result<Response<proto::Erasure>, Status> {
        let asked = request.get_ref();
        let content = ProposeErasureRequest { request_id: String::new(), ..asked.clone() }.encode_to_vec();
        let call =
            self.0.call(&request, "handsel.referral.v1.ErasureService/ProposeErasure", &asked.request_id, &content)?;
        let command = ProposeErasure {
            act: call.act.clone(),
            id: self.0.0.world.ids.next(),
            referral: wire::id_from_name("referrals/", &asked.referral, "referral")?,
            purposes: asked.purposes.iter().copied().map(purpose).collect::<Result<_, _>>()?,
            reason: reason(asked.reason())?,
            periods: self.0.0.retention,
        };
        let lane = asked.referral.clone();
        self.rendered(&self.0.once(call, &lane, command).await?).await
    }

    async fn confirm_erasure(
        &self,
        request: Request<ConfirmErasureRequest>,
    ) -> Result<Response<proto::Erasure>, Status> {
        let asked = request.get_ref();
        let content = ConfirmErasureRequest { request_id: String::new(), ..asked.clone() }.encode_to_vec();
        let call =
            self.0.call(&request, "handsel.referral.v1.ErasureService/ConfirmErasure", &asked.request_id, &content)?;
        let name = asked.name.clone();
        let view = self.found(&name).await?;
        // One that is decided already can only be a repetition, or is refused for that.
        let holds = match view.erasure.stage {
            Stage::Proposed => self.0.0.holds.check(about(&view.standings)).await,
            _ => HoldAnswer::Clear,
        };
        let (act, id, periods) = (call.act.clone(), view.erasure.id, self.0.0.retention);
        let name = self.0.once(call, &name, ConfirmErasure { act, id, holds, periods }).await?;
        self.0.0.erasures.notify_one();
        self.rendered(&name).await
    }

    async fn get_erasure(&self, request: Request<GetErasureRequest>) -> Result<Response<proto::Erasure>, Status> {
        self.rendered(&request.get_ref().name).await
    }
}
