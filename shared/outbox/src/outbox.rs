//! What a transaction owes: written with it, or not at all.

use crate::{
    Pseudonyms, Statement, message,
    relay::AUDIT,
    statement::{Circumstances, Sealed, seal},
    store::{self, outbox::NewRow},
};
use handsel_money::Timestamp;
use handsel_service::{World, telemetry};
use handsel_storage::{Db, Fault, Tx};
use std::time::Duration;

/// Takes down what commands owe. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    source: String,
    world: World,
    pseudonyms: Pseudonyms,
}

/// Something owed to the rest of the world.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every one is a statement, and none outlives its command")]
pub enum Owed {
    /// A statement for the log.
    Audit(Statement),
    /// A message for another service. [`Owed::message`] makes one that is known to fit the contract.
    Message {
        /// Which service: `reward`.
        to: &'static str,
        /// What it is about: the order within one aggregate is kept.
        aggregate: String,
        /// The encoded `DeliverRequest.Message`, without its sequence and traceparent.
        content: Vec<u8>,
    },
}

impl Owed {
    /// A message for another service, held to the contract's field rules now: what the receiver could never take must not be
    /// committed. `message` is its `DeliverRequest.Message` with `sequence` 0 and `traceparent` empty.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if it breaks a rule.
    pub fn message<M: prost::Message + prost::Name>(
        to: &'static str,
        aggregate: impl Into<String>,
        message: &M,
    ) -> Result<Self, Fault> {
        Ok(Self::Message { to, aggregate: aggregate.into(), content: message::encode(message)? })
    }

    /// The same, in the trace of its own cause: a `traceparent` that the command brought along. Commands that share a
    /// transaction run in the trace of the first of them, which is what an [`Owed`] without this carries.
    #[must_use]
    pub fn caused_by(self, traceparent: Option<String>) -> Traced {
        Traced { owed: self, traceparent }
    }
}

/// Something owed, and the trace that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    owed: Owed,
    traceparent: Option<String>,
}

impl From<Owed> for Traced {
    fn from(owed: Owed) -> Self {
        Self { owed, traceparent: None }
    }
}

/// What is owed, sealed and encoded, and not yet written.
#[must_use = "what is packed and not written is not owed"]
pub struct Packed(Vec<NewRow>);

/// What waits for a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Messages that the receiver has not answered.
    pub count: u64,
    /// How long the oldest of them has waited, by the database's time; zero if none does.
    pub age: Duration,
}

/// How much waits in a service's database for a destination (`reward`, `audit`, …), and for how long.
///
/// # Errors
/// As the database says.
pub async fn pending(db: &Db, destination: &str) -> Result<Pending, Fault> {
    let row = store::relay::waiting(db, destination).await?;
    let count = row.unnumbered.saturating_add(row.unanswered);
    let age = row.oldest().map_or(Duration::ZERO, |oldest| row.now.0.saturating_since(oldest));
    Ok(Pending { count: u64::try_from(count).unwrap_or(0), age })
}

/// How long the oldest of what waits for a destination has waited, by the database's time; zero if nothing does. Asked in the
/// transaction of whoever goes by it.
///
/// # Errors
/// As the database says.
pub async fn oldest_wait(tx: &mut Tx, destination: &str) -> Result<Duration, Fault> {
    store::relay::oldest_wait(tx, destination).await
}

/// What a receiver has answered to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took effect.
    Applied,
    /// A business rule refused it.
    Refused {
        /// Its reason.
        reason: String,
    },
}

/// What a destination has answered to the messages about an aggregate, in their order. What is put aside has no answer until it was
/// released and sent again. Messages are forgotten with their answers 40 days after these: whoever needs one for longer keeps it.
///
/// # Errors
/// As the database says.
pub async fn answers(tx: &mut Tx, destination: &str, aggregate: &str) -> Result<Vec<Answer>, Fault> {
    let rows = store::sent::answers(tx, destination, aggregate).await?;
    let answer = |row: store::sent::AnswerRow| match row.outcome.as_str() {
        "REFUSED" => Answer::Refused { reason: row.reason },
        _ => Answer::Applied,
    };
    Ok(rows.into_iter().map(answer).collect())
}

/// The instant that the earliest of what waits for a destination is dated, by the time of the commands that owe it; none if nothing
/// waits. What is dated before it has been answered.
///
/// # Errors
/// As the database says.
pub async fn earliest_owed(tx: &mut Tx, destination: &str) -> Result<Option<Timestamp>, Fault> {
    store::relay::earliest_owed(tx, destination).await
}

/// Takes at most so many statements out of the outbox, in order: for the log's own service, whose statements no relay brings to itself.
///
/// # Errors
/// As the database says.
pub async fn take_statements(tx: &mut Tx, limit: i64) -> Result<Vec<Sealed>, Fault> {
    let rows = store::outbox::take(tx, AUDIT, limit).await?;
    let sealed =
        |row: store::outbox::OwedRow| Sealed { content: row.content, body: row.body, body_salt: row.body_salt };
    Ok(rows.into_iter().map(sealed).collect())
}

impl Outbox {
    /// The outbox of a service.
    #[must_use]
    pub fn new(service: &'static str, world: World, pseudonyms: Pseudonyms) -> Self {
        Self { source: format!("{service}/{AUDIT}"), world, pseudonyms }
    }

    /// Writes what the command owes, in its transaction and in this order, in one statement. `now` is the command's own.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for what cannot be sealed: the command then has not happened.
    pub async fn owe<O: Into<Traced>>(&self, tx: &mut Tx, now: Timestamp, owed: Vec<O>) -> Result<(), Fault> {
        self.write(tx, now, self.pack(owed)?).await
    }

    /// Seals and encodes what is owed, for [`Outbox::write`]: a command that owes much does this while the database is at work.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for what cannot be sealed.
    pub fn pack<O: Into<Traced>>(&self, owed: Vec<O>) -> Result<Packed, Fault> {
        let here = telemetry::traceparent().unwrap_or_default();
        owed.into_iter().map(|one| self.row(one.into(), &here)).collect::<Result<_, _>>().map(Packed)
    }

    /// Writes what was packed, in the transaction that owes it and in this order, in one statement.
    ///
    /// # Errors
    /// As the database says.
    pub async fn write(&self, tx: &mut Tx, now: Timestamp, packed: Packed) -> Result<(), Fault> {
        if packed.0.is_empty() {
            return Ok(());
        }
        store::outbox::insert(tx, packed.0, now).await
    }

    fn row(&self, Traced { owed, traceparent }: Traced, here: &str) -> Result<NewRow, Fault> {
        let traceparent = traceparent.unwrap_or_else(|| here.to_owned());
        match owed {
            Owed::Message { to, aggregate, content } => {
                let (body, body_salt) = (Vec::new(), Vec::new());
                Ok(NewRow { destination: to, aggregate, content, body, body_salt, traceparent })
            }
            Owed::Audit(statement) => self.sealed(statement, traceparent),
        }
    }

    fn sealed(&self, statement: Statement, traceparent: String) -> Result<NewRow, Fault> {
        let mut salt = [0; 32];
        self.world.entropy.fill(&mut salt);
        let (id, source) = (self.world.ids.next(), self.source.clone());
        let around = Circumstances { id, source, traceparent, salt };
        let (kind, aggregate) = (statement.kind, self.pseudonyms.name(&statement.correlation));
        let Sealed { content, body, body_salt } = seal(statement, &around, &self.pseudonyms)
            .map_err(|malformed| Fault::Invalid(format!("statement {kind}: {malformed}")))?;
        let traceparent = around.traceparent;
        Ok(NewRow { destination: AUDIT, aggregate, content, body, body_salt, traceparent })
    }
}
