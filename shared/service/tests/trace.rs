//! One trace across two services, and the metrics of both, as a collector receives them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use handsel_proto::handsel::corebank::v1::core_banking_service_client::CoreBankingServiceClient;
use handsel_service::{
    config::{LogConfig, TelemetryConfig},
    telemetry::Telemetry,
};
use handsel_testkit::{Engine, Role, run};
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    metrics::v1::{Metric, metric::Data},
    trace::v1::{Span, span::SpanKind},
};
use std::sync::{Arc, Mutex};
use support::{Bank, saying};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const RPC: &str = "handsel.corebank.v1.CoreBankingService/ExecuteInstructions";

/// Keeps what is sent to it.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    metrics: Arc<Mutex<Vec<Metric>>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        self.spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        self.metrics.lock().unwrap().extend(scopes.flat_map(|scope| scope.metrics));
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn two_services_and_their_caller_share_one_trace() {
    run(Engine::Sqlite, |lab| async move {
        let collector = Collector::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
        let _collecting = tokio::spawn(
            Server::builder()
                .add_service(TraceServiceServer::new(collector.clone()))
                .add_service(MetricsServiceServer::new(collector.clone()))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        let telemetry = Telemetry::start("test", &TelemetryConfig { endpoint }, &LogConfig::default()).unwrap();

        let second = lab.serve(Bank::default()).await;
        let first = lab.serve(Bank { next: Some(lab.peer(second.address())), ..Bank::default() }).await;
        let mut request = lab.call(saying(""), &lab.token(Role::Service, "*", None));
        request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{CALLER}-01").parse().unwrap());
        CoreBankingServiceClient::new(first.channel()).execute_instructions(request).await.unwrap();
        first.stop().await;
        second.stop().await;
        telemetry.stop().await;

        let spans = collector.spans.lock().unwrap().clone();
        let mut parent = CALLER.to_owned();
        for kind in [SpanKind::Server, SpanKind::Client, SpanKind::Server] {
            let below: Vec<_> = spans.iter().filter(|span| hex(&span.parent_span_id) == parent).collect();
            assert_eq!(below.len(), 1, "one span below {parent} in {spans:#?}");
            assert_eq!((hex(&below[0].trace_id).as_str(), below[0].kind()), (TRACE, kind));
            assert_eq!(below[0].name, RPC);
            parent = hex(&below[0].span_id);
        }

        let metrics = collector.metrics.lock().unwrap().clone();
        let durations = metrics.iter().find(|metric| metric.name == "rpc.server.call.duration").unwrap();
        let Some(Data::Histogram(histogram)) = &durations.data else { panic!("{durations:?}") };
        let point = &histogram.data_points[0];
        assert_eq!(point.count, 2, "one call at each service");
        let said = format!("{:?}", point.attributes);
        assert!(said.contains(RPC) && said.contains("\"OK\""), "{said}");
    });
}
