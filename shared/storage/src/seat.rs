//! One connection of either engine, for as long as a statement takes: the single place where statements are sent.
use crate::{
    Column, Params, Row, column,
    params::arguments,
    repeat::{repeated, spans},
};
use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection, postgres::PgArguments, sqlite::SqliteArguments};

/// A borrowed connection, in a transaction or out of one.
pub(crate) enum Seat<'c> {
    Postgres(&'c mut PgConnection),
    Sqlite(&'c mut SqliteConnection),
}

impl Seat<'_> {
    pub(crate) async fn opt<T: Row>(self, sql: &'static str, params: impl Params) -> Result<Option<T>, sqlx::Error> {
        match self {
            Self::Postgres(c) => sqlx::query_as_with(sql, arguments::<PgArguments>(params)?).fetch_optional(c).await,
            Self::Sqlite(c) => sqlx::query_as_with(sql, arguments::<SqliteArguments>(params)?).fetch_optional(c).await,
        }
    }

    pub(crate) async fn all<T: Row>(self, sql: &'static str, params: impl Params) -> Result<Vec<T>, sqlx::Error> {
        match self {
            Self::Postgres(c) => sqlx::query_as_with(sql, arguments::<PgArguments>(params)?).fetch_all(c).await,
            Self::Sqlite(c) => sqlx::query_as_with(sql, arguments::<SqliteArguments>(params)?).fetch_all(c).await,
        }
    }

    pub(crate) async fn exec(self, sql: &'static str, params: impl Params) -> Result<u64, sqlx::Error> {
        match self {
            Self::Postgres(c) => {
                let done = sqlx::query_with(sql, arguments::<PgArguments>(params)?).execute(c).await?;
                Ok(done.rows_affected())
            }
            Self::Sqlite(c) => {
                let done = sqlx::query_with(sql, arguments::<SqliteArguments>(params)?).execute(c).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Rows written from columns: one statement over arrays, or one a row, several of them sent together.
    pub(crate) async fn bulk(
        self,
        postgres: &'static str,
        sqlite: &'static str,
        columns: Vec<Column>,
    ) -> Result<u64, sqlx::Error> {
        let rows = column::rows(&columns)?;
        match self {
            _ if rows == 0 => Ok(0),
            Self::Postgres(c) => {
                Ok(sqlx::query_with(postgres, column::arrays(columns)?).execute(c).await?.rows_affected())
            }
            Self::Sqlite(c) => {
                let mut written = 0_u64;
                for span in spans(rows) {
                    let sql = AssertSqlSafe(repeated(sqlite, columns.len(), span.len()));
                    let some = sqlx::query_with(sql, column::values(&columns, span)?).execute(&mut *c).await?;
                    written = written.saturating_add(some.rows_affected());
                }
                Ok(written)
            }
        }
    }

    /// Rows read by columns of keys: one statement over arrays, or one a key, several of them sent together.
    pub(crate) async fn all_by<T: Row>(
        self,
        postgres: &'static str,
        sqlite: &'static str,
        keys: Vec<Column>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let rows = column::rows(&keys)?;
        match self {
            _ if rows == 0 => Ok(Vec::new()),
            Self::Postgres(c) => sqlx::query_as_with(postgres, column::arrays(keys)?).fetch_all(c).await,
            Self::Sqlite(c) => {
                let mut found = Vec::with_capacity(rows);
                for span in spans(rows) {
                    let sql = AssertSqlSafe(repeated(sqlite, keys.len(), span.len()));
                    let some = sqlx::query_as_with(sql, column::values(&keys, span)?);
                    found.extend(some.fetch_all(&mut *c).await?);
                }
                Ok(found)
            }
        }
    }
}
