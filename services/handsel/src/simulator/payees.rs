//! Where the simulated core bank's customers are paid: an account made from the customer's own number, the same every time.

use super::faults::{Fault, Faults};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_iso20022::Iban;
use handsel_proto::handsel::corebank::v1::{Payee, payee::Account};

/// The bank's code in its customers' accounts.
const BANK_CODE: &str = "0800";

/// Where a beneficiary is paid; none where the bank does not know him.
pub(super) fn resolve(payee: &str, faults: Faults) -> Option<Payee> {
    if faults.strike(Fault::UnknownPayee, payee) {
        return None;
    }
    let number = digest(&SHA256, payee.as_bytes())
        .as_ref()
        .iter()
        .take(6)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let iban = Iban::complete("CZ", &format!("{BANK_CODE}{:016}", number % 10_000_000_000)).ok()?;
    Some(Payee {
        payee: payee.to_owned(),
        account: Some(Account::Iban(iban.as_str().to_owned())),
        display_name: payee.replace('/', " "),
        bic: String::new(),
        address: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_one_account_unless_the_bank_does_not_know_him() {
        let (none, all) = (Faults::default(), Faults { unknown_payee: 100, ..Faults::default() });
        let one = resolve("customers/4711", none);
        assert_eq!(one, resolve("customers/4711", none));
        assert_ne!(one.unwrap().account, resolve("customers/4712", none).unwrap().account);
        assert_eq!(resolve("customers/4711", all), None);
    }
}
