//! A fresh place for data: a folder, or a database of its own on the PostgreSQL that tests use.

use handsel_service::{Ids, SystemClock, SystemEntropy, TimedIds};
use handsel_storage::{Engine, Location};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{env, sync::Arc};
use tempfile::TempDir;

/// Names the PostgreSQL that tests use.
const VARIABLE: &str = "HANDSEL_TEST_POSTGRES";
const NOT_SET: &str = "HANDSEL_TEST_POSTGRES is not set. Every storage test runs on both engines; none is skipped.\n\
    Run tests/run, which starts a PostgreSQL of its own. Or set HANDSEL_TEST_POSTGRES to the URL of a role that may create\n\
    databases, e.g. postgres://postgres@127.0.0.1:5432/postgres. To install PostgreSQL 15 or later:\n\
    Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@15; or docker run -e\n\
    POSTGRES_HOST_AUTH_METHOD=trust -p 5432:5432 postgres:15.";

/// A place that nobody else uses.
pub(crate) enum Place {
    Folder(TempDir),
    Database { server: String, name: String },
}

impl Place {
    pub(crate) async fn fresh(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Folder(tempfile::tempdir().expect("a temporary folder")),
            Engine::Postgres => {
                let server = env::var(VARIABLE).unwrap_or_else(|_| panic!("{NOT_SET}"));
                let id = TimedIds::new(Arc::new(SystemClock), Arc::new(SystemEntropy)).next();
                let name = format!("handsel_test_{}", id.simple());
                tell(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
                Self::Database { server, name }
            }
        }
    }

    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Folder(folder) => Location::Sqlite { folder: folder.path().to_owned() },
            Self::Database { server, name } => Location::Postgres { url: with_database(server, name) },
        }
    }

    pub(crate) async fn remove(self) {
        match self {
            Self::Folder(folder) => drop(folder),
            // Whoever is still connected is of the test that has ended.
            Self::Database { server, name } => tell(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await,
        }
    }
}

async fn tell(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server)
        .await
        .unwrap_or_else(|error| panic!("the PostgreSQL of {VARIABLE} does not answer: {error}"));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("a role that may create databases");
    connection.close().await.expect("a connection that closes");
}

/// The URL with another database: what stands between the authority and the parameters is replaced.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let (scheme, rest) = address.split_once("://").expect("a URL such as postgres://user@host/database");
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{scheme}://{authority}/{name}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_replaced_and_the_rest_stays() {
        for (url, expected) in [
            ("postgres://a:b@host:1/db", "postgres://a:b@host:1/x"),
            ("postgres://host", "postgres://host/x"),
            ("postgres:///db?host=/run/postgresql", "postgres:///x?host=/run/postgresql"),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
