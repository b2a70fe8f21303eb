//! Asks the log whether a legal hold is in the way. Nobody there, no answer, no log at all: that is no clearance.

use crate::domain::erasure::{Clearance, HoldAnswer};
use handsel_proto::handsel::audit::v1::{
    CheckErasureRequest, ClearErasureRequest, clearance_service_client::ClearanceServiceClient,
};
use handsel_service::Peer;
use std::time::Duration;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// How long the log may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The reason of a clearance that is refused, and the name under which the refusal says by which hold.
const HELD: &str = "HELD";
/// See [`HELD`].
const HOLD: &str = "hold";

/// The log, as far as it knows of holds.
#[derive(Clone)]
pub(crate) struct Holds(Option<ClearanceServiceClient<Peer>>);

impl Holds {
    /// Of this log; without one, nothing is ever clear.
    pub(crate) fn of(audit: Option<Peer>) -> Self {
        Self(audit.map(ClearanceServiceClient::new))
    }

    /// Whether a hold is in the way of erasing these.
    pub(crate) async fn check(&self, subjects: Vec<String>) -> HoldAnswer {
        let Some(mut client) = self.0.clone() else { return HoldAnswer::Unavailable };
        match client.check_erasure(timed(CheckErasureRequest { subjects })).await {
            Ok(answer) if answer.get_ref().hold.is_empty() => HoldAnswer::Clear,
            Ok(answer) => HoldAnswer::Held(answer.into_inner().hold),
            Err(status) => {
                tracing::warn!(code = ?status.code(), "the log did not say whether a hold is in the way");
                HoldAnswer::Unavailable
            }
        }
    }

    /// Has the log clear an erasure; the same again for the same.
    ///
    /// # Errors
    /// The log cannot be asked: nothing may be destroyed.
    pub(crate) async fn clear(&self, erasure: String, subjects: Vec<String>) -> anyhow::Result<Clearance> {
        let Some(mut client) = self.0.clone() else { anyhow::bail!("there is no log to ask about holds") };
        match client.clear_erasure(timed(ClearErasureRequest { erasure, subjects })).await {
            Ok(answer) => Ok(Clearance::Granted { record: answer.into_inner().record }),
            Err(status) => match held(&status) {
                Some(hold) => Ok(Clearance::Held(hold)),
                None => anyhow::bail!("the log did not clear an erasure: {:?}", status.code()),
            },
        }
    }
}

fn held(status: &Status) -> Option<String> {
    let info = status.get_details_error_info()?;
    let refused = status.code() == Code::FailedPrecondition && info.reason == HELD;
    refused.then(|| info.metadata.get(HOLD).cloned().unwrap_or_default())
}

fn timed<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}
