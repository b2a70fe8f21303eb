//! Serialization as text: what a type prints is what is stored, and what is read is parsed as strictly as anywhere.

/// Serializes a type by its `Display` and reads it by its `FromStr`.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Gives a closed set of words their `name`, `Display`, `FromStr` and serialization.
macro_rules! words {
    ($type:ty, $error:expr, { $($word:literal => $variant:path,)+ }) => {
        impl $type {
            /// Its name, as contracts, columns and traces spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::MoneyError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok($variant),)+
                    _ => Err($error),
                }
            }
        }

        serde_as_text!($type);
    };
}
