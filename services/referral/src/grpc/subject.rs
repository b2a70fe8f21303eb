//! `SubjectService`.

use super::{desk::Desk, views};
use crate::{commands::Look, domain::refusal::Refusal, queries, registry::Opened};
use handsel_access::Caller;
use handsel_outbox::statement::PersonalField;
use handsel_proto::handsel::referral::v1::{
    self as proto, OpenPersonalDataRequest, OpenPersonalDataResponse, RevealReason, RevealRefereeRequest,
    open_personal_data_response::{Opening, Outcome},
    subject_service_server::SubjectService,
};
use handsel_service::{status, wire};
use prost::Message;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// People, in plain text for whoever says why.
#[derive(Clone)]
pub(crate) struct Subjects(pub(crate) Desk);

fn reason(reason: RevealReason) -> &'static str {
    match reason {
        // The contract's field rules let it through no more than the access layer a stranger.
        RevealReason::Unspecified => "UNSPECIFIED",
        RevealReason::Contact => "CONTACT",
        RevealReason::Complaint => "COMPLAINT",
        RevealReason::DataSubjectRequest => "DATA_SUBJECT_REQUEST",
        RevealReason::Investigation => "INVESTIGATION",
    }
}

fn field(sealed: &proto::SealedField) -> PersonalField {
    let proto::SealedField { subject, purpose, field, commitment, sealed } = sealed;
    PersonalField {
        c: commitment.clone(),
        field: field.clone(),
        purpose: purpose.clone(),
        sealed: hex::encode(sealed),
        subject: subject.clone(),
    }
}

fn opening(opened: Opened) -> Opening {
    let closed = |outcome: Outcome| Opening { outcome: outcome.into(), blind: Vec::new(), plain: String::new() };
    match opened {
        Opened::Open { blind, plain } => Opening { outcome: Outcome::Open.into(), blind: blind.to_vec(), plain },
        Opened::Erased => closed(Outcome::Erased),
        Opened::NotOurs => closed(Outcome::NotOurs),
    }
}

#[tonic::async_trait]
impl SubjectService for Subjects {
    async fn reveal_referee(&self, request: Request<RevealRefereeRequest>) -> Result<Response<proto::Referee>, Status> {
        let asked = request.get_ref();
        let content = RevealRefereeRequest { request_id: String::new(), ..asked.clone() }.encode_to_vec();
        let call =
            self.0.call(&request, "handsel.referral.v1.SubjectService/RevealReferee", &asked.request_id, &content)?;
        let (name, why) = (asked.referral.clone(), reason(asked.reason()));
        let id = wire::id_from_name("referrals/", &name, "referral")?;
        let found = queries::subjects::of_referral(&self.0.0.db, id).await.map_err(status::fault)?;
        let (referral, sealed) = found.ok_or_else(|| status::refuse(&Refusal::NotFound(name.clone())))?;
        Caller::of(&request)?.must_reach(&referral.branch)?;
        let subjects = vec![name.clone(), format!("subjects/{}", sealed.id)];
        let (kind, act) = ("subject.revealed", call.act.clone());
        self.0.look(call, &name, Look { act, kind, subjects, reason: why, fields: 2 }).await?;
        let revealed = self.0.0.registry.revealed(&sealed).await.map_err(status::fault)?;
        let revealed = revealed.ok_or_else(|| status::refuse(&Refusal::Erased(name)))?;
        Ok(Response::new(views::revealed(revealed)))
    }

    async fn open_personal_data(
        &self,
        request: Request<OpenPersonalDataRequest>,
    ) -> Result<Response<OpenPersonalDataResponse>, Status> {
        let asked = request.get_ref();
        let content = OpenPersonalDataRequest { request_id: String::new(), ..asked.clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.SubjectService/OpenPersonalData",
            &asked.request_id,
            &content,
        )?;
        let fields: Vec<PersonalField> = asked.fields.iter().map(field).collect();
        let subjects: BTreeSet<String> = fields.iter().map(|field| field.subject.clone()).collect();
        let (act, lane) = (call.act.clone(), call.act.by.clone());
        let look = Look {
            act,
            kind: "subject.opened",
            subjects: subjects.into_iter().collect(),
            reason: reason(asked.reason()),
            fields: fields.len(),
        };
        self.0.look(call, &lane, look).await?;
        let opened = self.0.0.registry.open_logged(&fields).await.map_err(status::fault)?;
        Ok(Response::new(OpenPersonalDataResponse { openings: opened.into_iter().map(opening).collect() }))
    }
}
