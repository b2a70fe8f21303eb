//! A fresh schema on one engine, with tables that the tests write to.
use handsel_storage::{Db, Engine, LaneSettings, Lanes, Location, MIGRATIONS, Migration};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) schema: &'static str,
    pub(crate) db: Db,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) const TABLES: Migration = Migration {
    version: 100,
    name: "tables of the tests",
    postgres: "
        CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));
        CREATE TABLE sample (
            id UUID PRIMARY KEY, number BIGINT, yes BOOLEAN, words TEXT, phase TEXT, bytes BYTEA, at TIMESTAMPTZ, rate NUMERIC
        );
        CREATE TABLE wide (
            a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f BIGINT, g BIGINT, h BIGINT, i BIGINT, j BIGINT, k BIGINT, l BIGINT,
            m BIGINT, n BIGINT, o BIGINT, p BIGINT, q BIGINT, r BIGINT, s BIGINT, t BIGINT, u BIGINT, v BIGINT, w BIGINT, x BIGINT
        );",
    sqlite: "
        CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL CHECK (value >= 0)) STRICT;
        CREATE TABLE sample (
            id BLOB PRIMARY KEY, number INTEGER, yes INTEGER, words TEXT, phase TEXT, bytes BLOB, at TEXT, rate TEXT
        ) STRICT;
        CREATE TABLE wide (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);",
};

/// Storage's own, and the tests' tables.
pub(crate) fn migrations() -> Vec<Migration> {
    [MIGRATIONS, &[TABLES]].concat()
}

/// The server that the tests use. Without it they fail: a test that skips proves nothing.
pub(crate) fn postgres_url() -> String {
    std::env::var("HANDSEL_TEST_POSTGRES").expect(
        "HANDSEL_TEST_POSTGRES is not set. Run tests/run, which starts a server, or set it to one that may be written to, as \
         postgres://postgres@127.0.0.1:5432/postgres. To install one: apt install postgresql, or brew install postgresql",
    )
}

impl Place {
    /// With an empty schema, migrated.
    pub(crate) async fn new(engine: Engine, test: &str) -> Self {
        let place = Self::bare(engine, test).await;
        place.db.migrate(&migrations()).await.unwrap();
        place
    }

    /// With nothing in it.
    pub(crate) async fn bare(engine: Engine, test: &str) -> Self {
        let schema: &'static str = format!("storage_{test}").leak();
        let (location, folder) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                (Location::Sqlite { folder: folder.path().join("data") }, Some(folder))
            }
            Engine::Postgres => {
                let url = postgres_url();
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let drop = AssertSqlSafe(format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"));
                sqlx::query(drop).execute(&mut connection).await.unwrap();
                (Location::Postgres { url }, None)
            }
        };
        let db = Db::open(&location, schema).await.unwrap();
        Self { location, schema, db, _folder: folder }
    }

    pub(crate) fn lanes(&self) -> Lanes {
        Lanes::start(self.db.clone(), LaneSettings::default())
    }

    pub(crate) async fn value(&self, name: &str) -> Option<i64> {
        let row: Option<(i64,)> = self.db.opt("SELECT value FROM counter WHERE name = $1", (name,)).await.unwrap();
        row.map(|row| row.0)
    }

    pub(crate) async fn counters(&self) -> i64 {
        self.db.one::<(i64,)>("SELECT COUNT(*) FROM counter", ()).await.unwrap().0
    }
}

/// One test a function, on each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: Place) $body:block)*) => {$(
        $(#[$meta])*
        async fn $name($place: $crate::place::Place) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_postgres() {
                super::$name($crate::place::Place::new(handsel_storage::Engine::Postgres, stringify!($name)).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_sqlite() {
                super::$name($crate::place::Place::new(handsel_storage::Engine::Sqlite, stringify!($name)).await).await;
            }
        }
    )*};
}
