//! Prunes that two people have agreed to, portion by portion. Each portion is one transaction with its records, so a process that dies
//! leaves nothing half done, and the next goes on.

use crate::{commands::PrunePortion, log::Log, queries};
use handsel_outbox::Actor;
use handsel_service::{Job, Worked};
use std::{sync::Arc, time::Duration};

/// How often it is looked for one.
const LOOK: Duration = Duration::from_secs(5);

/// Brings each prune on by a portion.
pub(crate) fn prune(log: &Arc<Log>) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move {
            let mut worked = Worked::Idle;
            for id in queries::prune::under_way(&log.db).await? {
                let act = log.act(Actor::system("audit/prune"));
                // Where another replica writes the log, or nothing may be written, it goes on later.
                if let Ok(progress) = log.run(PrunePortion { act, id }).await?
                    && !progress.done
                {
                    worked = Worked::More;
                }
            }
            Ok(worked)
        }
    };
    Job::new("audit.prune", LOOK, run)
}
