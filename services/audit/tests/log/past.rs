//! Somebody who owns the database and is stopped by nothing in it: no trigger, no foreign key. He changes what is stored, keeps it,
//! and puts it back.

use handsel_storage::Location;
use handsel_testkit::Lab;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

/// Every table of the log, what points to others first.
pub(crate) const TABLES: [&str; 27] = [
    "record_term_page",
    "record_term_position",
    "pruned_body",
    "prune_progress",
    "prune_confirmation",
    "prune",
    "clearance",
    "reconciliation",
    "hold_answer",
    "hold_release",
    "hold",
    "case_closing",
    "case_entry",
    "case_file",
    "cosignature",
    "checkpoint",
    "head",
    "conflict",
    "place",
    "source_epoch",
    "body",
    "tile",
    "leaf",
    "decision",
    "finding",
    "scrub",
    "sequencer",
];

/// Takes every check away: an owner may. The heads' stay, as they do for the service on SQLite: it writes heads after the deed.
const UNCHECKED: &str = "DO $$ DECLARE checked RECORD; BEGIN
    FOR checked IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'audit'::regnamespace AND conrelid <> 'audit.head'::regclass
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', checked.relation, checked.conname); END LOOP;
END $$";

/// A connection past all services.
pub(crate) enum Past {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Past {
    /// Over the log's schema, which is migrated.
    pub(crate) async fn of(lab: &Lab) -> Self {
        match lab.location() {
            Location::Postgres { url } => {
                let mut past = Self::Postgres(PgConnection::connect(url).await.unwrap());
                past.run("SET search_path = audit; SET session_replication_role = replica").await;
                past.run(UNCHECKED).await;
                past
            }
            Location::Sqlite { folder } => {
                let options = SqliteConnectOptions::new().filename(folder.join("audit.db")).foreign_keys(false);
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                let triggers =
                    connection.fetch_all("SELECT name FROM sqlite_schema WHERE type = 'trigger'").await.unwrap();
                let mut past = Self::Sqlite(connection);
                for trigger in triggers {
                    past.run(&format!("DROP TRIGGER {}", trigger.get::<String, _>(0))).await;
                }
                past.run("PRAGMA ignore_check_constraints = ON").await;
                past
            }
        }
    }

    pub(crate) async fn run(&mut self, sql: &str) {
        let text = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match self {
            Self::Postgres(connection) => text.execute(connection).await.map(|done| done.rows_affected()),
            Self::Sqlite(connection) => text.execute(connection).await.map(|done| done.rows_affected()),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Keeps everything as it is: a backup.
    pub(crate) async fn keep(&mut self) {
        for table in TABLES {
            self.run(&format!("DROP TABLE IF EXISTS kept_{table}")).await;
            self.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
    }

    /// Puts everything back as it was when it was kept.
    pub(crate) async fn restore(&mut self) {
        self.run("BEGIN").await;
        for table in TABLES {
            self.run(&format!("DELETE FROM {table}")).await;
            self.run(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
        self.run("COMMIT").await;
    }

    /// Empties the log.
    pub(crate) async fn empty(&mut self) {
        self.run("BEGIN").await;
        for table in TABLES.into_iter().filter(|table| !["sequencer", "record_term_position"].contains(table)) {
            self.run(&format!("DELETE FROM {table}")).await;
        }
        self.run("UPDATE record_term_position SET next_bundle = 0").await;
        self.run("UPDATE sequencer SET expires_millis = 0").await;
        self.run("COMMIT").await;
    }
}
