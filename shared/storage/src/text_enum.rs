//! Enums as TEXT columns: the words stand in one place, and an unknown word is an error, never a default.

/// An enum that a TEXT column holds. Made by [`text_enum!`](crate::text_enum).
pub trait TextEnum: Sized + Copy + 'static {
    /// Every value, in the order they are declared.
    const ALL: &'static [Self];

    /// The word in the column.
    fn text(self) -> &'static str;

    /// The value of a word.
    ///
    /// # Errors
    /// A word that no value has.
    fn from_text(text: &str) -> Result<Self, UnknownText> {
        let found = Self::ALL.iter().copied().find(|value| value.text() == text);
        found.ok_or_else(|| UnknownText { of: std::any::type_name::<Self>(), text: text.to_owned() })
    }
}

/// A column holds a word that its enum does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a value of {of}")]
pub struct UnknownText {
    of: &'static str,
    text: String,
}

/// Makes an enum a TEXT column on both engines.
///
/// For an enum of this crate that exists (in `domain/`, which knows no database), name the word of each value; a value
/// left out does not compile:
/// ```
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// pub enum State { Open, Closed }
/// handsel_storage::text_enum! { for State { Open = "OPEN", Closed = "CLOSED" } }
/// ```
/// Or define it on the spot, with `as_str`, `Display` and `FromStr`:
/// ```
/// handsel_storage::text_enum! {
///     /// Whether a thing goes on.
///     pub enum Phase {
///         /// It does.
///         Running = "RUNNING",
///         /// It does not.
///         Ended = "ENDED",
///     }
/// }
/// assert_eq!("ENDED".parse::<Phase>(), Ok(Phase::Ended));
/// ```
#[macro_export]
macro_rules! text_enum {
    (for $name:ty { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $crate::TextEnum for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
        $crate::text_enum_column!($crate::sqlx::Postgres, $name);
        $crate::text_enum_column!($crate::sqlx::Sqlite, $name);
    };
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$variant_meta])* $variant),*
        }
        impl $name {
            /// The word in the column.
            #[must_use]
            $visibility fn as_str(self) -> &'static str {
                $crate::TextEnum::text(self)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::TextEnum::text(*self))
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownText;

            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::UnknownText> {
                <Self as $crate::TextEnum>::from_text(text)
            }
        }
        $crate::text_enum! { for $name { $($variant = $text),* } }
    };
}

/// One engine's half of [`text_enum!`].
#[doc(hidden)]
#[macro_export]
macro_rules! text_enum_column {
    ($engine:ty, $name:ty) => {
        impl $crate::sqlx::Type<$engine> for $name {
            fn type_info() -> <$engine as $crate::sqlx::Database>::TypeInfo {
                <&'static str as $crate::sqlx::Type<$engine>>::type_info()
            }

            fn compatible(held: &<$engine as $crate::sqlx::Database>::TypeInfo) -> bool {
                <&'static str as $crate::sqlx::Type<$engine>>::compatible(held)
            }
        }
        impl<'q> $crate::sqlx::Encode<'q, $engine> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut <$engine as $crate::sqlx::Database>::ArgumentBuffer,
            ) -> ::core::result::Result<$crate::sqlx::encode::IsNull, $crate::sqlx::error::BoxDynError> {
                <&'static str as $crate::sqlx::Encode<'q, $engine>>::encode($crate::TextEnum::text(*self), buffer)
            }
        }
        impl<'r> $crate::sqlx::Decode<'r, $engine> for $name {
            fn decode(
                value: <$engine as $crate::sqlx::Database>::ValueRef<'r>,
            ) -> ::core::result::Result<Self, $crate::sqlx::error::BoxDynError> {
                let text = <&str as $crate::sqlx::Decode<'r, $engine>>::decode(value)?;
                ::core::result::Result::Ok(<Self as $crate::TextEnum>::from_text(text)?)
            }
        }
    };
}
