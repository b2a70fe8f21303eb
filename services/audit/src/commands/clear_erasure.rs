//! Clears an erasure: nothing that a legal hold keeps becomes unreadable. Under the lock under which holds are placed, so that neither
//! overtakes the other.

use super::Act;
use crate::{
    client::leaf,
    domain::{hold::InForce, refused::Refused, term::of_subject},
    store,
    tlog::TILE_WIDTH,
};
use handsel_outbox::Pseudonyms;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// As the keeper of people's keys names them: records that carry somebody's personal data name him so.
const PEOPLE: &str = "subjects/";

/// Whether a hold is in the way: a mere question.
pub(crate) struct CheckErasure {
    /// Who asks.
    pub(crate) act: Act,
    /// Whom it is about.
    pub(crate) subjects: Vec<String>,
}

impl Command for CheckErasure {
    const NAME: &'static str = "audit.check_erasure";
    type Output = Option<Uuid>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Uuid>, Fault> {
        held(tx, &tokens(&self.act.writer.pseudonyms, &self.subjects)).await
    }
}

/// Clears an erasure, and leaves a record of it. The same erasure again has the same record.
pub(crate) struct ClearErasure {
    /// Who asks.
    pub(crate) act: Act,
    /// `erasures/…`.
    pub(crate) erasure: String,
    /// Whom it is about.
    pub(crate) subjects: Vec<String>,
}

impl Command for ClearErasure {
    const NAME: &'static str = "audit.clear_erasure";
    type Output = Result<i64, Refused>;

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Some(index) = store::clearance::of(tx, &self.erasure).await? {
            return Ok(Ok(index));
        }
        let tokens = tokens(&self.act.writer.pseudonyms, &self.subjects);
        if let Some(hold) = held(tx, &tokens).await? {
            return Ok(Err(Refused::Held(hold)));
        }
        let subjects = [self.erasure.clone()].into_iter().chain(tokens).collect();
        let notice = self.act.notice(("erasure.cleared", "clear"), subjects, None, Value::Null);
        let index = match self.act.record(notice, tx).await? {
            Ok(index) => index,
            Err(refused) => return Ok(Err(refused)),
        };
        store::clearance::add(tx, &self.erasure, index).await?;
        Ok(Ok(index))
    }
}

fn tokens(pseudonyms: &Pseudonyms, subjects: &[String]) -> Vec<String> {
    subjects.iter().map(|name| pseudonyms.name(name)).collect()
}

/// The hold that is in the way: on the person, or on a record that carries his data.
async fn held(tx: &mut Tx, tokens: &[String]) -> Result<Option<Uuid>, Fault> {
    let holds = store::hold::in_force(tx).await?;
    if holds == InForce::default() {
        return Ok(None);
    }
    if let Some(hold) = tokens.iter().find_map(|token| holds.on_subject(token)) {
        return Ok(Some(hold));
    }
    let people: BTreeSet<&str> = tokens.iter().map(String::as_str).filter(|token| token.starts_with(PEOPLE)).collect();
    for bundle in bundles(tx, &people).await? {
        let first = bundle.saturating_mul(TILE_WIDTH);
        for row in store::leaf::contents(tx, first, first.saturating_add(TILE_WIDTH)).await? {
            // One that cannot be read has been tampered with: the scrubber finds it.
            let Ok((_, statement)) = leaf(&row.content) else { continue };
            if is_about(&statement, &people)
                && let Some(hold) = holds.on_statement(row.leaf_index.cast_unsigned(), &statement)
            {
                return Ok(Some(hold));
            }
        }
    }
    Ok(None)
}

/// The bundles of records that may name these people: those that the index says, all of them, and those that it does not tell of.
async fn bundles(tx: &mut Tx, people: &BTreeSet<&str>) -> Result<BTreeSet<u64>, Fault> {
    let end = store::head::newest(tx).await?.map_or(0, |head| head.size).div_ceil(TILE_WIDTH);
    // Locked, so that no run goes while they are read.
    let seen = store::term::position(tx).await?;
    let terms = people.iter().map(|person| of_subject(person)).collect();
    let mut bundles = store::term::bundles(tx, seen, &terms, end, usize::MAX).await?;
    bundles.extend(seen..end);
    Ok(bundles)
}

fn is_about(statement: &Value, people: &BTreeSet<&str>) -> bool {
    let subjects = statement.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    subjects.iter().filter_map(Value::as_str).any(|subject| people.contains(subject))
}
