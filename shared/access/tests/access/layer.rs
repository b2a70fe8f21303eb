//! The layer in front of a service: who gets through, with what, and what the others read.

use crate::provider::{Signer, TestClock, claims, verifier, with, without};
use handsel_access::{AccessLayer, Caller, DOMAIN, Denial, Role, Rules, TokenFault, TokenLife, role_name};
use handsel_proto::POOL;
use http::{Request, Response};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};

/// An rpc of scope branch.
const GET_CODE: &str = "/handsel.referral.v1.CodeService/GetCode";

struct Door {
    signer: Signer,
    layer: AccessLayer,
    denials: Arc<Mutex<Vec<(String, Denial)>>>,
}

impl Door {
    fn new() -> Self {
        let signer = Signer::ed25519("ed");
        let denials = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&denials);
        let layer = AccessLayer::new(Rules::read(&POOL).unwrap(), verifier(&[&signer], &TestClock::new()))
            .observed_by(move |denied| seen.lock().unwrap().push((denied.rpc.to_owned(), denied.denial)));
        Self { signer, layer, denials }
    }

    /// Calls with these authorization headers. `Ok` holds the caller whom the handler saw.
    async fn call(&self, path: &str, authorization: &[&str]) -> Result<Option<Caller>, Status> {
        let handler = service_fn(|request: Request<()>| async move {
            let mut response = Response::new(String::new());
            if let Some(caller) = request.extensions().get::<Arc<Caller>>() {
                response.extensions_mut().insert(caller.clone());
            }
            Ok::<_, Infallible>(response)
        });
        let mut request = Request::builder().uri(path);
        for value in authorization {
            request = request.header("authorization", *value);
        }
        let response = self.layer.layer(handler).oneshot(request.body(()).unwrap()).await.unwrap();
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response.extensions().get::<Arc<Caller>>().map(|caller| caller.as_ref().clone())),
        }
    }

    async fn call_as(&self, path: &str, claims: &Value) -> Result<Option<Caller>, Status> {
        self.call(path, &[&format!("Bearer {}", self.signer.sign(claims))]).await
    }
}

fn code_and_reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, DOMAIN);
    (status.code(), info.reason)
}

#[tokio::test]
async fn the_handler_sees_the_caller() {
    let door = Door::new();
    let caller = door.call_as(GET_CODE, &claims()).await.unwrap().unwrap();
    assert_eq!((caller.subject.as_str(), caller.person_or_subject()), ("branch-desk-7", "e.novakova"));
    assert!(door.denials.lock().unwrap().is_empty());
}

/// What may outlast its token is told how long that holds; the leeway of 30 seconds is with it.
#[tokio::test]
async fn a_stream_knows_when_its_token_is_over() {
    let door = Door::new();
    let lives = |path: &'static str| {
        let handler = service_fn(|request: Request<()>| async move {
            let life = request.extensions().get::<TokenLife>().map(|life| life.0.as_secs());
            Ok::<_, Infallible>(Response::new(life.map_or_else(String::new, |life| life.to_string())))
        });
        let token = format!("Bearer {}", door.signer.sign(&with("roles", json!("core.banking branch.staff"))));
        let request = Request::builder().uri(path).header("authorization", token).body(()).unwrap();
        let answer = door.layer.layer(handler).oneshot(request);
        async { answer.await.unwrap().into_body() }
    };
    assert_eq!(lives("/handsel.referral.v1.FactService/IngestFacts").await, "630");
    assert_eq!(lives(GET_CODE).await, "", "a call is over sooner");
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case_and_once() {
    let door = Door::new();
    let token = door.signer.sign(&claims());
    assert!(door.call(GET_CODE, &[&format!("bearer {token}")]).await.is_ok());
    let good = format!("Bearer {token}");
    let table: [(&[&str], &str); 6] = [
        (&[], "TOKEN_MISSING"),
        (&["Basic dTpw"], "TOKEN_INVALID"),
        (&["Bearer"], "TOKEN_INVALID"),
        (&["Bearer "], "TOKEN_INVALID"),
        (&[&token], "TOKEN_INVALID"),
        (&[&good, &good], "TOKEN_INVALID"),
    ];
    for (headers, reason) in table {
        let status = door.call(GET_CODE, headers).await.unwrap_err();
        assert_eq!(code_and_reason(&status), (Code::Unauthenticated, reason.to_owned()), "{headers:?}");
    }
}

#[tokio::test]
async fn nobody_unknown_learns_what_exists() {
    let door = Door::new();
    for path in [GET_CODE, "/handsel.referral.v1.CodeService/DropCode", "/", "/grpc.health.v2.Health/Check"] {
        let status = door.call(path, &[]).await.unwrap_err();
        assert_eq!(code_and_reason(&status), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()), "{path}");
    }
    let status = door.call_as("/handsel.referral.v1.CodeService/DropCode", &claims()).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Unimplemented, "RPC_UNKNOWN".to_owned()));
}

#[tokio::test]
async fn health_and_reflection_are_open_and_bring_no_caller() {
    let door = Door::new();
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        assert_eq!(door.call(path, &[]).await.unwrap(), None);
        assert_eq!(door.call_as(path, &claims()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn role_comes_before_person_and_person_before_branch() {
    let door = Door::new();
    let rules = Rules::read(&POOL).unwrap();
    let (path, rule) = rules.iter().find(|(_, rule)| rule.four_eyes).unwrap();
    let fitting = role_name(*rule.roles.first().unwrap());
    let nobody = json!({"iss": crate::provider::ISSUER, "aud": "handsel", "sub": "s", "exp": crate::provider::NOW + 9});
    let status = door.call_as(path, &nobody).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    let mut account = nobody.clone();
    account["roles"] = json!([fitting]);
    let status = door.call_as(path, &account).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::PermissionDenied, "PERSON_REQUIRED".to_owned()));

    let status = door.call_as(GET_CODE, &without("branch")).await.unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::PermissionDenied, "BRANCH_REQUIRED".to_owned()));
}

/// The whole contract: every rpc × every role.
#[tokio::test]
async fn each_rpc_admits_the_roles_of_its_rule_and_no_other() {
    let door = Door::new();
    for (path, rule) in Rules::read(&POOL).unwrap().iter() {
        for role in (1..).map_while(|number| Role::try_from(number).ok()) {
            let answer = door.call_as(path, &with("roles", json!([role_name(role)]))).await;
            match answer {
                Ok(caller) => {
                    assert!(rule.roles.contains(&caller.unwrap().roles.pop_first().unwrap()), "{path} {role:?}");
                }
                Err(status) => {
                    assert!(!rule.roles.contains(&role), "{path} {role:?}");
                    assert_eq!(code_and_reason(&status), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
                }
            }
        }
        let status = door.call_as(path, &with("roles", json!(["unspecified"]))).await.unwrap_err();
        assert_eq!(code_and_reason(&status).1, "ROLE_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn each_denial_is_told_once_and_names_only_what_the_contract_lists() {
    let door = Door::new();
    door.call(GET_CODE, &[]).await.unwrap_err();
    door.call_as(GET_CODE, &with("roles", json!([]))).await.unwrap_err();
    door.call_as("/made.up/by-a-scanner", &claims()).await.unwrap_err();
    assert_eq!(
        *door.denials.lock().unwrap(),
        [
            (GET_CODE.to_owned(), Denial::Token(TokenFault::Missing)),
            (GET_CODE.to_owned(), Denial::RoleNotAllowed),
            ("unknown".to_owned(), Denial::UnknownRpc),
        ]
    );
}

#[tokio::test]
async fn a_refusal_never_repeats_the_token() {
    let door = Door::new();
    let stranger = Signer::ed25519("ed");
    let token = stranger.sign(&claims());
    let status = door.call(GET_CODE, &[&format!("Bearer {token}")]).await.unwrap_err();
    let told = format!("{status:?}");
    assert!(token.split('.').all(|piece| !told.contains(piece)), "{told}");
}

#[test]
fn a_request_that_met_no_layer_has_no_caller() {
    let status = Caller::of(&tonic::Request::new(())).unwrap_err();
    assert_eq!(code_and_reason(&status), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()));
}
