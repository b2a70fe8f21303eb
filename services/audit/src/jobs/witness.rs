//! Having witnesses cosign each checkpoint that was published.

use crate::{
    commands::Cosign,
    log::Log,
    queries::{checkpoint::Signed, witnessed},
    witness::{Answer, Witness},
};
use anyhow::bail;
use futures::future::join_all;
use handsel_service::{Job, Worked};
use std::{sync::Arc, time::Duration};

/// How often a witness that was away is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// Requests for one checkpoint: the second goes on from where the first learnt that the witness is.
const TRIES: usize = 3;

/// Asks all witnesses, side by side, for the newest checkpoint.
pub(crate) fn cosign(log: &Arc<Log>) -> Job {
    let woken = Arc::clone(&log.published);
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move { cosign_newest(&log).await.map(|()| Worked::Idle) }
    };
    Job::new("audit.witness", AGAIN, run).woken_by(woken)
}

async fn cosign_newest(log: &Log) -> anyhow::Result<()> {
    // What another replica has signed since is the newest too.
    let Some(newest) = log.newest_checkpoint().await? else { return Ok(()) };
    if log.is_frozen() {
        return Ok(());
    }
    let asked = join_all(log.witnesses.iter().map(|witness| ask(log, witness, &newest))).await;
    log.tell().await?;
    asked.into_iter().collect()
}

async fn ask(log: &Log, witness: &Witness, newest: &Signed) -> anyhow::Result<()> {
    let mut from = witnessed::last_of(&log.db, witness.key().name()).await?;
    if from >= newest.size {
        return Ok(());
    }
    for _ in 0..TRIES {
        let submission = witnessed::submission(&log.db, newest, from).await?;
        match witness.add_checkpoint(&submission).await? {
            Answer::Cosigned(cosignature) => {
                log.db.transact(&Cosign::of(newest.size, cosignature)?).await?;
                return Ok(());
            }
            Answer::Elsewhere(size) if size <= newest.size => from = size,
            // Its word alone proves nothing. What it shows, signed by our own key, does.
            Answer::Elsewhere(_) | Answer::Inconsistent => return look(log, witness).await,
        }
    }
    bail!("witness {} is asked by somebody else at the same time", witness.key().name())
}

/// Looks at what a witness shows, and reports what contradicts this log.
async fn look(log: &Log, witness: &Witness) -> anyhow::Result<()> {
    let Some(note) = witness.latest(log.origin()).await? else {
        bail!("witness {} refuses to cosign, and shows nothing", witness.key().name());
    };
    match witnessed::contradiction(&log.db, &note, &log.keys().log, witness.key()).await? {
        Some(violation) => log.report(vec![violation]).await.map(|_| ()).map_err(Into::into),
        None => bail!("witness {} refuses to cosign what continues the checkpoint that it shows", witness.key().name()),
    }
}
