//! Commands of the tests, on a table of counters.
use handsel_storage::{Command, Fault, Lock, LockTable, Tx};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Reads, adds one, and writes if nobody else has: without a lock, so that races are lost.
pub(crate) struct Count {
    pub(crate) name: &'static str,
}

impl Command for Count {
    const NAME: &'static str = "test.count";
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, Fault> {
        let (seen,): (i64,) = tx.one("SELECT value FROM counter WHERE name = $1", (self.name,)).await?;
        let next = seen + 1;
        tx.exec_one("UPDATE counter SET value = $2 WHERE name = $1 AND value = $3", (self.name, next, seen)).await?;
        Ok(next)
    }
}

/// What [`Put`] does besides.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    Succeed,
    Refuse,
    BreakTheSchema,
    Panic,
    /// Ends its own connection at its first run.
    LoseTheConnection(Arc<AtomicU32>),
    /// Ignores that a statement failed.
    SwallowAFault,
    Take(Duration),
}

/// Makes a counter, and then succeeds or does not.
#[derive(Clone)]
pub(crate) struct Put {
    pub(crate) name: String,
    pub(crate) then: Then,
}

pub(crate) fn put(name: impl Into<String>) -> Put {
    Put { name: name.into(), then: Then::Succeed }
}

impl Put {
    pub(crate) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl Command for Put {
    const NAME: &'static str = "test.put";
    type Output = Result<String, Refused>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if matches!(self.then, Then::Refuse) {
            return Ok(Err(Refused));
        }
        tx.exec("INSERT INTO counter (name, value) VALUES ($1, 0)", (self.name.as_str(),)).await?;
        match &self.then {
            Then::BreakTheSchema => {
                tx.exec("UPDATE counter SET value = -1 WHERE name = $1", (self.name.as_str(),)).await?;
            }
            Then::Panic => panic!("the command of {} panics, as the test asks", self.name),
            Then::LoseTheConnection(runs) if runs.fetch_add(1, Ordering::Relaxed) == 0 => {
                tx.one::<(bool,)>("SELECT pg_terminate_backend(pg_backend_pid())", ()).await?;
            }
            Then::SwallowAFault => {
                let twice = tx.exec("INSERT INTO counter (name, value) VALUES ($1, 0)", (self.name.as_str(),)).await;
                assert!(twice.unwrap_err().is_unique_violation());
            }
            Then::Take(time) => tokio::time::sleep(*time).await,
            _ => {}
        }
        Ok(Ok(format!("counters/{}", self.name)))
    }
}

pub(crate) static COUNTER: LockTable =
    LockTable { table: "counter", sql: "SELECT 1 FROM counter WHERE name = $1 FOR UPDATE" };

/// The same rows, locked together.
pub(crate) static COUNTERS: LockTable =
    LockTable { table: "counter", sql: "SELECT 1 FROM counter WHERE name = ANY($1) ORDER BY name FOR UPDATE" };

/// Moves one from a counter to another; the locks are named in the order of the move, which would deadlock.
pub(crate) struct Move {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) lock: &'static LockTable,
    pub(crate) runs: Arc<AtomicU32>,
}

impl Command for Move {
    const NAME: &'static str = "test.move";
    type Output = ();

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(self.lock, self.from), Lock::new(self.lock, self.to)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        tx.exec_one("UPDATE counter SET value = value - 1 WHERE name = $1", (self.from,)).await?;
        tx.exec_one("UPDATE counter SET value = value + 1 WHERE name = $1", (self.to,)).await
    }
}
