//! Parameters of a statement: a tuple of values that both engines take.
use sqlx::{
    Arguments, Encode, Postgres, Sqlite, Type, error::BoxDynError, postgres::PgArguments, sqlite::SqliteArguments,
};

/// A value both engines take: `Uuid`, `i64`, `i32`, `bool`, `&str`, `String`, `&[u8]`, `Vec<u8>`, [`At`](crate::At),
/// [`Exact`](crate::Exact), a [`text_enum!`](crate::text_enum), and `Option` of each.
pub trait Value<'q>: Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite> {}

impl<'q, T> Value<'q> for T where T: Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite> {}

/// The parameters `$1…` of one statement: a tuple of up to 24 [`Value`]s.
pub trait Params: Send {
    /// Hands the values over, in order.
    ///
    /// # Errors
    /// A value that its column cannot hold.
    fn put<A: Put>(self, to: &mut A) -> Result<(), BoxDynError>;
}

/// Where parameters go: the arguments of one engine.
pub trait Put {
    /// Takes the next value.
    ///
    /// # Errors
    /// A value that its column cannot hold.
    fn put<'q, T: Value<'q>>(&mut self, value: T) -> Result<(), BoxDynError>;
}

impl Put for PgArguments {
    fn put<'q, T: Value<'q>>(&mut self, value: T) -> Result<(), BoxDynError> {
        Arguments::add(self, value)
    }
}

impl Put for SqliteArguments {
    fn put<'q, T: Value<'q>>(&mut self, value: T) -> Result<(), BoxDynError> {
        Arguments::add(self, value)
    }
}

impl Params for () {
    fn put<A: Put>(self, _to: &mut A) -> Result<(), BoxDynError> {
        Ok(())
    }
}

/// Implements [`Params`] for the tuple of all names given, then for each shorter one.
macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<'q, $first: Value<'q> + Send, $($rest: Value<'q> + Send),*> Params for ($first, $($rest,)*) {
            #[expect(non_snake_case, reason = "a tuple's values borrow the names of its types")]
            fn put<Arg: Put>(self, to: &mut Arg) -> Result<(), BoxDynError> {
                let ($first, $($rest,)*) = self;
                to.put($first)?;
                $(to.put($rest)?;)*
                Ok(())
            }
        }
        tuples!($($rest)*);
    };
}
tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X);

/// The parameters as one engine's arguments.
pub(crate) fn arguments<A: Put + Default>(params: impl Params) -> Result<A, sqlx::Error> {
    let mut arguments = A::default();
    params.put(&mut arguments).map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}
