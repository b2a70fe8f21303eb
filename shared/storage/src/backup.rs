//! A copy of embedded databases as of one moment, taken while they are in use.

use crate::StorageError;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a copy waits for a transaction that writes.
const WAIT: Duration = Duration::from_secs(30);

/// The file of a schema in a data folder.
#[must_use]
pub fn embedded_file(folder: &Path, schema: &str) -> PathBuf {
    folder.join(format!("{schema}.db"))
}

/// One database that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToCopy {
    /// Its file.
    pub from: PathBuf,
    /// The file of the copy, which is not there yet.
    pub into: PathBuf,
}

/// Copies embedded databases. Nothing is written to any of them while it lasts: who would, waits; so all copies are of one moment, and
/// each is a whole database in one file, checked.
///
/// # Errors
/// [`StorageError::Copy`], naming the file; then what was written is no copy.
pub async fn back_up(databases: &[ToCopy]) -> Result<(), StorageError> {
    let mut still = Vec::with_capacity(databases.len());
    for ToCopy { from, .. } in databases {
        still.push(hold(from).await.map_err(|cause| failed(from, cause))?);
    }
    for ToCopy { from, into } in databases {
        copied(from, into).await.map_err(|cause| failed(from, cause))?;
    }
    // They have written nothing: it does not matter how they end.
    for held in still {
        held.close().await.ok();
    }
    for ToCopy { into, .. } in databases {
        check_copy(into).await?;
    }
    Ok(())
}

/// Whether a file is a whole database, page by page, and on the disk.
///
/// # Errors
/// [`StorageError::Copy`].
pub async fn check_copy(file: &Path) -> Result<(), StorageError> {
    let mut copy = open(file).await.map_err(|cause| failed(file, cause))?;
    let said: Vec<(String,)> =
        sqlx::query_as("PRAGMA integrity_check").fetch_all(&mut copy).await.map_err(|cause| failed(file, cause))?;
    copy.close().await.map_err(|cause| failed(file, cause))?;
    if said.iter().any(|(line,)| line != "ok") {
        let said: Vec<String> = said.into_iter().map(|(line,)| line).collect();
        return Err(failed(file, sqlx::Error::Protocol(said.join("; "))));
    }
    File::open(file).and_then(|file| file.sync_all()).map_err(|cause| failed(file, sqlx::Error::Io(cause)))
}

fn failed(file: &Path, cause: sqlx::Error) -> StorageError {
    StorageError::Copy { file: file.to_owned(), cause }
}

/// A connection that keeps everybody else from writing.
async fn hold(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = open(file).await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await?;
    Ok(connection)
}

/// In SQLite a copy is made by a connection that reads: it needs no lock that a writer's excludes.
async fn copied(file: &Path, copy: &Path) -> Result<(), sqlx::Error> {
    let mut connection = open(file).await?;
    sqlx::query("VACUUM INTO $1").bind(copy.display().to_string()).execute(&mut connection).await?;
    connection.close().await
}

async fn open(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(WAIT);
    SqliteConnection::connect_with(&options).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Db, Fault, Location, Migration, Tx};

    const TABLE: Migration = Migration {
        version: 1,
        name: "pair",
        postgres: "",
        sqlite: "CREATE TABLE pair (number INTEGER PRIMARY KEY) STRICT;",
    };

    /// One more row.
    struct Add(i64);

    impl Command for Add {
        const NAME: &'static str = "test.add";
        type Output = ();

        async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
            tx.exec_one("INSERT INTO pair (number) VALUES ($1)", (self.0,)).await
        }
    }

    fn to_copy(from: &Path, into: &Path, schemas: &[&str]) -> Vec<ToCopy> {
        let one = |schema: &&str| ToCopy { from: embedded_file(from, schema), into: embedded_file(into, schema) };
        schemas.iter().map(one).collect()
    }

    async fn count(db: &Db) -> i64 {
        let (count,): (i64,) = db.one("SELECT COUNT(*) FROM pair", ()).await.unwrap();
        count
    }

    async fn opened(folder: &Path, schema: &'static str) -> Db {
        let db = Db::open(&Location::Sqlite { folder: folder.to_owned() }, schema).await.unwrap();
        db.migrate(&[TABLE]).await.unwrap();
        db
    }

    /// One writes to the first, then to the second, over and over: in no copy is the second ahead.
    #[tokio::test(flavor = "multi_thread")]
    async fn all_copies_are_of_one_moment() {
        let data = tempfile::tempdir().unwrap();
        let (first, second) = (opened(data.path(), "first").await, opened(data.path(), "second").await);
        let (one, two) = (first.clone(), second.clone());
        let writing = tokio::spawn(async move {
            for number in 0..300 {
                one.transact(&Add(number)).await.unwrap();
                two.transact(&Add(number)).await.unwrap();
            }
        });
        let mut copies = Vec::new();
        while !writing.is_finished() {
            let copy = tempfile::tempdir().unwrap();
            back_up(&to_copy(data.path(), copy.path(), &["first", "second"])).await.unwrap();
            copies.push(copy);
        }
        writing.await.unwrap();
        assert!(!copies.is_empty());
        for copy in copies {
            let (ahead, behind) =
                (count(&opened(copy.path(), "first").await).await, count(&opened(copy.path(), "second").await).await);
            assert!(ahead == behind || ahead == behind + 1, "{ahead} and {behind}");
        }
        assert_eq!((count(&first).await, count(&second).await), (300, 300));
    }

    #[tokio::test]
    async fn what_is_no_database_is_no_copy() {
        let data = tempfile::tempdir().unwrap();
        let file = embedded_file(data.path(), "first");
        std::fs::write(&file, b"not a database at all, but long enough to look like one from afar").unwrap();
        assert!(matches!(check_copy(&file).await, Err(StorageError::Copy { .. })));
        let missing = back_up(&to_copy(data.path(), data.path(), &["second"])).await;
        assert!(matches!(missing, Err(StorageError::Copy { .. })));
    }
}
