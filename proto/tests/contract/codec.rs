//! What a client reads when a message breaks the contract's rules.

use bytes::Bytes;
use handsel_proto::{
    codec::read,
    handsel::{
        referral::v1::{
            Code, CreateCodeRequest, GetCodeRequest,
            code_service_client::CodeServiceClient,
            code_service_server::{CodeService, CodeServiceServer},
        },
        reward::v1::{ApproveRewardsRequest, DeliverRequest},
    },
};
use prost_reflect::prost::{Message, Name};
use tonic::{Code as GrpcCode, Request, Response, Status};
use tonic_types::StatusExt;

const UUID: &str = "018f3c6e-8f53-7d4e-9c50-0c3b0f1a2b3c";

fn arrive<M: Message + Name + Default>(message: &M) -> Result<M, Status> {
    read(Bytes::from(message.encode_to_vec()))
}

/// The reason, and the violations as `field: description`.
fn told(status: &Status) -> (String, Vec<String>) {
    assert_eq!(status.code(), GrpcCode::InvalidArgument);
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, "handsel");
    let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    (info.reason, violations.into_iter().map(|one| format!("{}: {}", one.field, one.description)).collect())
}

fn good_code() -> CreateCodeRequest {
    CreateCodeRequest {
        request_id: UUID.into(),
        code: Some(Code {
            program: "programs/spring".into(),
            referrer: "customers/4711".into(),
            branch: "0101".into(),
            ..Code::default()
        }),
    }
}

#[test]
fn a_good_message_arrives_whole() {
    assert_eq!(arrive(&good_code()).unwrap(), good_code());
}

#[test]
fn each_broken_rule_is_a_violation_of_its_field() {
    let mut bad = good_code();
    bad.request_id = "1".into();
    bad.code.as_mut().unwrap().branch = "no branch".into();
    bad.code.as_mut().unwrap().usage_limit = -1;
    let (reason, violations) = told(&arrive(&bad).unwrap_err());
    assert_eq!(reason, "FIELD_INVALID");
    expect_test::expect![[r#"
        request_id: breaks the rule string.uuid
        code.branch: does not match regex pattern `^[A-Za-z0-9-]{1,16}$`
        code.usage_limit: value must be greater than or equal to 0 and less than or equal to 100000
    "#]]
    .assert_eq(&(violations.join("\n") + "\n"));

    let empty = told(&arrive(&CreateCodeRequest::default()).unwrap_err());
    expect_test::expect![[r#"
        request_id: breaks the rule string.uuid_empty
        code: value is required
    "#]]
    .assert_eq(&(empty.1.join("\n") + "\n"));
}

#[test]
fn lists_and_choices_are_checked() {
    let (_, violations) = told(&arrive(&DeliverRequest::default()).unwrap_err());
    assert_eq!(violations.len(), 2, "{violations:?}");
    let twice = ApproveRewardsRequest {
        request_id: UUID.into(),
        names: vec![format!("rewards/{UUID}"); 2],
        control_sum: Some(handsel_proto::google::r#type::Money::default()),
        control_count: 2,
    };
    let (_, violations) = told(&arrive(&twice).unwrap_err());
    assert_eq!(violations, ["names: items must be unique"]);
}

#[test]
fn an_answer_lists_twenty_violations_at_most() {
    let many = ApproveRewardsRequest {
        names: (0..300).map(|number| number.to_string()).collect(),
        ..ApproveRewardsRequest::default()
    };
    let status = arrive(&many).unwrap_err();
    assert_eq!(told(&status).1.len(), 20);
    assert!(status.details().len() < 4096 && status.message().len() < 256, "fits into a trailer");
    assert!(status.message().ends_with("(first of 303)"), "{}", status.message());
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    for bytes in [&b"\xff\xff\xff\xff"[..], b"\x0a\x05ab", b"\x0a\x02\xc3\x28", b"\x08\x01"] {
        let status = read::<GetCodeRequest>(Bytes::copy_from_slice(bytes)).unwrap_err();
        assert_eq!(told(&status), ("MESSAGE_MALFORMED".to_owned(), vec![]), "{bytes:?}");
    }
}

#[test]
fn a_pattern_holds_the_whole_text() {
    for name in ["codes/K7MP-3XQD\n", "x codes/K7MP-3XQD", "codes/K7MP-3XQD x", "codes/K7MP\u{a0}3XQD", "codes/"] {
        let status = arrive(&GetCodeRequest { name: name.into() }).unwrap_err();
        assert_eq!(told(&status).0, "FIELD_INVALID", "{name:?}");
    }
    assert!(arrive(&GetCodeRequest { name: "codes/K7MP-3XQD".into() }).is_ok());
}

/// Answers everything with a code that breaks the rules for codes.
struct Careless;

#[tonic::async_trait]
impl CodeService for Careless {
    async fn create_code(&self, _: Request<CreateCodeRequest>) -> Result<Response<Code>, Status> {
        Ok(Response::new(Code { branch: "no branch".into(), ..Code::default() }))
    }
    async fn get_code(&self, _: Request<GetCodeRequest>) -> Result<Response<Code>, Status> {
        Err(Status::internal("the handler was reached"))
    }
}

#[tokio::test]
async fn a_request_is_checked_before_the_handler_and_an_answer_is_not() {
    let mut client = CodeServiceClient::new(CodeServiceServer::new(Careless));
    let status = client.get_code(GetCodeRequest { name: "nothing".into() }).await.unwrap_err();
    assert_eq!(told(&status).0, "FIELD_INVALID");
    let status = client.get_code(GetCodeRequest { name: "codes/K7MP-3XQD".into() }).await.unwrap_err();
    assert_eq!(status.code(), GrpcCode::Internal);
    let answer = client.create_code(good_code()).await.unwrap().into_inner();
    assert_eq!(answer.branch, "no branch");
}
