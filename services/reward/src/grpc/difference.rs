//! Differences of `SettlementFileService`: listed, and closed by two people.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::resolve_difference::{ConfirmDifferenceResolution, ProposeDifferenceResolution},
    domain::{
        difference::{Place, Resolution},
        refusal::Refusal,
    },
    queries,
    wire::difference::{code_from, standing_from, to_difference},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ConfirmDifferenceResolutionRequest, Difference, ListDifferencesRequest, ListDifferencesResponse,
    ProposeDifferenceResolutionRequest,
};
use handsel_service::{
    page,
    status::{Violation, fault},
    wire::{id_from_name, request_id_from},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of what people say of differences.
const DIFFERENCES: &str = "differences";

impl Api {
    pub(super) async fn differences(
        &self,
        asked: ListDifferencesRequest,
    ) -> Result<Response<ListDifferencesResponse>, Status> {
        let named = (!asked.bank_file.is_empty()).then(|| id_from_name("bankFiles/", &asked.bank_file, "bank_file"));
        let filters = ListDifferencesRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid, i64)> = page::cursor(&filters, &asked.page_token)?;
        let (file, standing) = (named.transpose()?, standing_from(asked.state()));
        let kept = queries::files::differences(&self.service.db, file, standing, after, size.limit()).await;
        let mut kept = kept.map_err(fault)?;
        let next_page_token =
            size.cut(&mut kept, &filters, |one| (one.recorded_at, one.place.file, one.place.position))?;
        Ok(Response::new(ListDifferencesResponse {
            differences: kept.iter().map(to_difference).collect(),
            next_page_token,
        }))
    }

    pub(super) async fn proposed_resolution(
        &self,
        request: Request<ProposeDifferenceResolutionRequest>,
    ) -> Result<Response<Difference>, Status> {
        let call = Call::of(request)?;
        let place = place_from(&call.message.bank_file, call.message.position)?;
        let command = ProposeDifferenceResolution {
            means: self.service.means.clone(),
            resolution: Resolution {
                id: self.service.means.next_id(),
                place,
                number: 0,
                code: code_from(call.message.code())?,
                note: call.message.note.clone(),
                proposed_by: call.by(),
                proposer_account: call.person().account,
                proposed_at: self.now(),
                confirmation: None,
            },
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeDifferenceResolutionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeDifferenceResolution", request_id: &call.message.request_id, content };
        self.once(DIFFERENCES, &call, again, command).await?;
        self.difference(place).await
    }

    pub(super) async fn confirmed_resolution(
        &self,
        request: Request<ConfirmDifferenceResolutionRequest>,
    ) -> Result<Response<Difference>, Status> {
        let call = Call::of(request)?;
        let place = place_from(&call.message.bank_file, call.message.position)?;
        let command = ConfirmDifferenceResolution {
            means: self.service.means.clone(),
            place,
            read: request_id_from(&call.message.resolution)
                .map_err(|violation| Violation { field: "resolution".into(), ..violation })?,
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ConfirmDifferenceResolutionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmDifferenceResolution", request_id: &call.message.request_id, content };
        self.once(DIFFERENCES, &call, again, command).await?;
        self.difference(place).await
    }

    async fn difference(&self, place: Place) -> Result<Response<Difference>, Status> {
        match queries::files::difference(&self.service.db, place).await.map_err(fault)? {
            Some(kept) => Ok(Response::new(to_difference(&kept))),
            None => Err(refused(Refusal::NotFound(place.name()))),
        }
    }
}

fn place_from(bank_file: &str, position: i64) -> Result<Place, Status> {
    Ok(Place { file: id_from_name("bankFiles/", bank_file, "bank_file")?, position })
}
