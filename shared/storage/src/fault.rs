//! What can go wrong below a decision: faults of a transaction, and reasons why storage does not open.
use std::{borrow::Cow, io, path::PathBuf, sync::Arc};

/// Why a transaction has no answer. A refusal is not a fault: it is a command's output.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// Another transaction was first. Commands return it for a lost race, and are run again; what the caller sees has
    /// been tried several times.
    #[error("another transaction was first, again and again")]
    Contention,
    /// Too many wait already; nothing was done.
    #[error("too many requests wait already")]
    Busy,
    /// The caller's deadline passed before the command's turn came; nothing was done.
    #[error("the deadline passed before its turn came")]
    Expired,
    /// The connection was lost while it committed: it is done, or it is not. The idempotency record will tell.
    #[error("the connection was lost while it committed; whether it is done is not known")]
    Unknown,
    /// Something to be written could not be encoded, or storage was used against its rules.
    #[error("cannot be written: {0}")]
    Invalid(String),
    /// The command panicked; nothing was done.
    #[error("the command panicked")]
    Panicked,
    /// The engine's own words, for the log and nowhere else.
    #[error("storage: {0}")]
    Storage(Arc<sqlx::Error>),
}

impl Fault {
    /// Whether a UNIQUE constraint refused it.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// A UNIQUE constraint that refuses what was looked for a moment ago has seen another transaction win: run again.
    #[must_use]
    pub fn unique_is_race(self) -> Self {
        if self.is_unique_violation() { Self::Contention } else { self }
    }

    /// Whether the same work, begun anew, may succeed and cannot be done twice.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Contention) || self.lost_connection()
    }

    /// Whether the connection is at fault rather than anything said over it.
    pub(crate) fn lost_connection(&self) -> bool {
        matches!(self, Self::Storage(error) if connection_failed(error))
    }

    /// What failed at COMMIT: a fault if the engine says it rolled back, else [`Fault::Unknown`].
    pub(crate) fn at_commit(error: sqlx::Error) -> Self {
        if rolled_back(&error) { error.into() } else { Self::Unknown }
    }

    fn database_error(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        match self {
            Self::Storage(error) => error.as_database_error(),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Encode(cause) => Self::Invalid(cause.to_string()),
            other if contended(other) => Self::Contention,
            _ => Self::Storage(Arc::new(error)),
        }
    }
}

/// Serialization failure, deadlock, lock timeout (PostgreSQL, appendix A); BUSY and LOCKED with their extensions (SQLite).
fn contended(error: &sqlx::Error) -> bool {
    match code_of(error).as_deref() {
        Some("40001" | "40P01" | "55P03") => true,
        Some(code) => matches!(sqlite_primary(code), Some(SQLITE_BUSY | SQLITE_LOCKED)),
        None => false,
    }
}

/// Class 08, and the server going away: what was begun is gone with the connection.
fn connection_failed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        other => code_of(other)
            .is_some_and(|code| sqlite_primary(&code).is_none() && (code.starts_with("08") || code.starts_with("57P"))),
    }
}

/// Whether an error at COMMIT means that nothing was committed. Only classes that end in a rollback before the commit
/// record is written are sure: integrity (23), rollback (40, but for 40003), our own triggers (P0). SQLite undoes what
/// it could not commit, but after an I/O error the pages may or may not be found by a recovery.
fn rolled_back(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| match sqlite_primary(&code) {
        Some(primary) => primary != SQLITE_IOERR,
        None => code != "40003" && ["23", "40", "P0"].iter().any(|class| code.starts_with(class)),
    })
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_IOERR: u32 = 10;

/// SQLite's primary code is the low byte of its (shorter than five digits) result code.
fn sqlite_primary(code: &str) -> Option<u32> {
    if code.len() == 5 { None } else { code.parse::<u32>().ok().map(|code| code & 0xff) }
}

fn code_of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

/// Why storage does not open, or its schema does not fit. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The data folder cannot be made or locked.
    #[error("the data folder {} cannot be used: {cause}", folder.display())]
    Folder {
        /// The folder asked for.
        folder: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Another process has the data folder.
    #[error(
        "the data folder {} is in use by another process{}: stop that one, or give this one a folder of its own \
         (several processes on the same data need PostgreSQL)", folder.display(), holder.as_deref().unwrap_or_default()
    )]
    FolderInUse {
        /// The folder asked for.
        folder: PathBuf,
        /// ` (pid 4711)`, where the other has said so.
        holder: Option<String>,
    },
    /// The database does not answer, or does not let us in.
    #[error("cannot open {place}: {cause}")]
    Open {
        /// The place, without its password.
        place: String,
        /// The engine's words.
        cause: sqlx::Error,
    },
    /// An embedded database cannot be copied, or the copy is not a whole database.
    #[error("{} cannot be copied: {cause}", file.display())]
    Copy {
        /// The file.
        file: PathBuf,
        /// The engine's words.
        cause: sqlx::Error,
    },
    /// The schema was written by a newer program.
    #[error(
        "schema {schema} has migration {version}, which this program does not know: start a version as new as the schema"
    )]
    Newer {
        /// The service's schema.
        schema: &'static str,
        /// The migration found.
        version: i64,
    },
    /// The schema lacks migrations.
    #[error("schema {schema} lacks migration {version}: run `handsel migrate` with a role that may create tables")]
    Behind {
        /// The service's schema.
        schema: &'static str,
        /// The first one missing.
        version: i64,
    },
    /// A migration was changed after it was applied.
    #[error(
        "migration {version} of schema {schema} is not the one that was applied: migrations never change, add another"
    )]
    Changed {
        /// The service's schema.
        schema: &'static str,
        /// The migration that differs.
        version: i64,
    },
    /// A migration failed; it was rolled back.
    #[error("schema {schema} cannot be migrated: {cause}")]
    Migrate {
        /// The service's schema.
        schema: &'static str,
        /// The engine's words.
        cause: Box<sqlx::migrate::MigrateError>,
    },
}
