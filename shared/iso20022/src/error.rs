//! Why a file or a field is refused: where, what, and what would be right.

use thiserror::Error;

/// A file that is refused, at the first thing that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, {}: {fault}", place(.element))]
pub struct FileError {
    /// Counted from 1.
    pub line: u64,
    /// The element, as a path below the message's own element, e.g. `GrpHdr/MsgId`; empty above it.
    pub element: String,
    /// What is wrong.
    pub fault: Fault,
}

fn place(element: &str) -> &str {
    if element.is_empty() { "the file" } else { element }
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// It could not be read from where it lies.
    #[error("the file could not be read: {0}")]
    Unreadable(String),
    /// It is not XML.
    #[error("not well-formed XML 1.0 in UTF-8: {0}")]
    Malformed(String),
    /// A document type, an entity or a processing instruction: a message has none, and an attacker lives there.
    #[error("{0} is not allowed in a message: only plain elements, text and the five predefined entities are")]
    Forbidden(String),
    /// More than is read.
    #[error("more {what} than the {limit} that are read")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Another message, or another version of it.
    #[error("namespace {found:?}: expected {expected}")]
    Namespace {
        /// What the file says.
        found: String,
        /// What is read here.
        expected: String,
    },
    /// An element that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element that may stand once stands twice.
    #[error("stands a second time: it may stand once")]
    Repeated,
    /// An element stands after one that it must precede.
    #[error("stands after {0}, which it must precede")]
    OutOfOrder(&'static str),
    /// A value that the field cannot have.
    #[error("{value:?}: {wrong}")]
    Value {
        /// As much of the value as a person needs to find it.
        value: String,
        /// What is wrong with it.
        wrong: FieldError,
    },
    /// The same id twice within the file.
    #[error("{0:?} stands in the file twice")]
    DuplicateId(String),
    /// A count that the content does not bear out.
    #[error("{said} transactions are announced, {counted} follow")]
    Count {
        /// What the file says.
        said: u64,
        /// What it holds.
        counted: u64,
    },
    /// A sum that the content does not bear out.
    #[error("a sum of {said} is announced, the content comes to {counted}")]
    Sum {
        /// What the file says.
        said: String,
        /// What it comes to.
        counted: String,
    },
}

impl Fault {
    /// Its stable reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "FILE_UNREADABLE",
            Self::Malformed(_) => "FILE_MALFORMED",
            Self::Forbidden(_) => "FILE_FORBIDDEN",
            Self::TooLarge { .. } => "FILE_TOO_LARGE",
            Self::Namespace { .. } => "FILE_NAMESPACE",
            Self::Missing(_) | Self::Repeated | Self::OutOfOrder(_) | Self::Value { .. } => "FILE_FIELD",
            Self::DuplicateId(_) => "FILE_DUPLICATE_ID",
            Self::Count { .. } | Self::Sum { .. } => "FILE_TOTALS",
        }
    }
}

/// What is wrong with one value, and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// An identifier.
    #[error(
        "an identifier is 1 to 35 of the characters A-Z a-z 0-9 / - ? : ( ) . , ' + and space, with no slash at either end and no two together"
    )]
    Identifier,
    /// A text.
    #[error("a text here is 1 to {0} characters, none of them a control character")]
    Text(usize),
    /// A character outside the scheme's set.
    #[error("the scheme's set is A-Z a-z 0-9 / - ? : ( ) . , ' + and space")]
    CharacterSet,
    /// An IBAN's shape.
    #[error("an IBAN is a country, two check digits and as many characters as that country's have")]
    IbanShape,
    /// An IBAN's check digits.
    #[error("the IBAN's check digits do not fit the rest of it (ISO 7064 mod 97-10)")]
    IbanDigits,
    /// Another account number.
    #[error("an account number is 1 to 34 letters, digits, slashes, dots and hyphens")]
    AccountNumber,
    /// A BIC.
    #[error("a BIC is 8 or 11 capital letters and digits, as ISO 9362 has them")]
    Bic,
    /// A country.
    #[error("a country is two capital letters, as ISO 3166 has them")]
    Country,
    /// An amount.
    #[error("an amount is a decimal of at most 18 digits, not below zero")]
    Amount,
    /// An amount of nothing, or below it, that is to be paid.
    #[error("an amount to be paid is above zero and has at most 18 digits")]
    AmountToPay,
    /// Decimals.
    #[error("the amount is finer than the {digits} decimals of {currency}")]
    Precision {
        /// The currency.
        currency: handsel_money::Currency,
        /// How many decimals it has.
        digits: u32,
    },
    /// A currency.
    #[error("not a currency of ISO 4217 with a minor unit")]
    Currency,
    /// Two currencies in one order.
    #[error("one file has one currency, {0}")]
    OtherCurrency(handsel_money::Currency),
    /// A sum.
    #[error("a sum is a decimal of at most 18 digits")]
    Sum,
    /// A count.
    #[error("a count is 1 to 15 digits")]
    Count,
    /// A day.
    #[error("a date is YYYY-MM-DD, a day of the calendar")]
    Date,
    /// An instant.
    #[error("an instant is YYYY-MM-DDThh:mm:ss, with or without a fraction to the microsecond and an offset")]
    Instant,
    /// A code.
    #[error("a code is 1 to 4 capital letters and digits")]
    Code,
    /// One of few codes.
    #[error("expected one of {0}")]
    OneOf(&'static str),
}
