//! The parts' services, with health and reflection beside them.

use super::FrameError;
use crate::{Part, Routes, routes::Closed};
use handsel_proto::{DESCRIPTORS, POOL};
use std::sync::Arc;
use tonic_health::{ServingStatus, pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS, server::HealthReporter};
use tonic_reflection::server::Builder as Reflection;

/// What a server answers, and the handle of its health.
pub(super) struct Served {
    pub(super) routes: Closed,
    pub(super) health: Health,
}

/// The health of a server and of each of its gRPC services.
pub(super) struct Health {
    reporter: HealthReporter,
    services: Vec<String>,
}

impl Health {
    pub(super) async fn serving(&self) {
        self.say(ServingStatus::Serving).await;
    }

    pub(super) async fn not_serving(&self) {
        self.say(ServingStatus::NotServing).await;
    }

    /// Says nothing any more: who watches has heard the last word, and his stream ends.
    pub(super) async fn fall_silent(mut self) {
        for service in &self.services {
            self.reporter.clear_service_status(service).await;
        }
    }

    async fn say(&self, status: ServingStatus) {
        for service in &self.services {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

/// The routes of these parts. Everything is SERVING: a part is handed over started.
pub(super) async fn of(parts: &[Arc<dyn Part>]) -> Result<Served, FrameError> {
    let services: Vec<String> = parts.iter().flat_map(|part| services_of(part.name())).collect();
    let mut routes = Routes::default();
    for part in parts {
        part.add_to(&mut routes);
    }
    let (reporter, health_service) = tonic_health::server::health_reporter();
    routes.add_service(health_service);
    routes.add_service(reflection(&services).build_v1()?);
    // What most tools speak to this day.
    routes.add_service(reflection(&services).build_v1alpha()?);
    // The empty name is the server as a whole.
    let health = Health { reporter, services: services.into_iter().chain([String::new()]).collect() };
    health.serving().await;
    Ok(Served { routes: routes.closed(), health })
}

/// The gRPC services of the package `handsel.<part>.v1`.
fn services_of(part: &str) -> Vec<String> {
    let package = format!("handsel.{part}.v1");
    let own = POOL.services().filter(|service| service.parent_file().package_name() == package);
    own.map(|service| service.full_name().to_owned()).collect()
}

fn reflection(services: &[String]) -> Reflection<'static> {
    let builder = Reflection::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
        .with_service_name("grpc.health.v1.Health");
    services.iter().fold(builder, Reflection::with_service_name)
}
