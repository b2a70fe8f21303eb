//! Erasure, its two people: one proposes, a second one agrees; and what the retention periods end by themselves.

use super::Act;
use crate::{
    domain::{
        erasure::{Erasure, HoldAnswer, Purpose, Reason, RetentionPeriods, Standing},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// One person asks for an erasure.
#[derive(Debug)]
pub(crate) struct ProposeErasure {
    /// Who asks.
    pub(crate) act: Act,
    /// Its id.
    pub(crate) id: Uuid,
    /// The referral whose referee it is about.
    pub(crate) referral: Uuid,
    /// What for his data is kept that goes; none: all.
    pub(crate) purposes: Vec<Purpose>,
    /// Why.
    pub(crate) reason: Reason,
    /// How long data must be kept.
    pub(crate) periods: RetentionPeriods,
}

impl Command for ProposeErasure {
    const NAME: &'static str = "erasure.propose";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let standings = store::erasure::standings(tx, self.referral).await?;
        if standings.is_empty() {
            return Ok(Err(Refusal::NotFound(format!("referrals/{}", self.referral))));
        }
        let (by, now) = (self.act.by.clone(), self.act.now);
        let erasure = Erasure::proposed(self.id, self.referral, self.purposes.clone(), self.reason, (by, now));
        if let Err(refusal) = erasure.unbound(&standings, &self.periods, now) {
            return Ok(Err(refusal));
        }
        store::erasure::insert(tx, &erasure).await?;
        let statement = self.act.statement("subject.erasure_proposed", "propose", erasure.name());
        self.act.owe(tx, vec![Owed::Audit(of_erasure(statement, &erasure, &standings))]).await?;
        Ok(Ok(erasure.name()))
    }
}

/// A second person agrees.
#[derive(Debug)]
pub(crate) struct ConfirmErasure {
    /// Who agrees.
    pub(crate) act: Act,
    /// To which.
    pub(crate) id: Uuid,
    /// What the log says of holds. It was asked before this transaction, and is asked again before a key is destroyed.
    pub(crate) holds: HoldAnswer,
    /// How long data must be kept.
    pub(crate) periods: RetentionPeriods,
}

impl Command for ConfirmErasure {
    const NAME: &'static str = "erasure.confirm";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(erasure) = store::erasure::lock(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("erasures/{}", self.id))));
        };
        let standings = store::erasure::standings(tx, erasure.referral).await?;
        let (by, now) = (self.act.by.clone(), self.act.now);
        let decided = match erasure.confirm((by, now), &standings, &self.periods, &self.holds) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::erasure::save(tx, &decided).await?;
        decide(&self.act, tx, &decided, &standings).await?;
        Ok(Ok(decided.name()))
    }
}

/// Ends what has run out: data of people whose last consent is too old. How many erasures that begins.
#[derive(Debug)]
pub(crate) struct EndRunOut {
    /// The service itself, now.
    pub(crate) act: Act,
    /// An id for each.
    pub(crate) ids: Vec<Uuid>,
    /// How long data may be kept.
    pub(crate) periods: RetentionPeriods,
    /// One that a hold has stopped since is not tried again yet.
    pub(crate) held_since: Timestamp,
}

impl Command for EndRunOut {
    const NAME: &'static str = "erasure.end_run_out";
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let now = self.act.now;
        let limit = i64::try_from(self.ids.len()).unwrap_or(i64::MAX);
        let before = self.periods.marketing_ends_before(now);
        let found = store::erasure::run_out(tx, before, self.held_since, limit).await?;
        let mut taken: BTreeSet<Uuid> = BTreeSet::new();
        for (referral, id) in found.into_iter().zip(&self.ids) {
            let standings = store::erasure::standings(tx, referral).await?;
            // One person may be found by several of his referrals.
            if standings.iter().any(|standing| taken.contains(&standing.subject)) {
                continue;
            }
            taken.extend(standings.iter().map(|standing| standing.subject));
            let purposes = Erasure::purposes_run_out(&standings, &self.periods, now);
            let erasure = Erasure::run_out(*id, referral, purposes, now);
            store::erasure::insert(tx, &erasure).await?;
            decide(&self.act, tx, &erasure, &standings).await?;
        }
        Ok(taken.len())
    }
}

/// Writes down whom a decided erasure is about, and that it is decided.
async fn decide(act: &Act, tx: &mut Tx, erasure: &Erasure, standings: &[Standing]) -> Result<(), Fault> {
    let subjects: BTreeSet<Uuid> = standings.iter().map(|standing| standing.subject).collect();
    store::erasure::add_subjects(tx, erasure.id, subjects.into_iter().collect()).await?;
    let statement = act.statement("subject.erasure_decided", "decide", erasure.name());
    act.owe(tx, vec![Owed::Audit(of_erasure(statement, erasure, standings))]).await
}

/// A statement of the course of an erasure: whom it is about, why, and who had a hand in it.
pub(super) fn of_erasure(statement: Statement, erasure: &Erasure, standings: &[Standing]) -> Statement {
    let people = [Some(&erasure.proposer), erasure.confirmer.as_ref()].into_iter().flatten();
    let people = people.map(|person| format!("staff/{person}"));
    let about = about(standings);
    Statement {
        subjects: [erasure.name()].into_iter().chain(about).chain(people).take(MOST_SUBJECTS).collect(),
        reason: Some(erasure.reason.as_str().to_owned()),
        body: json!({
            "purposes": erasure.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>(),
            "stage": erasure.stage.as_str(),
        }),
        ..statement
    }
}

/// Subjects of one statement at most.
const MOST_SUBJECTS: usize = 256;

/// The names by which records know a person.
pub(crate) fn about(standings: &[Standing]) -> Vec<String> {
    let names = standings.iter().flat_map(|standing| {
        let referral = format!("referrals/{}", standing.referral);
        [format!("subjects/{}", standing.subject), referral].into_iter().chain(standing.customer.clone())
    });
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}
