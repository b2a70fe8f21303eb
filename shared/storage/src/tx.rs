//! A transaction: statements, set reads and bulk writes, in the words of both engines.
use crate::{Column, Engine, Fault, Lock, Params, Row, lock, seat::Seat};
use sqlx::{Postgres, Sqlite, Transaction};
use tokio::time::Instant;

/// A transaction of either engine. Dropped without a commit, it is rolled back.
///
/// A statement that fails ends the transaction: PostgreSQL answers the next COMMIT with a silent rollback, so a command
/// that swallows a fault would report what never happened. Here such a transaction refuses to commit, on both engines.
pub struct Tx {
    held: Held,
    failed: bool,
    work_until: Option<Instant>,
}

pub(crate) enum Held {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    pub(crate) fn new(held: Held) -> Self {
        Self { held, failed: false, work_until: None }
    }

    /// Which engine runs it.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.held {
            Held::Postgres(_) => Engine::Postgres,
            Held::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// The first for PostgreSQL, the second for SQLite: where one text cannot serve both.
    #[must_use]
    pub fn pick<T>(&self, postgres: T, sqlite: T) -> T {
        match self.held {
            Held::Postgres(_) => postgres,
            Held::Sqlite(_) => sqlite,
        }
    }

    /// At most one row.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn opt<T: Row>(&mut self, sql: &'static str, params: impl Params) -> Result<Option<T>, Fault> {
        let answer = self.seat().opt(sql, params).await;
        self.noting(answer)
    }

    /// Exactly one row: an aggregate, a `RETURNING`, a row that a foreign key promises.
    ///
    /// # Errors
    /// [`Fault::Storage`] if there is none.
    pub async fn one<T: Row>(&mut self, sql: &'static str, params: impl Params) -> Result<T, Fault> {
        self.opt(sql, params).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Every row. The statement limits how many.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn all<T: Row>(&mut self, sql: &'static str, params: impl Params) -> Result<Vec<T>, Fault> {
        let answer = self.seat().all(sql, params).await;
        self.noting(answer)
    }

    /// Runs a write; how many rows it changed.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn exec(&mut self, sql: &'static str, params: impl Params) -> Result<u64, Fault> {
        let answer = self.seat().exec(sql, params).await;
        self.noting(answer)
    }

    /// Runs a write that changes one row, or finds that another transaction was first: a version-guarded update.
    ///
    /// # Errors
    /// [`Fault::Contention`] if it changed none, or several.
    pub async fn exec_one(&mut self, sql: &'static str, params: impl Params) -> Result<(), Fault> {
        match self.exec(sql, params).await? {
            1 => Ok(()),
            _ => Err(Fault::Contention),
        }
    }

    /// Writes many rows: `postgres` takes every column as an array (`SELECT * FROM unnest($1::uuid[], …)`), `sqlite` takes
    /// the values of one row and is run for each. How many rows it changed.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if the columns differ in length.
    pub async fn bulk(
        &mut self,
        postgres: &'static str,
        sqlite: &'static str,
        columns: Vec<Column>,
    ) -> Result<u64, Fault> {
        let answer = self.seat().bulk(postgres, sqlite, columns).await;
        self.noting(answer)
    }

    /// Reads by many keys: `postgres` takes them as an array (`WHERE id = ANY($1)`), `sqlite` takes one and is run for each
    /// (`WHERE id = $1`). Give each key once. The order of rows is the engine's. Compound keys are several columns.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if the columns differ in length.
    pub async fn all_by<T: Row>(
        &mut self,
        postgres: &'static str,
        sqlite: &'static str,
        keys: impl Into<Vec<Column>> + Send,
    ) -> Result<Vec<T>, Fault> {
        let answer = self.seat().all_by(postgres, sqlite, keys.into()).await;
        self.noting(answer)
    }

    /// Whether the time for one transaction's work is used up. A set-based [`Command::apply_all`](crate::Command::apply_all)
    /// may then answer the first of its batch only; the rest go into the next transaction.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.work_until.is_some_and(|until| Instant::now() >= until)
    }

    pub(crate) fn work_until(&mut self, until: Instant) {
        self.work_until = Some(until);
    }

    /// Takes the locks of a whole batch, in the one order that all batches share.
    pub(crate) async fn lock(&mut self, locks: Vec<Lock>) -> Result<(), Fault> {
        match self.held {
            Held::Postgres(_) => lock::take(self, locks).await,
            // One writer has the whole file already.
            Held::Sqlite(_) => Ok(()),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Fault> {
        if self.failed {
            self.rollback().await;
            return Err(Fault::Invalid(
                "a statement failed in this transaction, and its fault was not returned".into(),
            ));
        }
        let committed = match self.held {
            Held::Postgres(tx) => tx.commit().await,
            Held::Sqlite(tx) => tx.commit().await,
        };
        committed.map_err(Fault::at_commit)
    }

    /// Undoes everything. A connection that cannot even do this is closed by its pool, which undoes it too.
    pub(crate) async fn rollback(self) {
        let undone = match self.held {
            Held::Postgres(tx) => tx.rollback().await,
            Held::Sqlite(tx) => tx.rollback().await,
        };
        if let Err(error) = undone {
            tracing::debug!(%error, "rollback failed; the connection is closed");
        }
    }

    pub(crate) fn seat(&mut self) -> Seat<'_> {
        match &mut self.held {
            Held::Postgres(tx) => Seat::Postgres(tx),
            Held::Sqlite(tx) => Seat::Sqlite(tx),
        }
    }

    fn noting<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, Fault> {
        self.failed |= answer.is_err();
        Ok(answer?)
    }
}
