//! The ledger for the wire.

use crate::{
    domain::ledger::{Account, Posting},
    queries::ledger::{Balance, Transfer},
};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::wire::{to_money, to_timestamp};

fn to_account(account: Account) -> wire::LedgerAccount {
    match account {
        Account::PlanExpense => wire::LedgerAccount::PlanExpense,
        Account::CustomerPayable => wire::LedgerAccount::CustomerPayable,
        Account::TaxPayable => wire::LedgerAccount::TaxPayable,
        Account::Clearing => wire::LedgerAccount::Clearing,
        Account::Settled => wire::LedgerAccount::Settled,
        Account::Fulfilled => wire::LedgerAccount::Fulfilled,
        Account::ClawbackReceivable => wire::LedgerAccount::ClawbackReceivable,
        Account::Netting => wire::LedgerAccount::Netting,
        Account::WriteOff => wire::LedgerAccount::WriteOff,
        Account::Recoveries => wire::LedgerAccount::Recoveries,
    }
}

pub(crate) fn to_line(line: &Balance) -> wire::trial_balance::Line {
    let Balance { account, debits, credits, balance } = line;
    wire::trial_balance::Line {
        account: to_account(*account).into(),
        debits: Some(to_money(*debits)),
        credits: Some(to_money(*credits)),
        balance: Some(to_money(*balance)),
    }
}

pub(crate) fn to_transfer(transfer: &Transfer) -> wire::Transfer {
    let Transfer { id, reward, number: _, posting, plan, customer, posted_at } = transfer;
    let Posting { event, amount } = posting;
    wire::Transfer {
        transfer_id: id.to_string(),
        event: event.code().to_owned(),
        debit: to_account(posting.debit()).into(),
        credit: to_account(posting.credit()).into(),
        amount: Some(to_money(*amount)),
        reward: reward.map(|id| format!("rewards/{id}")).unwrap_or_default(),
        plan: format!("plans/{plan}"),
        customer: customer.clone(),
        post_time: Some(to_timestamp(*posted_at)),
    }
}
