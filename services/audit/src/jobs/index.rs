//! The index of the search: as soon as there are enough leaves for another run, it is made of them.

use crate::{commands::Index, log::Log, queries};
use handsel_service::{Job, Worked};
use std::sync::Arc;

/// Keeps the index of the search up to date.
pub(crate) fn index(log: &Arc<Log>) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move {
            let size = log.newest_head().await?;
            let Some((next, pages)) = queries::index::next(&log.db, size).await? else { return Ok(Worked::Idle) };
            log.db.transact(&Index { next, pages }).await?;
            Ok(Worked::More)
        }
    };
    Job::new("audit.index", super::LOOK, run)
}
