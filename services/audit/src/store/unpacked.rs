//! Columns that are packed, as their rows hold them: unpacked.

use crate::packed::Packed;
use handsel_storage::sqlx::{Database, Decode, Type, error::BoxDynError};
use std::ops::Deref;

/// Makes a type of a packed column, for rows.
macro_rules! unpacked {
    ($($(#[$meta:meta])* $name:ident: $packed:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(Vec<u8>);

        impl<Engine: Database> Type<Engine> for $name
        where
            Vec<u8>: Type<Engine>,
        {
            fn type_info() -> Engine::TypeInfo {
                <Vec<u8> as Type<Engine>>::type_info()
            }

            fn compatible(info: &Engine::TypeInfo) -> bool {
                <Vec<u8> as Type<Engine>>::compatible(info)
            }
        }

        impl<'row, Engine: Database> Decode<'row, Engine> for $name
        where
            &'row [u8]: Decode<'row, Engine>,
        {
            fn decode(value: Engine::ValueRef<'row>) -> Result<Self, BoxDynError> {
                <&[u8] as Decode<Engine>>::decode(value).map(|stored| Self(whole($packed, stored)))
            }
        }

        impl Deref for $name {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<$name> for Vec<u8> {
            fn from(bytes: $name) -> Self {
                bytes.0
            }
        }
    )*};
}

unpacked! {
    /// `leaf.content`, as it was hashed.
    LeafBytes: Packed::Leaf;
    /// `body.content`, as its digest was made of it.
    BodyBytes: Packed::Body;
}

/// What came. Where that cannot be had, somebody has changed what is stored, and it stays what it is: its hash is not the record's, so
/// the start, the scrubber and every reader find it out in the same way as they find any other bytes in its place.
fn whole(packed: Packed, stored: &[u8]) -> Vec<u8> {
    packed.unpack(stored).unwrap_or_else(|_| stored.to_vec())
}
