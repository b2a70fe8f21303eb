//! Takes facts in. Batches that wait at the same moment are loaded, folded and saved as one.

use super::{Act, fact_statements::moves_owed};
use crate::{
    domain::{
        fact::Fact,
        intake::{Book, FactDigest, Outcome, Taken, Tracked},
        referral::{Referral, State},
    },
    store::{self, referral::Moved},
};
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Facts of one transaction, the first batch apart: a batch has at most 500.
const MOST_FACTS: usize = 2_000;

/// A batch of facts.
#[derive(Debug)]
pub(crate) struct IngestFacts {
    /// Who hands them in.
    pub(crate) act: Act,
    /// The facts.
    pub(crate) facts: Vec<Incoming>,
}

/// A fact with its keyed digests.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// The fact.
    pub(crate) fact: Fact,
    /// Of what it says.
    pub(crate) digest: FactDigest,
    /// Of its id.
    pub(crate) id_digest: [u8; 32],
}

/// What became of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FactAnswer {
    /// It.
    pub(crate) outcome: Outcome,
    /// Where the referral that it counts for stands now.
    pub(crate) state: Option<State>,
}

/// What a batch is decided on.
struct Loaded {
    book: Book,
    referrals: BTreeMap<Uuid, Referral>,
}

impl Command for IngestFacts {
    const NAME: &'static str = "fact.ingest";
    type Output = Vec<FactAnswer>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<FactAnswer>, Fault> {
        Self::apply_all(&[self], tx).await.map(|mut answers| answers.pop().unwrap_or_default())
    }

    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Vec<FactAnswer>>, Fault> {
        let batch = portion(batch);
        let incoming: Vec<&Incoming> = batch.iter().flat_map(|command| &command.facts).collect();
        let mut loaded = load(tx, &incoming).await?;
        let facts: Vec<(Fact, FactDigest, Timestamp)> = batch
            .iter()
            .flat_map(|command| command.facts.iter().map(|each| (each.fact.clone(), each.digest, command.act.now)))
            .collect();
        let outcomes = loaded.book.take_all(&facts);
        save(tx, &loaded.book, &incoming, &facts).await?;
        let mut answers = Vec::with_capacity(batch.len());
        let mut outcomes = outcomes.into_iter();
        for command in batch {
            let own: Vec<Outcome> = outcomes.by_ref().take(command.facts.len()).collect();
            command.act.owe(tx, command.owed(&own)).await?;
            answers.push(own.into_iter().map(|outcome| answer(outcome, &loaded.book)).collect());
        }
        if let Some(last) = batch.last() {
            last.act.owe(tx, moves_owed(&last.act, &loaded.referrals, &loaded.book.referrals)?).await?;
        }
        Ok(answers)
    }
}

/// The first batch, and those behind it that fit into one transaction with it.
fn portion<'a, 'b>(batch: &'b [&'a IngestFacts]) -> &'b [&'a IngestFacts] {
    let mut facts = 0_usize;
    let fitting = batch.iter().take_while(|command| {
        facts = facts.saturating_add(command.facts.len());
        facts <= MOST_FACTS
    });
    let count = fitting.count().max(1).min(batch.len());
    batch.get(..count).unwrap_or(batch)
}

async fn load(tx: &mut Tx, incoming: &[&Incoming]) -> Result<Loaded, Fault> {
    let customers: BTreeSet<String> = incoming.iter().map(|each| each.fact.customer.clone()).collect();
    let by_customer = store::customer::referrals_of(tx, customers.into_iter().collect()).await?;
    let named = incoming.iter().filter_map(|each| each.fact.referral);
    let ids: BTreeSet<Uuid> = named.chain(by_customer.values().copied()).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    store::referral::lock(tx, ids.clone()).await?;
    let referrals = store::referral::by_ids(tx, ids.clone()).await?;
    let programs: BTreeSet<String> = referrals.values().map(|referral| referral.program.clone()).collect();
    let rules: BTreeMap<String, Arc<_>> = store::program::by_ids(tx, programs.into_iter().collect())
        .await?
        .into_iter()
        .map(|(id, program)| (id, Arc::new(program.terms.success)))
        .collect();
    let mut evidence = store::evidence::by_referrals(tx, ids).await?;
    let mut tracked = BTreeMap::new();
    for referral in referrals.values() {
        let rule = rules.get(&referral.program).ok_or_else(|| Fault::Invalid("a referral without program".into()))?;
        tracked.insert(
            referral.id,
            Tracked {
                rule: Arc::clone(rule),
                loaded_state: referral.state,
                state: referral.state,
                created_at: referral.created_at,
                expires_at: referral.expires_at,
                referrer: referral.referrer.clone(),
                customer: referral.referee_customer.clone(),
                evidence: evidence.remove(&referral.id).unwrap_or_default(),
                completion: None,
                qualified_at: referral.qualified_at,
                reversed_at: None,
                touched_at: None,
            },
        );
    }
    let taken = taken_before(tx, incoming).await?;
    Ok(Loaded { book: Book { referrals: tracked, by_customer, taken, ..Book::default() }, referrals })
}

async fn taken_before(tx: &mut Tx, incoming: &[&Incoming]) -> Result<BTreeMap<String, Taken>, Fault> {
    let ids: BTreeMap<String, [u8; 32]> = incoming.iter().map(|each| (each.fact.id.clone(), each.id_digest)).collect();
    let mut taken = store::evidence::taken(tx, ids.keys().cloned().collect()).await?;
    let unmatched = store::unmatched::by_ids(tx, ids.values().copied().collect()).await?;
    for (id, id_digest) in ids {
        if let Some(digest) = unmatched.get(&id_digest) {
            taken.entry(id).or_insert(Taken { digest: *digest, referral: None });
        }
    }
    Ok(taken)
}

async fn save(
    tx: &mut Tx,
    book: &Book,
    incoming: &[&Incoming],
    facts: &[(Fact, FactDigest, Timestamp)],
) -> Result<(), Fault> {
    store::customer::bind(tx, &book.bound).await?;
    store::evidence::insert(tx, &book.recorded).await?;
    store::customer::open(tx, &book.opened).await?;
    let moved: Vec<Moved> = book
        .referrals
        .iter()
        .filter_map(|(id, tracked)| {
            let at = tracked.touched_at?;
            let Tracked { state, completion, reversed_at, .. } = *tracked;
            Some(Moved { id: *id, state, completion, reversed_at, at })
        })
        .collect();
    store::referral::save_moved(tx, &moved).await?;
    let id_digests: BTreeMap<&str, [u8; 32]> =
        incoming.iter().map(|each| (each.fact.id.as_str(), each.id_digest)).collect();
    let digest_of = |id: &String| id_digests.get(id.as_str()).copied();
    let late: BTreeSet<[u8; 32]> = book.matched_late.iter().filter_map(digest_of).collect();
    let unmatched: BTreeMap<[u8; 32], FactDigest> =
        book.unmatched.iter().filter_map(|(id, digest)| Some((digest_of(id)?, *digest))).collect();
    let Some(now) = facts.iter().map(|(.., now)| *now).max() else {
        return Ok(());
    };
    store::unmatched::insert(tx, &unmatched.into_iter().collect::<Vec<_>>(), now).await?;
    store::unmatched::remove(tx, late.into_iter().collect()).await
}

fn answer(outcome: Outcome, book: &Book) -> FactAnswer {
    let referral = match &outcome {
        Outcome::Applied(referral) | Outcome::Duplicate(referral) => book.referrals.get(referral),
        Outcome::Unmatched | Outcome::Refused(_) => None,
    };
    FactAnswer { state: referral.map(|tracked| tracked.state), outcome }
}
