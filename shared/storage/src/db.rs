//! A service's database: opening it, reading from it, beginning transactions.
use crate::{Engine, Fault, Location, Params, Row, StorageError, Tx, folder::FolderLock, seat::Seat, tx::Held};
use sqlx::{
    Connection, PgPool, Postgres, Sqlite, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};

/// Connections a service holds to PostgreSQL: its lanes, and as many reads. Four services stay below the server's
/// default of 100.
const POSTGRES_CONNECTIONS: u32 = 16;
/// SQLite reads at the same moment; each connection is a thread and up to a megabyte of pages.
const SQLITE_READERS: u32 = 3;
/// How long a caller waits for a connection before it is told that we are busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that rested longer is asked whether it lives before it is used.
const RESTED: Duration = Duration::from_secs(5);
/// Only another program's lock can make SQLite wait: our writers queue for one connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A write finds its rows by key. PostgreSQL keeps the plan of a statement, made perhaps while the table was empty, and would scan
/// the table ever after: measured, four times the work of a grant once twelve thousand rows were there. With this it scans only
/// where no index serves.
const BEGIN_POSTGRES_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL enable_seqscan = off";

/// One service's schema in one [`Location`]. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    schema: &'static str,
    pools: Pools,
    /// Held for as long as the files may be open.
    _folder: Option<FolderLock>,
}

pub(crate) enum Pools {
    Postgres(PgPool),
    /// Writers queue, in order, for the one connection that may write.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
}

/// A connection out of a pool.
enum Lent {
    Postgres(PoolConnection<Postgres>),
    Sqlite(PoolConnection<Sqlite>),
}

impl Db {
    /// Opens a service's schema: `<folder>/<schema>.db`, or the schema of that name in the database. It need not exist yet:
    /// [`migrate`](Db::migrate) makes it.
    ///
    /// # Errors
    /// [`StorageError`] if the folder is another process's, or the database does not answer.
    pub async fn open(location: &Location, schema: &'static str) -> Result<Self, StorageError> {
        let opened = |cause| StorageError::Open { place: location.to_string(), cause };
        let (pools, folder) = match location {
            Location::Postgres { url } => (open_postgres(url, schema).await.map_err(opened)?, None),
            Location::Sqlite { folder } => {
                let folder = FolderLock::take(folder)?;
                (open_sqlite(folder.path(), schema).await.map_err(opened)?, Some(folder))
            }
        };
        Ok(Self { inner: Arc::new(Inner { schema, pools, _folder: folder }) })
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner.pools {
            Pools::Postgres(_) => Engine::Postgres,
            Pools::Sqlite { .. } => Engine::Sqlite,
        }
    }

    /// The service's schema.
    #[must_use]
    pub fn schema(&self) -> &'static str {
        self.inner.schema
    }

    /// The first for PostgreSQL, the second for SQLite: where one text cannot serve both.
    #[must_use]
    pub fn pick<T>(&self, postgres: T, sqlite: T) -> T {
        match self.engine() {
            Engine::Postgres => postgres,
            Engine::Sqlite => sqlite,
        }
    }

    /// At most one row, read by itself.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn opt<T: Row>(&self, sql: &'static str, params: impl Params) -> Result<Option<T>, Fault> {
        Ok(self.lend().await?.seat().opt(sql, params).await?)
    }

    /// Exactly one row, read by itself.
    ///
    /// # Errors
    /// [`Fault::Storage`] if there is none.
    pub async fn one<T: Row>(&self, sql: &'static str, params: impl Params) -> Result<T, Fault> {
        self.opt(sql, params).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Every row, read by itself. The statement limits how many.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn all<T: Row>(&self, sql: &'static str, params: impl Params) -> Result<Vec<T>, Fault> {
        Ok(self.lend().await?.seat().all(sql, params).await?)
    }

    /// Several reads of one moment. Writes are refused. Drop it soon: never across a stream's await.
    ///
    /// # Errors
    /// [`Fault::Busy`] if no connection is free in time.
    pub async fn read(&self) -> Result<Tx, Fault> {
        Ok(Tx::new(match &self.inner.pools {
            Pools::Postgres(pool) => {
                Held::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
            Pools::Sqlite { readers, .. } => Held::Sqlite(readers.begin_with("BEGIN DEFERRED").await?),
        }))
    }

    /// A transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        Ok(Tx::new(match &self.inner.pools {
            Pools::Postgres(pool) => Held::Postgres(pool.begin_with(BEGIN_POSTGRES_WRITE).await?),
            Pools::Sqlite { writer, .. } => Held::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
        }))
    }

    /// Whether the database answers: for health checks.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.one::<(i32,)>("SELECT 1", ()).await.map(|_| ())
    }

    /// Waits for what is under way, and closes every connection. SQLite's write-ahead log is folded into its file.
    pub async fn close(&self) {
        match &self.inner.pools {
            Pools::Postgres(pool) => pool.close().await,
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    async fn lend(&self) -> Result<Lent, Fault> {
        Ok(match &self.inner.pools {
            Pools::Postgres(pool) => Lent::Postgres(pool.acquire().await?),
            Pools::Sqlite { readers, .. } => Lent::Sqlite(readers.acquire().await?),
        })
    }
}

impl Lent {
    fn seat(&mut self) -> Seat<'_> {
        match self {
            Self::Postgres(connection) => Seat::Postgres(connection),
            Self::Sqlite(connection) => Seat::Sqlite(connection),
        }
    }
}

async fn open_postgres(url: &str, schema: &str) -> Result<Pools, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name(&format!("handsel-{schema}")).options([
        ("search_path", schema),
        ("timezone", "UTC"),
        // Ours are short statements. The planner's costs cannot be believed where scans are forbidden ("enable_seqscan"), and
        // by them it would compile a statement of a millisecond for a hundred.
        ("jit", "off"),
        // A lane never waits for ever behind a lock, nor does anybody behind a lane that died.
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, life| {
            Box::pin(async move {
                if life.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres(pool))
}

async fn open_sqlite(folder: &Path, schema: &str) -> Result<Pools, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join(format!("{schema}.db")))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    // Negative: in KiB. Four services keep at most sixteen connections and 16 MB of pages.
    let writer = options.clone().pragma("cache_size", "-2000").thread_name(|_| "sqlite-writer".to_owned());
    let writer = pool().max_connections(1).connect_with(writer).await?;
    let reader = options.pragma("cache_size", "-1000").pragma("query_only", "ON");
    let reader = reader.thread_name(|_| "sqlite-reader".to_owned());
    let readers = pool().max_connections(SQLITE_READERS).connect_lazy_with(reader);
    Ok(Pools::Sqlite { writer, readers })
}
