//! What the reward service decides, as pure functions of (state, input, policy, now).
//!
//! Never here: async, SQL, gRPC, clocks, chance.
#![warn(clippy::arithmetic_side_effects)]

pub mod approval;
pub mod calculation;
pub mod channel;
pub mod checks;
pub mod claim;
pub mod clearing;
pub mod difference;
pub mod effective_rate;
pub mod expiry;
pub mod file_refusal;
pub mod gate;
pub mod grant;
pub mod hold;
pub mod latch;
pub mod ledger;
pub mod outcome;
pub mod payee;
pub mod payment_file;
pub mod plan;
pub mod profile;
pub mod qualification;
pub mod rate_grant;
pub mod rate_instruction;
pub mod rate_product;
pub mod rate_rule;
pub mod rate_story;
pub mod recompute;
pub mod recompute_rate;
pub mod reconciliation;
pub mod record;
pub mod refusal;
pub mod resolution;
pub mod reversal;
pub mod reward;
pub mod reward_choice;
pub mod room;
pub mod stacking;
pub mod state;
pub mod story;
pub mod tax_remittance;
pub mod tax_statement;
pub mod tax_year;
pub mod terms;
pub mod terms_sheet;
pub mod withdrawal;

/// An enum whose variants have one stable text each: the same in columns, traces and audit statements.
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every one of them, in the order declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its stable text.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The one of this text, if any.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_code(&code).ok_or_else(|| serde::de::Error::unknown_variant(&code, &[]))
            }
        }
    };
}
pub(crate) use codes;
