//! Accounts: IBANs with their check digits, other account numbers, BICs.

use crate::FieldError;
use std::{fmt, str::FromStr};

/// Countries whose IBANs are registered, and how long each is (ISO 13616 registry of SWIFT).
const LENGTHS: &str = "\
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 \
    ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
    LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 \
    PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
    YE30";

/// An international bank account number whose length is its country's and whose check digits fit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(String);

impl Iban {
    /// The IBAN of a country's own account number, with the check digits that it wants.
    ///
    /// # Errors
    /// [`FieldError::IbanShape`] where the country has no IBANs or another length of them.
    pub fn complete(country: &str, number: &str) -> Result<Self, FieldError> {
        let blank = format!("{country}00{number}");
        // What brings the remainder to one: ISO 13616, section 6.2.
        let check = 98_u32.saturating_sub(remainder(blank.as_bytes()));
        format!("{country}{check:02}{number}").parse()
    }

    /// In the electronic form, without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Iban {
    type Err = FieldError;

    /// Reads the electronic form, capitals only: what goes into a file is not mended on the way.
    fn from_str(text: &str) -> Result<Self, FieldError> {
        let bytes = text.as_bytes();
        let shape = bytes.iter().enumerate().all(|(at, byte)| match at {
            0 | 1 => byte.is_ascii_uppercase(),
            2 | 3 => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        });
        let registered = registered_length(text);
        if !shape || registered != Some(bytes.len()) {
            return Err(FieldError::IbanShape);
        }
        // Check digits 00, 01 and 99 repeat the remainders of 97, 98 and 02, which alone are ever given.
        if matches!(bytes.get(2..4), Some(b"00" | b"01" | b"99")) || remainder(bytes) != 1 {
            return Err(FieldError::IbanDigits);
        }
        Ok(Self(text.to_owned()))
    }
}

/// How long the IBANs of a country are.
fn registered_length(text: &str) -> Option<usize> {
    let country = text.get(..2)?;
    LENGTHS.split(' ').find_map(|entry| entry.strip_prefix(country))?.parse().ok()
}

/// ISO 7064 mod 97-10 over the account with its first four characters moved to the end.
fn remainder(bytes: &[u8]) -> u32 {
    let (head, tail) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    tail.iter().chain(head).fold(0, |rest: u32, byte| {
        let (shift, value) = match byte {
            b'0'..=b'9' => (10_u32, byte.saturating_sub(b'0')),
            _ => (100, byte.saturating_sub(b'A').saturating_add(10)),
        };
        rest.saturating_mul(shift).saturating_add(u32::from(value)).checked_rem(97).unwrap_or(0)
    })
}

/// Shown masked: an account is personal data, and a log line must not hold it.
impl fmt::Debug for Iban {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}****", self.0.get(..4).unwrap_or_default())
    }
}

/// Where money is taken from or goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// An IBAN.
    Iban(Iban),
    /// The number of an account in a country or a scheme without IBANs.
    Other(OtherAccount),
}

impl Account {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> &str {
        match self {
            Self::Iban(iban) => iban.as_str(),
            Self::Other(other) => &other.0,
        }
    }

    /// An account number that is no IBAN: 1 to 34 letters, digits, slashes, dots and hyphens.
    ///
    /// # Errors
    /// [`FieldError::AccountNumber`].
    pub fn other(number: &str) -> Result<Self, FieldError> {
        let fits = (1..=34).contains(&number.len());
        let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-".contains(&byte));
        if fits && plain { Ok(Self::Other(OtherAccount(number.to_owned()))) } else { Err(FieldError::AccountNumber) }
    }
}

/// An account number without check digits that we know of.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OtherAccount(String);

impl fmt::Debug for OtherAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("****")
    }
}

/// A business identifier code, ISO 9362.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bic(String);

impl Bic {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Bic {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let shape = text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 5 => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        });
        if shape && matches!(text.len(), 8 | 11) { Ok(Self(text.to_owned())) } else { Err(FieldError::Bic) }
    }
}
