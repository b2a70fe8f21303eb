//! One way to reach a person: its canonical form, by which he is found again, and the mask in which he is shown.

use super::words;

/// Words of a name that are shown: with their stars they stay within the field's 120 characters.
const MOST_WORDS: usize = 4;
/// Characters of an e-mail address's domain: with the mask before it, it stays within the field's 254 characters.
const LONGEST_DOMAIN: usize = 248;

words! {
    /// What kind of contact it is.
    pub(crate) enum ContactKind {
        /// A telephone number.
        Phone = "PHONE",
        /// An e-mail address.
        Email = "EMAIL",
    }
}

/// One way to reach a person, in canonical form: two that are equal reach the same person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    kind: ContactKind,
    canonical: String,
}

/// Text that is no contact of its kind; the message names no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAContact {
    /// Not E.164.
    #[error("must be E.164: a plus, then 7 to 15 digits, the first not 0")]
    Phone,
    /// Not an e-mail address.
    #[error("must be an e-mail address: one @, something before it, a domain with a dot after it, no blanks")]
    Email,
}

impl Contact {
    /// A telephone number in E.164 (ITU-T): `+` and 7 to 15 digits.
    ///
    /// # Errors
    /// [`NotAContact::Phone`] for anything else, a masked number among it.
    pub(crate) fn phone(text: &str) -> Result<Self, NotAContact> {
        let digits = text.strip_prefix('+').ok_or(NotAContact::Phone)?;
        let plausible = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
        if !plausible || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAContact::Phone);
        }
        Ok(Self { kind: ContactKind::Phone, canonical: text.to_owned() })
    }

    /// An e-mail address. Canonical is lower case: addresses that differ in case alone reach the same person everywhere
    /// that matters.
    ///
    /// # Errors
    /// [`NotAContact::Email`] where it cannot be one.
    pub(crate) fn email(text: &str) -> Result<Self, NotAContact> {
        let canonical = text.trim().to_lowercase();
        let (local, domain) = canonical.split_once('@').ok_or(NotAContact::Email)?;
        let blank = canonical.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '*');
        let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
        let long = domain.chars().count() > LONGEST_DOMAIN;
        if local.is_empty() || domain.contains('@') || !dotted || blank || long {
            return Err(NotAContact::Email);
        }
        Ok(Self { kind: ContactKind::Email, canonical })
    }

    /// Its kind.
    pub(crate) fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The canonical text. Personal data: it goes into the seal and the blind index, nowhere else.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// A contact that was sealed before, as it was opened.
    pub(crate) fn opened(kind: ContactKind, canonical: String) -> Self {
        Self { kind, canonical }
    }

    /// As it may be shown.
    pub(crate) fn masked(&self) -> String {
        match self.kind {
            ContactKind::Phone => mask_phone(&self.canonical),
            ContactKind::Email => mask_email(&self.canonical),
        }
    }
}

impl std::fmt::Debug for Contact {
    /// Masked, so that no log line can hold a contact by accident.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A name as it may be shown: of each word its first letter, and stars whose number says nothing about the rest:
/// `张伟` → `张**`, `Jan Novák` → `J*** N***`.
pub(crate) fn mask_name(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().take(MOST_WORDS).filter_map(mask_word).collect();
    words.join(" ")
}

fn mask_word(word: &str) -> Option<String> {
    let first = word.chars().next()?;
    // Scripts that write a name in two or three characters are shown with fewer stars, as is customary there.
    let stars = if first >= '\u{2E80}' { "**" } else { "***" };
    Some(format!("{first}{stars}"))
}

/// At least four digits are hidden. A Chinese mobile number is shown the way it is known there, `138****5678`.
fn mask_phone(number: &str) -> String {
    if let Some(mobile) = number.strip_prefix("+86").filter(|rest| rest.len() == 11 && rest.starts_with('1')) {
        return hide_middle(mobile, 3, 4);
    }
    // With the plus: country and, of a long number, three digits more than a short one shows.
    if number.len() >= 12 { hide_middle(number, 4, 3) } else { hide_middle(number, 2, 2) }
}

fn hide_middle(text: &str, head: usize, tail: usize) -> String {
    let start: String = text.chars().take(head).collect();
    let end: Vec<char> = text.chars().rev().take(tail).collect();
    let end: String = end.into_iter().rev().collect();
    format!("{start}****{end}")
}

fn mask_email(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_by_their_first_letters() {
        for (name, shown) in [
            ("张伟", "张**"),
            ("欧阳文", "欧**"),
            ("Jan Novák", "J*** N***"),
            ("  Eva  ", "E***"),
            ("Šárka z Pomezí", "Š*** z*** P***"),
            ("X", "X***"),
        ] {
            assert_eq!(mask_name(name), shown);
        }
    }

    #[test]
    fn contacts_are_shown_masked() {
        for (number, shown) in [
            ("+8613812345678", "138****5678"),
            ("+420601123456", "+420****456"),
            ("+1234567", "+1****67"),
            ("+123456789012345", "+123****345"),
        ] {
            let contact = Contact::phone(number).unwrap();
            assert_eq!(contact.masked(), shown);
            assert_eq!(format!("{contact:?}"), shown);
        }
        assert_eq!(Contact::email(" Jan.Novak@Example.org").unwrap().masked(), "j***@example.org");
    }

    #[test]
    fn the_same_person_by_the_same_contact() {
        let one = Contact::email("Jan.Novak@Example.org").unwrap();
        assert_eq!(one.canonical(), "jan.novak@example.org");
        assert_eq!(Contact::email("JAN.NOVAK@EXAMPLE.ORG").unwrap(), one);
    }

    #[test]
    fn what_is_no_contact() {
        for number in ["601123456", "+0420601123456", "+420*****456", "+1234", "+1234567890123456", "+42060112345a", ""]
        {
            assert_eq!(Contact::phone(number).unwrap_err(), NotAContact::Phone, "{number}");
        }
        for address in
            ["jan", "@example.org", "jan@", "jan@example", "j a@example.org", "a@b@c.org", "j***@example.org"]
        {
            assert_eq!(Contact::email(address).unwrap_err(), NotAContact::Email, "{address}");
        }
    }
}
