//! Closed sets of words: an enum, and the text by which columns, audit statements and messages know each of its values.

/// Defines an enum with `as_str`, `ALL` and `FromStr`, each value beside its word.
macro_rules! words {
    ($(#[$outer:meta])* pub(crate) enum $name:ident { $($(#[$inner:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $name { $($(#[$inner])* #[serde(rename = $word)] $value,)* }

        impl $name {
            /// The word by which the value is stored and reported.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$value),)*
                    other => Err($crate::domain::words::UnknownWord { set: stringify!($name), word: other.to_owned() }),
                }
            }
        }
    };
}
pub(crate) use words;

/// A stored word that its set does not know: written by a newer version, or damaged.
#[derive(Debug, thiserror::Error)]
#[error("{word:?} is no {set}")]
pub(crate) struct UnknownWord {
    /// The set.
    pub(crate) set: &'static str,
    /// The word.
    pub(crate) word: String,
}
