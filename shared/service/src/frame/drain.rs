//! The end of a program, in its order, each step with a bound.

use super::routes::Health;
use crate::{Jobs, Part, config::ServerConfig, layers::Stage};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::timeout};

/// Looks away, closes the port, and lets running calls end.
pub(super) async fn calls(
    config: &ServerConfig,
    health: Health,
    stage: &Stage,
    mut server: JoinHandle<Result<(), tonic::transport::Error>>,
) {
    health.not_serving().await;
    tokio::time::sleep(Duration::from_millis(config.notice_millis)).await;
    health.fall_silent().await;
    stage.draining.cancel();
    let bound = Duration::from_secs(config.drain_seconds);
    if timeout(bound, &mut server).await.is_err() {
        tracing::warn!(
            seconds = config.drain_seconds,
            "calls were still running at the end of their time: they are cut"
        );
        stage.cut.cancel();
        server.abort();
    }
}

/// Stops the jobs and lets the parts finish what they have accepted.
pub(super) async fn finish(config: &ServerConfig, jobs: Jobs, parts: &[Arc<dyn Part>]) {
    let bound = Duration::from_secs(config.drain_seconds);
    if timeout(bound, jobs.stop()).await.is_err() {
        tracing::warn!(seconds = config.drain_seconds, "a job did not stop in time");
    }
    for part in parts {
        if timeout(bound, part.drain()).await.is_err() {
            tracing::warn!(part = part.name(), seconds = config.drain_seconds, "a part did not finish in time");
        }
    }
}
