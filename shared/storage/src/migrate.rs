//! The schema: migrations in order, the same versions on both engines, applied once and never changed.
use crate::{Db, StorageError, db::Pools};
use sqlx::{
    ConnectOptions, Connection, PgConnection, SqlSafeStr,
    migrate::{AppliedMigration, Migrate, MigrateError, MigrationType, Migrator},
};
use tokio::sync::Mutex;

/// One step of a schema. Constants made with `include_str!` from `migrations/{postgres,sqlite}/NNNN_name.sql`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the order: 1–9 storage, 10–19 outbox, from 100 the service's own.
    pub version: i64,
    /// What it brings, in a word or two.
    pub name: &'static str,
    /// The statements for PostgreSQL, run in one transaction.
    pub postgres: &'static str,
    /// The statements for SQLite, run in one transaction.
    pub sqlite: &'static str,
}

/// What this crate itself keeps: the records of request ids.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "request",
    postgres: include_str!("../migrations/postgres/0001_request.sql"),
    sqlite: include_str!("../migrations/sqlite/0001_request.sql"),
}];

const TABLE: &str = "_sqlx_migrations";

/// SQLite's migrator takes no lock. Other processes are kept out by the folder's lock; this keeps out our own tasks.
static MIGRATING_SQLITE: Mutex<()> = Mutex::const_new(());

impl Db {
    /// Makes the schema, and applies what it lacks. May run in several processes at once: one works, the others wait and
    /// find it done.
    ///
    /// # Errors
    /// [`StorageError`] if the schema is newer than this program, was changed, or a statement fails.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<(), StorageError> {
        let migrator = self.migrator(migrations);
        let done = match self.pools() {
            Pools::Postgres(pool) => migrate_postgres(pool, self.schema(), &migrator).await,
            Pools::Sqlite { writer, .. } => {
                let _alone = MIGRATING_SQLITE.lock().await;
                migrator.run(writer).await
            }
        };
        done.map_err(|cause| self.explain(cause))
    }

    /// Whether the schema is exactly what this program was written for, without changing it: for services that start
    /// under a role that may not create tables.
    ///
    /// # Errors
    /// [`StorageError::Behind`], [`StorageError::Newer`] or [`StorageError::Changed`].
    pub async fn is_current(&self, migrations: &[Migration]) -> Result<(), StorageError> {
        let migrator = self.migrator(migrations);
        let applied = self.applied().await.map_err(|cause| self.explain(cause))?;
        if let Some(newer) = applied.iter().find(|one| !migrator.version_exists(one.version)) {
            return Err(StorageError::Newer { schema: self.schema(), version: newer.version });
        }
        for wanted in migrator.iter() {
            match applied.iter().find(|one| one.version == wanted.version) {
                None => return Err(StorageError::Behind { schema: self.schema(), version: wanted.version }),
                Some(one) if one.checksum != wanted.checksum => {
                    return Err(StorageError::Changed { schema: self.schema(), version: wanted.version });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn migrator(&self, migrations: &[Migration]) -> Migrator {
        let steps = migrations.iter().map(|step| {
            let sql = self.pick(step.postgres, step.sqlite).into_sql_str();
            sqlx::migrate::Migration::new(step.version, step.name.into(), MigrationType::Simple, sql, false)
        });
        Migrator::with_migrations(steps.collect())
    }

    /// What has been applied; nothing, where nobody has migrated yet.
    async fn applied(&self) -> Result<Vec<AppliedMigration>, MigrateError> {
        match self.pools() {
            Pools::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let begun = sqlx::query("SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL");
                match begun.fetch_optional(&mut *connection).await? {
                    Some(_) => connection.list_applied_migrations(TABLE).await,
                    None => Ok(Vec::new()),
                }
            }
            Pools::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                let begun = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'");
                match begun.fetch_optional(&mut *connection).await? {
                    Some(_) => connection.list_applied_migrations(TABLE).await,
                    None => Ok(Vec::new()),
                }
            }
        }
    }

    fn explain(&self, cause: MigrateError) -> StorageError {
        let schema = self.schema();
        match cause {
            MigrateError::VersionMissing(version) => StorageError::Newer { schema, version },
            MigrateError::VersionMismatch(version) => StorageError::Changed { schema, version },
            other => StorageError::Migrate { schema, cause: Box::new(other) },
        }
    }
}

/// On a connection of its own: the migrator's lock is the session's, and must end with it even after a failure; and
/// whoever waits for it may wait longer than a statement in service may.
async fn migrate_postgres(pool: &sqlx::PgPool, schema: &str, migrator: &Migrator) -> Result<(), MigrateError> {
    let options = pool.connect_options().as_ref().clone().options([("lock_timeout", "0")]);
    let mut connection = options.connect().await?;
    let done = async {
        create_schema(&mut connection, schema).await?;
        migrator.run_direct(None, &mut connection, false).await
    }
    .await;
    connection.close().await?;
    done
}

/// Asks first: a role that may not create schemas may still own this one.
async fn create_schema(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(schema.to_owned());
    if found.fetch_optional(&mut *connection).await?.is_some() {
        return Ok(());
    }
    let quoted = schema.replace('"', "\"\"");
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\""));
    match sqlx::query(create).execute(connection).await {
        // Two at once: PostgreSQL may refuse the second by the catalog's own unique index.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("23505" | "42P06")) => Ok(()),
        other => other.map(|_| ()),
    }
}
