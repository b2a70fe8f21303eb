//! What witnesses know of this log, and what this log knows of them.

use super::{
    checkpoint::Signed,
    proof::{self, ProofError},
    recovery::opened,
};
use crate::{
    domain::violation::{Kind, Violation},
    store::{self, cosignature::CosignatureRow},
    tlog::{CosignerKey, Hash, Question, Submission, VerifierKey},
};
use handsel_storage::{Db, Fault};
use std::collections::BTreeMap;

/// Cosignatures read at once, while the newest checkpoint with enough of them is looked for.
const AT_ONCE: i64 = 256;

/// Whose cosignatures count, and how many of them it takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    /// The witnesses' keys.
    pub(crate) keys: Vec<CosignerKey>,
    /// As many must have cosigned; 0: none must.
    pub(crate) quorum: usize,
}

impl Policy {
    /// Whether a row is a cosignature that counts.
    fn counts(&self, row: &CosignatureRow) -> bool {
        self.keys.iter().any(|key| key.name() == row.witness)
    }
}

/// The newest checkpoint that enough witnesses have cosigned, one where none is asked for; 0: there is none.
pub(crate) async fn size(db: &Db, policy: &Policy) -> Result<u64, Fault> {
    if policy.keys.is_empty() {
        return Ok(0);
    }
    let mut tx = db.read().await?;
    let (mut below, wanted) = (i64::MAX.cast_unsigned(), policy.quorum.max(1));
    loop {
        let rows = store::cosignature::below(&mut tx, below, AT_ONCE).await?;
        let mut counted: BTreeMap<i64, usize> = BTreeMap::new();
        for row in rows.iter().filter(|row| policy.counts(row)) {
            let count = counted.entry(row.size).or_default();
            *count = count.saturating_add(1);
        }
        // The last size read may have rows that were not: it is read again, at the head of the next portion.
        let whole = i64::try_from(rows.len()).is_ok_and(|read| read < AT_ONCE);
        let last = rows.last().map_or(0, |row| row.size);
        let found = counted.iter().rev().find(|(size, count)| **count >= wanted && (whole || **size > last));
        match (found, whole) {
            (Some((size, _)), _) => return Ok(size.cast_unsigned()),
            (None, true) => return Ok(0),
            (None, false) => below = last.saturating_add(1).cast_unsigned().min(below.saturating_sub(1)),
        }
    }
}

/// The lines that witnesses have signed beneath the checkpoint of a size.
pub(crate) async fn lines(db: &Db, size: u64, policy: &Policy) -> Result<Vec<String>, Fault> {
    let rows = store::cosignature::between(&mut db.read().await?, size, size.saturating_add(1)).await?;
    Ok(rows.into_iter().filter(|row| policy.counts(row)).map(|row| row.line).collect())
}

/// The largest checkpoint that a witness has cosigned, as far as we know; 0: none.
pub(crate) async fn last_of(db: &Db, witness: &str) -> Result<u64, Fault> {
    store::cosignature::last_of(&mut db.read().await?, witness).await
}

/// The request by which a witness that has `old_size` comes to cosign a checkpoint.
pub(crate) async fn submission(db: &Db, signed: &Signed, old_size: u64) -> Result<Submission, ProofError> {
    let proof = match old_size {
        0 => Vec::new(),
        from if from == signed.size => Vec::new(),
        from => proof::answer(db, Question::Consistency { from, to: signed.size }).await?,
    };
    Ok(Submission { old_size, proof, note: signed.note.clone() })
}

/// Whether this log continues what a witness shows: a checkpoint that our key signed and the witness cosigned, so that it can be
/// shown to others. What is not signed by both is nobody's word and proves nothing.
pub(crate) async fn contradiction(
    db: &Db,
    note: &str,
    keys: &[VerifierKey],
    witness: &CosignerKey,
) -> Result<Option<Violation>, Fault> {
    let (Ok(seen), Ok(_)) = (opened(note, keys), witness.find(note)) else {
        tracing::warn!(witness = witness.name(), "a witness shows a checkpoint that is not signed by both of us");
        return Ok(None);
    };
    let size = store::head::newest(&mut db.read().await?).await?.map_or(0, |head| head.size);
    let place = format!("checkpoint {} at witness {}", seen.size, witness.name());
    let against = |violation: Violation| Some(violation.against(vec![note.to_owned()]));
    if seen.size > size {
        return Ok(against(Violation::new(Kind::Rollback, place, seen.size, size)));
    }
    let ours = match proof::root(db, seen.size).await {
        Ok(root) => root,
        Err(ProofError::Tree(_)) => Hash::of_nothing(),
        Err(ProofError::Fault(fault)) => return Err(fault),
    };
    Ok(if ours == seen.root { None } else { against(Violation::new(Kind::Fork, place, seen.root, ours)) })
}
