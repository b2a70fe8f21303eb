//! Every rpc × every role, read from the contract: a caller gets through exactly where the contract says so, and no token
//! that is not good gets anywhere.
#![expect(clippy::expect_used, reason = "a test says what it needs, and fails where it is not so")]

use bytes::Bytes;
use handsel_access::{DevIssuer, DevToken, Role};
use handsel_proto::{DESCRIPTORS, POOL};
use handsel_tests::{Store, Suite, system_seconds, token};
use std::collections::BTreeSet;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const ROLES: [Role; 9] = [
    Role::BranchStaff,
    Role::BranchManager,
    Role::ProgramAdmin,
    Role::FinanceApprover,
    Role::ComplianceOfficer,
    Role::InternalAuditor,
    Role::CoreBanking,
    Role::Service,
    Role::Operator,
];

/// One rpc of the contract, as its rule has it.
struct Rpc {
    path: String,
    roles: BTreeSet<i32>,
    branch_scope: bool,
    four_eyes: bool,
}

fn rpcs() -> Vec<Rpc> {
    assert!(!DESCRIPTORS.is_empty());
    let extension = POOL.get_extension_by_name("handsel.access.v1.rule").expect("the option");
    let mut found = Vec::new();
    for service in POOL.services() {
        // What a bank implements is served by the simulator alone, and only where it is pushed to.
        if service.full_name().starts_with("handsel.corebank.") {
            continue;
        }
        for method in service.methods() {
            let options = method.options();
            let rule = options.get_extension(&extension).into_owned();
            let rule = rule.as_message().expect("a rule");
            let number = |name: &str| rule.get_field_by_name(name).expect("a field").as_enum_number().expect("an enum");
            found.push(Rpc {
                path: format!("/{}/{}", service.full_name(), method.name()),
                roles: rule
                    .get_field_by_name("roles")
                    .expect("roles")
                    .as_list()
                    .expect("a list")
                    .iter()
                    .map(|role| role.as_enum_number().expect("a role"))
                    .collect(),
                branch_scope: number("scope") == 1,
                four_eyes: rule.get_field_by_name("four_eyes").expect("four_eyes").as_bool().expect("a bool"),
            });
        }
    }
    assert!(found.len() > 30, "only {} rpcs", found.len());
    found
}

/// Calls an rpc with an empty message and says how it was refused, if it was.
async fn call(channel: &Channel, path: &str, token: Option<&str>) -> Result<(), Status> {
    handsel_tests::raw::call(channel, path, token, Bytes::new()).await.map(drop)
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test]
async fn a_role_gets_through_exactly_where_the_contract_says() {
    let data = tempfile::tempdir().expect("a folder");
    let suite = Suite::up(data.path(), &Store::Sqlite, &[]);
    let (channel, issuer) = (suite.channel().await, suite.issuer());
    let mut wrong = Vec::new();
    let mut asked = 0;
    for rpc in rpcs() {
        for role in ROLES {
            let token = token(&issuer, role, "*", Some("somebody"));
            let denied = match call(&channel, &rpc.path, Some(&token)).await {
                Err(status) if status.code() == Code::PermissionDenied => Some(reason(&status)),
                Err(status) if status.code() == Code::Unauthenticated || status.code() == Code::Unimplemented => {
                    panic!("{} as {role:?}: {status}", rpc.path)
                }
                _ => None,
            };
            let allowed = rpc.roles.contains(&i32::from(role));
            if allowed != denied.is_none() || denied.is_some_and(|reason| reason != "ROLE_NOT_ALLOWED") {
                wrong.push(format!("{} as {role:?}: the contract says {allowed}", rpc.path));
            }
            asked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{asked} calls as the contract says");
}

#[tokio::test]
async fn an_act_of_a_second_person_needs_one_and_a_branch_rpc_a_branch() {
    let data = tempfile::tempdir().expect("a folder");
    let suite = Suite::up(data.path(), &Store::Sqlite, &[]);
    let (channel, issuer) = (suite.channel().await, suite.issuer());
    for rpc in rpcs() {
        let role = ROLES.into_iter().find(|role| rpc.roles.contains(&i32::from(*role))).expect("a role");
        if rpc.four_eyes {
            let nobody = token(&issuer, role, "*", None);
            let status = call(&channel, &rpc.path, Some(&nobody)).await.expect_err("refused");
            assert_eq!(
                (status.code(), reason(&status)),
                (Code::PermissionDenied, "PERSON_REQUIRED".to_owned()),
                "{}",
                rpc.path
            );
        }
        if rpc.branch_scope {
            let mut nowhere = DevToken::of_role(role, "a-system");
            nowhere.branch = handsel_access::Branch::None;
            let nowhere = issuer.issue(&nowhere).expect("signed");
            let status = call(&channel, &rpc.path, Some(&nowhere)).await.expect_err("refused");
            assert_eq!(status.code(), Code::PermissionDenied, "{}", rpc.path);
        }
    }
}

#[tokio::test]
async fn no_token_that_is_not_good_gets_anywhere() {
    let data = tempfile::tempdir().expect("a folder");
    let suite = Suite::up(data.path(), &Store::Sqlite, &[]);
    let (channel, issuer) = (suite.channel().await, suite.issuer());
    let good = token(&issuer, Role::ComplianceOfficer, "*", Some("karel"));
    let other = DevIssuer::from_seed(&[7; 32], system_seconds()).expect("another issuer");
    let of = |change: &dyn Fn(&mut DevToken)| {
        let mut token = DevToken::of_role(Role::ComplianceOfficer, "karel");
        change(&mut token);
        issuer.issue(&token).expect("signed")
    };
    let parts: Vec<&str> = good.split('.').collect();
    let with_header = |header: &str| format!("{}.{}.{}", base64(header), parts[1], parts[2]);
    let public_key = issuer.key_set().to_owned();
    let hmac = jsonwebtoken::encode(
        &jsonwebtoken::Header { kid: key_id(&good), ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256) },
        &serde_json::from_slice::<serde_json::Value>(&unbase64(parts[1])).expect("claims"),
        &jsonwebtoken::EncodingKey::from_secret(public_key.as_bytes()),
    )
    .expect("signed");
    let hostile: Vec<(&str, Option<String>)> = vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("garbage", Some("a.b.c".to_owned())),
        (
            "forged",
            Some(format!(
                "{}.{}.{}",
                parts[0],
                base64(
                    r#"{"iss":"handsel-dev","aud":"handsel","sub":"x","exp":99999999999,"roles":["operator"],"branch":"*"}"#
                ),
                parts[2]
            )),
        ),
        ("expired", Some(of(&|token| token.lifetime_seconds = -3600))),
        ("wrong audience", Some(of(&|token| token.audience = Some("elsewhere".to_owned())))),
        ("wrong key", Some(token(&other, Role::ComplianceOfficer, "*", Some("karel")))),
        (
            "wrong key under the right id",
            Some({
                let stolen = token(&other, Role::ComplianceOfficer, "*", Some("karel"));
                let stolen: Vec<&str> = stolen.split('.').collect();
                format!("{}.{}.{}", parts[0], stolen[1], stolen[2])
            }),
        ),
        ("alg none", Some(format!("{}.{}.", base64(r#"{"alg":"none","typ":"JWT"}"#), parts[1]))),
        (
            "alg none with the key's id",
            Some(with_header(&format!(r#"{{"alg":"none","kid":"{}"}}"#, key_id(&good).expect("a kid")))),
        ),
        ("HMAC with the public key", Some(hmac)),
    ];
    for rpc in rpcs() {
        for (name, token) in &hostile {
            let status = call(&channel, &rpc.path, token.as_deref()).await.expect_err(name);
            assert_eq!(status.code(), Code::Unauthenticated, "{name} at {}", rpc.path);
        }
    }
    assert!(
        call(&channel, "/handsel.audit.v1.AuditService/GetCheckpoint", Some(&good)).await.is_ok(),
        "a good one does"
    );
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn unbase64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64")
}

fn key_id(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).expect("a header").kid
}
