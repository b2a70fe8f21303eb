//! A column of values for many rows at once: an array in PostgreSQL, value by value in SQLite.
use crate::{At, Exact};
use sqlx::{Arguments, error::BoxDynError, postgres::PgArguments, sqlite::SqliteArguments};
use std::ops::Range;
use uuid::Uuid;

/// Defines [`Column`] with one variant a type, and what every variant can do.
macro_rules! columns {
    ($($(#[$meta:meta])* $variant:ident($type:ty)),* $(,)?) => {
        /// The values of one column for many rows. PostgreSQL gets it as one array (`$1::uuid[]`), SQLite gets the value of
        /// the row at hand.
        #[derive(Clone, Debug)]
        pub enum Column {
            $($(#[$meta])* $variant(Vec<$type>)),*
        }

        impl Column {
            /// How many rows it has.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $(Self::$variant(values) => values.len()),* }
            }

            pub(crate) fn put_all(self, to: &mut PgArguments) -> Result<(), BoxDynError> {
                match self { $(Self::$variant(values) => to.add(values)),* }
            }

            /// Hands over the value of one row; rows beyond the end have none, which `rows` has excluded.
            pub(crate) fn put_one(&self, row: usize, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
                match self {
                    $(Self::$variant(values) => match values.get(row) {
                        Some(value) => to.add(value.clone()),
                        None => Err("a column shorter than its rows".into()),
                    }),*
                }
            }
        }

        $(impl From<Vec<$type>> for Column {
            fn from(values: Vec<$type>) -> Self {
                Self::$variant(values)
            }
        })*
    };
}

columns! {
    /// UUID / BLOB.
    Uuid(Uuid),
    /// BIGINT / INTEGER.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BYTEA / BLOB.
    Bytes(Vec<u8>),
    /// TIMESTAMPTZ / TEXT.
    At(At),
    /// BOOLEAN / INTEGER.
    Bool(bool),
    /// NUMERIC / TEXT.
    Exact(Exact),
    /// TEXT that may be NULL.
    OptText(Option<String>),
    /// BIGINT / INTEGER that may be NULL.
    OptInt(Option<i64>),
    /// TIMESTAMPTZ / TEXT that may be NULL.
    OptAt(Option<At>),
    /// UUID / BLOB that may be NULL.
    OptUuid(Option<Uuid>),
    /// BYTEA / BLOB that may be NULL.
    OptBytes(Option<Vec<u8>>),
    /// NUMERIC / TEXT that may be NULL.
    OptExact(Option<Exact>),
}

impl Column {
    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A set read by one key needs no `vec![…]`.
impl From<Column> for Vec<Column> {
    fn from(column: Column) -> Self {
        vec![column]
    }
}

/// How many rows the columns have together.
pub(crate) fn rows(columns: &[Column]) -> Result<usize, sqlx::Error> {
    let rows = columns.first().map_or(0, Column::len);
    match columns.iter().all(|column| column.len() == rows) {
        true => Ok(rows),
        false => Err(sqlx::Error::Encode("columns of different lengths".into())),
    }
}

pub(crate) fn arrays(columns: Vec<Column>) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for column in columns {
        column.put_all(&mut arguments).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

pub(crate) fn values(columns: &[Column], rows: Range<usize>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for row in rows {
        for column in columns {
            column.put_one(row, &mut arguments).map_err(sqlx::Error::Encode)?;
        }
    }
    Ok(arguments)
}
