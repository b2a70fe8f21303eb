//! Where beneficiaries are paid: the bank is asked while a file is written, and nothing of its answer is kept but the file.

use super::{RUN, Trouble};
use crate::{
    config::FileSettlement,
    domain::{file_refusal::FileRefusal, payee::Destination},
};
use handsel_iso20022::{Account, Address, CharacterSet, FieldError, Line, Party};
use handsel_proto::handsel::corebank::v1::{
    Payee, PayeeQuestion, PostalAddress, ResolvePayeesRequest, core_banking_service_client::CoreBankingServiceClient,
    payee,
};
use std::collections::{BTreeSet, HashMap};

/// The bank does not know where to pay a payee.
const UNKNOWN: &str = "PAYEE_UNKNOWN";
/// What it knows does not fit into a file.
const INVALID: &str = "PAYEE_INVALID";

/// Each payee as the bank knows him at an account of his, or why he cannot be paid there in a file.
pub(super) type Payees = HashMap<Destination, Result<Party, &'static str>>;

/// Asks for each account of each payee once.
///
/// # Errors
/// [`FileRefusal::PayeesUnavailable`]: nobody is left out because the bank did not answer.
pub(super) async fn resolve(
    settlement: &FileSettlement,
    destinations: impl IntoIterator<Item = Destination>,
) -> Result<Payees, Trouble> {
    let distinct: BTreeSet<Destination> = destinations.into_iter().collect();
    let distinct: Vec<Destination> = distinct.into_iter().collect();
    let mut known: Payees = distinct.iter().map(|one| (one.clone(), Err(UNKNOWN))).collect();
    for asked in distinct.chunks(RUN) {
        let request = ResolvePayeesRequest { questions: asked.iter().map(question).collect() };
        let answer = CoreBankingServiceClient::new(settlement.bank.clone()).resolve_payees(request).await;
        let answer = answer.map_err(|status| {
            tracing::warn!(code = ?status.code(), "core banking did not say where beneficiaries are paid");
            FileRefusal::PayeesUnavailable
        })?;
        for payee in answer.into_inner().payees {
            // Nobody that was not asked for, no account but the one asked for, and nothing twice: the first answer is the one.
            let answered = Destination { payee: payee.payee.clone(), account_reference: payee.payee_account.clone() };
            if let Some(place) = known.get_mut(&answered)
                && matches!(place, Err(UNKNOWN))
            {
                *place = party(&payee, settlement.characters);
            }
        }
    }
    Ok(known)
}

fn question(destination: &Destination) -> PayeeQuestion {
    let Destination { payee, account_reference } = destination.clone();
    PayeeQuestion { payee, payee_account: account_reference }
}

/// A payee as a file has him. What is wrong is said without what he is called or where he is paid.
fn party(payee: &Payee, set: CharacterSet) -> Result<Party, &'static str> {
    let Some(account) = &payee.account else { return Err(UNKNOWN) };
    read(payee, account, set).map_err(|error| {
        tracing::warn!(payee = payee.payee, why = %error, "what core banking says of a beneficiary does not fit into a file");
        INVALID
    })
}

fn read(payee: &Payee, account: &payee::Account, set: CharacterSet) -> Result<Party, FieldError> {
    let account = match account {
        payee::Account::Iban(iban) => Account::Iban(iban.parse()?),
        payee::Account::AccountNumber(number) => Account::other(number)?,
    };
    let agent = if payee.bic.is_empty() { None } else { Some(payee.bic.parse()?) };
    let address = payee.address.as_ref().map(|address| postal(address, set)).transpose()?;
    Ok(Party { name: Line::new(payee.display_name.as_str(), set)?, account, agent, address })
}

fn postal(address: &PostalAddress, set: CharacterSet) -> Result<Address, FieldError> {
    let PostalAddress { street_name, building_number, post_code, town_name, country_code } = address;
    Address::new(street_name, building_number, post_code, town_name, country_code, set)
}
