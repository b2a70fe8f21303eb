//! Identifiers and texts: what a scheme carries unchanged from end to end.

use crate::FieldError;
use std::fmt;

/// ISO 20022 `Max35Text`.
const IDENTIFIER_LENGTH: usize = 35;

/// Which characters names and texts may have. Identifiers keep to the scheme's set in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterSet {
    /// Letters without accents, digits and `/ - ? : ( ) . , ' +` and space: what every bank in SEPA carries (EPC217-08).
    Sepa,
    /// What XML carries, but control characters: schemes that have agreed on Unicode, as the Chinese ones have.
    Unicode,
}

impl CharacterSet {
    /// Whether a text may be sent as it is.
    ///
    /// # Errors
    /// [`FieldError::Text`] where it is empty, too long or holds a control character, [`FieldError::CharacterSet`] for another
    /// character outside the set.
    pub fn check(self, text: &str, length: usize) -> Result<(), FieldError> {
        let long = text.chars().count();
        if long == 0 || long > length || text.trim() != text || !text.chars().all(is_plain) {
            return Err(FieldError::Text(length));
        }
        match self {
            Self::Sepa if !text.chars().all(is_basic) => Err(FieldError::CharacterSet),
            Self::Sepa | Self::Unicode => Ok(()),
        }
    }
}

/// A message id or an end-to-end id: 1 to 35 characters of the scheme's set, with no slash at either end and no two together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// An identifier.
    ///
    /// # Errors
    /// [`FieldError::Identifier`].
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        let slashes = text.starts_with('/') || text.ends_with('/') || text.contains("//");
        // Length by bytes: the set is ASCII.
        let fits = (1..=IDENTIFIER_LENGTH).contains(&text.len()) && text.trim() == text;
        if fits && !slashes && text.chars().all(is_basic) { Ok(Self(text)) } else { Err(FieldError::Identifier) }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// A text of at most `LENGTH` characters, none of them a control character, with no space at either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<const LENGTH: usize>(String);

impl<const LENGTH: usize> Line<LENGTH> {
    /// A text.
    ///
    /// # Errors
    /// [`FieldError::Text`], [`FieldError::CharacterSet`].
    pub fn new(text: impl Into<String>, set: CharacterSet) -> Result<Self, FieldError> {
        let text = text.into();
        set.check(&text, LENGTH)?;
        Ok(Self(text))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a line may hold: neither a control character nor one of those that XML 1.0 does not carry.
fn is_plain(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}')
}

fn is_basic(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(character)
}
