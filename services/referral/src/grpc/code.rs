//! `CodeService`.

use super::{
    convert::{code_draft_from, code_text_from},
    desk::Desk,
    views,
};
use crate::{
    commands::IssueCode,
    domain::{
        code::{Code, CodeText},
        refusal::Refusal,
    },
    queries,
};
use handsel_access::Caller;
use handsel_proto::handsel::referral::v1::{
    self as proto, CreateCodeRequest, GetCodeRequest, code_service_server::CodeService,
};
use handsel_service::{Entropy, status};
use prost::Message;
use tonic::{Request, Response, Status};

/// Texts drawn for one code: that all are taken is as good as impossible.
const CANDIDATES: usize = 4;
/// Random bytes for one text: seven are used, nearly all are usable.
const DRAW: usize = 32;

/// Codes.
#[derive(Clone)]
pub(crate) struct Codes(pub(crate) Desk);

impl Codes {
    async fn found(&self, name: &str) -> Result<Code, Status> {
        let text = code_text_from(name).map_err(|refusal| status::refuse(&refusal))?;
        let found = queries::codes::get(&self.0.0.db, &text).await.map_err(status::fault)?;
        found.ok_or_else(|| status::refuse(&Refusal::NotFound(name.to_owned())))
    }
}

#[tonic::async_trait]
impl CodeService for Codes {
    async fn create_code(&self, request: Request<CreateCodeRequest>) -> Result<Response<proto::Code>, Status> {
        let content = CreateCodeRequest { request_id: String::new(), ..request.get_ref().clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.CodeService/CreateCode",
            &request.get_ref().request_id,
            &content,
        )?;
        let draft = code_draft_from(request.get_ref().code.as_ref().unwrap_or(&proto::Code::default()))?;
        Caller::of(&request)?.must_reach(&draft.branch)?;
        let candidates = draw(self.0.0.world.entropy.as_ref());
        let lane = draft.referrer.clone();
        let command = IssueCode { act: call.act.clone(), draft, candidates };
        let name = self.0.once(call, &lane, command).await?;
        Ok(Response::new(views::code(self.found(&name).await?)))
    }

    async fn get_code(&self, request: Request<GetCodeRequest>) -> Result<Response<proto::Code>, Status> {
        let code = self.found(&request.get_ref().name).await?;
        Caller::of(&request)?.must_reach(&code.terms.branch)?;
        Ok(Response::new(views::code(code)))
    }
}

fn draw(entropy: &dyn Entropy) -> Vec<CodeText> {
    let one = |_| {
        let mut random = [0; DRAW];
        entropy.fill(&mut random);
        CodeText::draw(&random)
    };
    (0..CANDIDATES).filter_map(one).collect()
}
