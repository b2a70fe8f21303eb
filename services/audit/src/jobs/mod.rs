//! The log's loops: signing what was committed, having it cosigned, reading it again, saying that it lives, and telling the reward
//! service what is held.

mod holds;
mod index;
mod prune;
mod reconcile;
mod scrub;
mod witness;

pub(crate) use holds::{answers, purges, to_reward};
pub(crate) use index::index;
pub(crate) use prune::prune;
pub(crate) use reconcile::reconcile_daily;
pub(crate) use scrub::scrub;
pub(crate) use witness::cosign;

use crate::{
    commands::{Notice, Taken},
    log::Log,
};
use handsel_outbox::Actor;
use handsel_service::{Job, Worked};
use std::{sync::Arc, time::Duration};

/// How often a replica looks whether another has signed.
const LOOK: Duration = Duration::from_secs(1);

/// Signs the newest head after each commit.
pub(crate) fn checkpoint(log: &Arc<Log>) -> Job {
    let woken = log.lanes.after_commit();
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move { log.sign_head().await.map(|()| Worked::Idle) }
    };
    Job::new("audit.checkpoint", LOOK, run).woken_by(woken)
}

/// Adds a leaf in every period, whatever else happens. A replica that does not write leaves it to the one that does.
pub(crate) fn heartbeat(log: &Arc<Log>, period: Duration) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move {
            let _taken: Taken = log.record(alive()).await?;
            Ok(Worked::Idle)
        }
    };
    Job::new("audit.heartbeat", period, run)
}

fn alive() -> Notice {
    Notice {
        kind: "audit.heartbeat",
        action: "beat",
        actor: Actor::system("audit/heartbeat"),
        subjects: Vec::new(),
        outcome: "success",
        reason: None,
        correlation: "audit".to_owned(),
        body: serde_json::Value::Null,
    }
}
