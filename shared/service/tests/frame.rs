//! What a served program does for every part alike: probes, reflection, limits, access, and its end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use handsel_proto::handsel::corebank::v1::core_banking_service_client::CoreBankingServiceClient;
use handsel_service::{
    Frame, Peer, TokenSource,
    config::{LimitsConfig, PeerConfig, ServerConfig},
};
use handsel_testkit::{Engine, Lab, Role, Server, reason, run};
use std::{
    net::Ipv4Addr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use support::{Bank, WAIT, saying};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::{v1, v1alpha};

const SERVICE: &str = "handsel.corebank.v1.CoreBankingService";

/// The frame holds no data: one engine shows all.
fn in_a_lab<T, F>(test: T)
where
    T: FnOnce(Lab) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    run(Engine::Sqlite, test);
}

async fn served(lab: &Lab, bank: &Bank, limits: LimitsConfig, drain_seconds: u64) -> Server {
    let config = ServerConfig { listen: (Ipv4Addr::LOCALHOST, 0).into(), drain_seconds, ..ServerConfig::default() };
    let frame = Frame::bind(&config, limits).await.unwrap().without_jobs();
    lab.serve_on(frame, vec![Arc::new(bank.clone())])
}

fn ask(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.into() }
}

#[test]
fn health_answers_for_the_server_and_for_each_service() {
    in_a_lab(|lab| async move {
        let server = lab.serve(Bank::default()).await;
        let mut health = HealthClient::new(server.channel());
        for service in ["", SERVICE] {
            let status = health.check(ask(service)).await.unwrap().into_inner().status();
            assert_eq!(status, ServingStatus::Serving, "{service}");
        }
        assert_eq!(health.check(ask("handsel.reward.v1.PlanService")).await.unwrap_err().code(), Code::NotFound);
    });
}

#[test]
fn reflection_lists_what_is_served_in_both_versions() {
    in_a_lab(|lab| async move {
        let server = lab.serve(Bank::default()).await;
        let ask = v1::ServerReflectionRequest {
            message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(String::new())),
            ..Default::default()
        };
        let mut client = v1::server_reflection_client::ServerReflectionClient::new(server.channel());
        let mut answers = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
        let v1::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
            panic!("{answer:?}")
        };
        let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
        names.sort();
        let rates = "handsel.corebank.v1.CoreBankingRateService";
        assert_eq!(names, ["grpc.health.v1.Health", rates, SERVICE]);

        let ask = v1alpha::ServerReflectionRequest {
            message_request: Some(v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(
                SERVICE.into(),
            )),
            ..Default::default()
        };
        let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel());
        let mut answers = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
        assert!(matches!(answer, v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_)));
    });
}

#[test]
fn a_running_call_ends_before_the_server_does_and_health_says_so() {
    in_a_lab(|lab| async move {
        let bank = Bank::default();
        let server = lab.serve(bank.clone()).await;
        let address = server.address();
        let mut watch = HealthClient::new(server.channel()).watch(ask(SERVICE)).await.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

        let mut client = CoreBankingServiceClient::new(server.channel());
        let request = lab.call(saying(WAIT), &lab.token(Role::Service, "*", None));
        let call = tokio::spawn(async move { client.execute_instructions(request).await });
        bank.arrived.notified().await;
        let ending = tokio::spawn(server.stop());
        assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        assert!(watch.message().await.unwrap().is_none(), "the last word has been said");
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!bank.drained.load(Ordering::SeqCst), "parts are drained after the last call");
        bank.go.notify_one();
        call.await.unwrap().unwrap();
        ending.await.unwrap();
        assert!(bank.drained.load(Ordering::SeqCst));
    });
}

#[test]
fn a_call_that_outlasts_the_drain_is_cut() {
    in_a_lab(|lab| async move {
        let bank = Bank::default();
        let server = served(&lab, &bank, LimitsConfig::default(), 0).await;
        let mut client = CoreBankingServiceClient::new(server.channel());
        let request = lab.call(saying(WAIT), &lab.token(Role::Service, "*", None));
        let call = tokio::spawn(async move { client.execute_instructions(request).await });
        bank.arrived.notified().await;
        server.stop().await;
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::Unavailable, "GOING_DOWN"));
    });
}

#[test]
fn a_message_too_large_is_refused_by_its_length() {
    in_a_lab(|lab| async move {
        let server = lab.serve(Bank::default()).await;
        let mut client = CoreBankingServiceClient::new(server.channel());
        let token = lab.token(Role::Service, "*", None);
        let error = client.execute_instructions(lab.call(saying(&"x".repeat(5_000_000)), &token)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
        client.execute_instructions(lab.call(saying(&"x".repeat(4_000_000)), &token)).await.unwrap();
    });
}

#[test]
fn one_call_too_many_is_refused_and_probes_still_pass() {
    in_a_lab(|lab| async move {
        let bank = Bank::default();
        let server = served(&lab, &bank, LimitsConfig { calls: 1, ..LimitsConfig::default() }, 20).await;
        let token = lab.token(Role::Service, "*", None);
        let mut client = CoreBankingServiceClient::new(server.channel());
        let (mut first, waiting) = (client.clone(), lab.call(saying(WAIT), &token));
        let call = tokio::spawn(async move { first.execute_instructions(waiting).await });
        bank.arrived.notified().await;
        let error = client.execute_instructions(lab.call(saying("now"), &token)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
        HealthClient::new(server.channel()).check(ask("")).await.unwrap();
        bank.go.notify_one();
        call.await.unwrap().unwrap();
        client.execute_instructions(lab.call(saying("now"), &token)).await.unwrap();
    });
}

#[test]
fn no_unary_call_outlasts_the_servers_limit() {
    in_a_lab(|lab| async move {
        // The caller waits for ever, so only one clock runs. How long a call has that says how long it waits, `layers::limits` knows.
        let limits = LimitsConfig { call_timeout_millis: 50, ..LimitsConfig::default() };
        let server = served(&lab, &Bank::default(), limits, 20).await;
        let mut client = CoreBankingServiceClient::new(server.channel());
        let request = lab.call(saying(WAIT), &lab.token(Role::Service, "*", None));
        let error = client.execute_instructions(request).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::DeadlineExceeded, "DEADLINE_PASSED"));
    });
}

#[test]
fn strangers_are_turned_away_and_peers_bring_their_token() {
    in_a_lab(|lab| async move {
        let server = lab.serve(Bank::default()).await;
        let error = CoreBankingServiceClient::new(server.channel()).execute_instructions(saying("")).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
        let teller = lab.token(Role::BranchStaff, "0101", "anna");
        let mut client = CoreBankingServiceClient::new(server.channel());
        let error = client.execute_instructions(lab.call(saying(""), &teller)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED"));
        CoreBankingServiceClient::new(lab.peer(server.address())).execute_instructions(saying("")).await.unwrap();
    });
}

#[test]
fn a_peer_does_not_wait_for_ever() {
    in_a_lab(|lab| async move {
        let server = lab.serve(Bank::default()).await;
        let config = PeerConfig {
            address: format!("http://{}", server.address()),
            call_timeout_millis: 50,
            ..PeerConfig::default()
        };
        let peer = Peer::new(&config, TokenSource::fixed(&lab.token(Role::Service, "*", None))).unwrap();
        let error = CoreBankingServiceClient::new(peer).execute_instructions(saying(WAIT)).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
    });
}

#[test]
fn a_peer_connects_when_the_other_side_has_come_up() {
    in_a_lab(|lab| async move {
        let frame = lab.bind().await;
        let address = frame.address();
        drop(frame);
        let mut client = CoreBankingServiceClient::new(lab.peer(address));
        assert_eq!(client.execute_instructions(saying("")).await.unwrap_err().code(), Code::Unavailable);
        let config = ServerConfig { listen: address, ..ServerConfig::default() };
        let frame = Frame::bind(&config, LimitsConfig::default()).await.unwrap();
        let _server = lab.serve_on(frame, vec![Arc::new(Bank::default())]);
        let answer =
            tokio::time::timeout(Duration::from_secs(10), client.execute_instructions(saying(""))).await.unwrap();
        answer.unwrap();
    });
}
