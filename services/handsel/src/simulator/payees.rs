//! Where the simulated core bank's customers are paid: an account made from the customer's own number and the reference of the account,
//! the same every time.

use super::faults::{Fault, Faults};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_iso20022::Iban;
use handsel_proto::handsel::corebank::v1::{Payee, PayeeQuestion, payee::Account};

/// The bank's code in its customers' accounts.
const BANK_CODE: &str = "0800";

/// Where a beneficiary is paid; none where the bank does not know him.
pub(super) fn resolve(question: &PayeeQuestion, faults: Faults) -> Option<Payee> {
    let PayeeQuestion { payee, payee_account } = question;
    if faults.strike(Fault::UnknownPayee, payee) {
        return None;
    }
    let of = if payee_account.is_empty() { payee.clone() } else { format!("{payee} {payee_account}") };
    let number = digest(&SHA256, of.as_bytes())
        .as_ref()
        .iter()
        .take(6)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let iban = Iban::complete("CZ", &format!("{BANK_CODE}{:016}", number % 10_000_000_000)).ok()?;
    Some(Payee {
        payee: payee.clone(),
        payee_account: payee_account.clone(),
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
    fn each_account_of_a_customer_is_one_unless_the_bank_does_not_know_him() {
        let (none, all) = (Faults::default(), Faults { unknown_payee: 100, ..Faults::default() });
        let ask = |payee: &str, payee_account: &str| PayeeQuestion {
            payee: payee.to_owned(),
            payee_account: payee_account.to_owned(),
        };
        let one = resolve(&ask("customers/4711", ""), none);
        assert_eq!(one, resolve(&ask("customers/4711", ""), none));
        let account = one.unwrap().account;
        assert_ne!(account, resolve(&ask("customers/4712", ""), none).unwrap().account);
        let named = resolve(&ask("customers/4711", "savings"), none).unwrap();
        assert_eq!(named.payee_account, "savings");
        assert_ne!(account, named.account, "an account that was named is another");
        assert_eq!(resolve(&ask("customers/4711", ""), all), None);
    }
}
