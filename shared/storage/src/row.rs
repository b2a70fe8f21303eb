//! Rows of a result: a struct whose fields are named as the columns.
use sqlx::{FromRow, postgres::PgRow, sqlite::SqliteRow};

/// A row both engines give: a [`row!`](crate::row) struct, or a tuple.
pub trait Row: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

/// Defines structs that are read from a row by column name, on both engines. They derive `Clone` and `Debug`.
///
/// ```
/// handsel_storage::row! {
///     /// One counter.
///     pub struct CounterRow {
///         /// Its name.
///         pub name: String,
///         /// How far it has counted.
///         pub value: i64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! row {
    ($(
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type),*
        }
        $crate::row_from!($crate::sqlx::postgres::PgRow, $name { $($field),* });
        $crate::row_from!($crate::sqlx::sqlite::SqliteRow, $name { $($field),* });
    )*};
}

/// One engine's half of [`row!`].
#[doc(hidden)]
#[macro_export]
macro_rules! row_from {
    ($row:ty, $name:ident { $($field:ident),* }) => {
        impl<'r> $crate::sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> ::core::result::Result<Self, $crate::sqlx::Error> {
                ::core::result::Result::Ok(Self {
                    $($field: $crate::sqlx::Row::try_get(row, ::core::stringify!($field))?),*
                })
            }
        }
    };
}
