//! Prunes: one person proposes, a second one agrees, then portion by portion, each with a record of every body that went.

use super::{Act, sealed};
use crate::{
    client::leaf,
    domain::{
        prune::{Candidate, Chosen, PRUNED, Progress, Prune, runs},
        refused::Refused,
        retention::Retention,
    },
    store,
};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// Records of one portion.
const RECORDS: u64 = 1_024;

/// One person proposes a prune.
pub(crate) struct ProposePrune {
    pub(crate) act: Act,
    pub(crate) prune: Prune,
    pub(crate) retention: Retention,
}

impl Command for ProposePrune {
    const NAME: &'static str = "audit.propose_prune";
    type Output = Result<(), Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, prune, retention } = self;
        if let Some(known) = store::prune::load(tx, &prune.id).await? {
            let same =
                (&known.types, known.before, &known.proposed.by) == (&prune.types, prune.before, &prune.proposed.by);
            return Ok(if same { Ok(()) } else { Err(Refused::AlreadyExists(prune.name())) });
        }
        if let Err(refused) = retention.allows(&prune.types, prune.before, act.now) {
            return Ok(Err(refused));
        }
        let body = json!({ "types": prune.types, "before": prune.before.to_string() });
        let notice = act.notice(("bodies.prune_proposed", "propose"), vec![prune.name()], None, body);
        let index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::prune::insert(tx, prune, index).await?;
        Ok(Ok(()))
    }
}

/// A second person agrees.
pub(crate) struct ConfirmPrune {
    pub(crate) act: Act,
    pub(crate) id: String,
}

impl Command for ConfirmPrune {
    const NAME: &'static str = "audit.confirm_prune";
    type Output = Result<(), Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Self { act, id } = self;
        let Some(prune) = store::prune::load(tx, id).await? else {
            return Ok(Err(Refused::NotFound(format!("prunes/{id}"))));
        };
        let again = prune.confirmed.is_some();
        let (name, proposer) = (prune.name(), format!("staff/{}", prune.proposed.by));
        let confirmed = match prune.confirm(act.step()) {
            Ok(confirmed) => confirmed,
            Err(refused) => return Ok(Err(refused)),
        };
        if again {
            return Ok(Ok(()));
        }
        let body = json!({ "types": confirmed.types, "before": confirmed.before.to_string() });
        let notice = act.notice(("bodies.prune_confirmed", "confirm"), vec![name, proposer], None, body);
        let index = match act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::prune::confirm(tx, id, &act.step(), index).await?;
        Ok(Ok(()))
    }
}

/// Prunes the next portion; how far it is then.
pub(crate) struct PrunePortion {
    pub(crate) act: Act,
    pub(crate) id: String,
}

impl Command for PrunePortion {
    const NAME: &'static str = "audit.prune_portion";
    type Output = Result<Progress, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(prune) = store::prune::load(tx, &self.id).await?.filter(|prune| prune.confirmed.is_some()) else {
            return Ok(Err(Refused::NotFound(format!("prunes/{}", self.id))));
        };
        if prune.progress.done {
            return Ok(Ok(prune.progress));
        }
        let holds = store::hold::in_force(tx).await?;
        let size = store::head::newest(tx).await?.map_or(0, |head| head.size);
        let first = prune.progress.next;
        let end = first.saturating_add(RECORDS).min(size);
        let records = candidates(tx, first, end).await?;
        let (chosen, progress) = prune.choose(&records, end, size, &holds);
        // The records first: what is said to be gone may still be there, never the other way round.
        let said = match self.say(&prune, &chosen, tx).await? {
            Ok(said) => said,
            Err(refused) => return Ok(Err(refused)),
        };
        for (indexes, record) in chosen.values().zip(said) {
            store::prune::take(tx, indexes, record).await?;
        }
        store::prune::keep(tx, &self.id, progress).await?;
        Ok(Ok(progress))
    }
}

impl PrunePortion {
    /// Leaves a record for each type: range, type, count, and each body that goes.
    async fn say(&self, prune: &Prune, chosen: &Chosen, tx: &mut Tx) -> Result<Result<Vec<i64>, Refused>, Fault> {
        let Act { writer, statement_id, salt, now, .. } = &self.act;
        let mut said = Vec::with_capacity(chosen.len());
        for (kind, indexes) in chosen {
            let (first, last) = (indexes.first().copied().unwrap_or(0), indexes.last().copied().unwrap_or(0));
            let subjects = vec![prune.name(), format!("records/{first}-{last}"), format!("types/{kind}")];
            let body = json!({ "count": indexes.len(), "runs": runs(indexes) });
            let notice = self.act.notice((PRUNED, "prune"), subjects, Some("RETENTION_OVER".to_owned()), body);
            let id = Uuid::new_v5(statement_id, kind.as_bytes());
            said.push(sealed(notice, id, *salt, *now, &writer.pseudonyms)?);
        }
        if said.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        Ok(writer.record(&said, *now, tx).await?.map_err(Refused::Log))
    }
}

async fn candidates(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<Candidate>, Fault> {
    let rows = store::prune::with_bodies(tx, first, end).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        // One that cannot be read has been tampered with: the scrubber finds it, and nothing of it is taken away.
        let Ok((logged_at, statement)) = leaf(&row.content) else { continue };
        records.push(Candidate { index: row.leaf_index.cast_unsigned(), logged_at, statement });
    }
    Ok(records)
}
