//! What a payment file says: who pays, and one credit transfer.

use crate::{Account, Bic, CharacterSet, ControlSum, FieldError, Identifier, Line};
use handsel_money::{Currency, Date, Money, Timestamp};

/// An order to pay: one file, one debtor's account, one currency, one day.
#[derive(Clone, Debug)]
pub struct OrderHeader {
    /// The file's id, unique for ever between us and the bank.
    pub message_id: Identifier,
    /// When the batch was closed.
    pub created_at: Timestamp,
    /// When the money is to leave.
    pub execution_date: Date,
    /// Who pays.
    pub debtor: Debtor,
    /// Of every transfer.
    pub currency: Currency,
    /// How many transfers follow.
    pub count: u64,
    /// What they come to.
    pub sum: ControlSum,
}

/// Who pays, and under which terms of the scheme.
#[derive(Clone, Debug)]
pub struct Debtor {
    /// The bank's own name, or whose account it is.
    pub name: Line<70>,
    /// The account that is debited.
    pub account: Account,
    /// Who keeps it; absent where the scheme goes by the account alone.
    pub agent: Option<Bic>,
    /// The scheme's service level, e.g. `SEPA`; absent where the bank knows by itself.
    pub service_level: Option<Identifier>,
    /// Who pays for the payment.
    pub charges: ChargeBearer,
}

/// Who bears the charges (ISO 20022 `ChargeBearerType1Code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeBearer {
    /// As the scheme's rules say.
    ServiceLevel,
    /// Each his own.
    Shared,
    /// The debtor.
    Debtor,
}

impl ChargeBearer {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ServiceLevel => "SLEV",
            Self::Shared => "SHAR",
            Self::Debtor => "DEBT",
        }
    }

    /// The one of this code, if any.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::ServiceLevel, Self::Shared, Self::Debtor].into_iter().find(|one| one.code() == code)
    }
}

/// One payment to one beneficiary.
#[derive(Clone, Debug)]
pub struct CreditTransfer {
    /// What the beneficiary's bank hands on unchanged, unique for ever.
    pub end_to_end_id: Identifier,
    /// What is paid, in the order's currency.
    pub amount: Money,
    /// Who is paid.
    pub creditor: Party,
    /// What the beneficiary reads on his statement.
    pub remittance: Line<140>,
}

/// Who is paid, and where.
#[derive(Clone, Debug)]
pub struct Party {
    /// As the account's bank knows him.
    pub name: Line<70>,
    /// His account.
    pub account: Account,
    /// Who keeps it; absent where the scheme goes by the account alone.
    pub agent: Option<Bic>,
    /// Structured, or none: unstructured lines are no longer taken (SEPA, November 2026).
    pub address: Option<Address>,
}

/// A structured postal address. Town and country always; the rest where known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    street: Option<Line<70>>,
    building: Option<Line<16>>,
    postcode: Option<Line<16>>,
    town: Line<35>,
    country: String,
}

impl Address {
    /// An address; empty parts are left out.
    ///
    /// # Errors
    /// [`FieldError::Text`], [`FieldError::CharacterSet`] of a part, [`FieldError::Country`].
    pub fn new(
        street: &str,
        building: &str,
        postcode: &str,
        town: &str,
        country: &str,
        set: CharacterSet,
    ) -> Result<Self, FieldError> {
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(FieldError::Country);
        }
        Ok(Self {
            street: part(street, set)?,
            building: part(building, set)?,
            postcode: part(postcode, set)?,
            town: Line::new(town, set)?,
            country: country.to_owned(),
        })
    }

    /// Its elements in the schema's order, each with its text.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { street, building, postcode, town, country } = self;
        [
            ("StrtNm", street.as_ref().map(Line::as_str)),
            ("BldgNb", building.as_ref().map(Line::as_str)),
            ("PstCd", postcode.as_ref().map(Line::as_str)),
            ("TwnNm", Some(town.as_str())),
            ("Ctry", Some(country.as_str())),
        ]
        .into_iter()
        .filter_map(|(name, text)| text.map(|text| (name, text)))
    }
}

fn part<const LENGTH: usize>(text: &str, set: CharacterSet) -> Result<Option<Line<LENGTH>>, FieldError> {
    if text.is_empty() { Ok(None) } else { Line::new(text, set).map(Some) }
}
