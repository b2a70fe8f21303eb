//! The ledger for the wire.

use crate::{
    domain::{
        clearing::{Alarm, Unit},
        ledger::{Account, Flow, Posting},
    },
    queries::{
        clearing::Raised,
        ledger::{Balance, Line, Transfer},
    },
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{self as wire, list_open_clearing_response as open};
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

/// The account asked for; none where the number is no account of ours.
pub(crate) fn account_from(account: wire::LedgerAccount) -> Option<Account> {
    Account::ALL.iter().copied().find(|one| to_account(*one) == account)
}

/// A plan's name, or nothing of nothing.
fn plan_name(plan: &str) -> String {
    if plan.is_empty() { String::new() } else { format!("plans/{plan}") }
}

pub(crate) fn to_line(line: &Balance) -> wire::trial_balance::Line {
    let Balance { plan, account, debits, credits, balance } = line;
    wire::trial_balance::Line {
        account: to_account(*account).into(),
        debits: Some(to_money(*debits)),
        credits: Some(to_money(*credits)),
        balance: Some(to_money(*balance)),
        plan: plan_name(plan),
    }
}

/// A payout, or one that came back; none of any other transfer.
pub(crate) fn to_payout(line: &Line) -> Option<wire::list_payouts_response::Payout> {
    let Transfer { id, reward, posting, posted_at, .. } = &line.transfer;
    let flow = match posting.event.flow()? {
        Flow::Paid => wire::list_payouts_response::Flow::Paid,
        Flow::Returned => wire::list_payouts_response::Flow::Returned,
    };
    Some(wire::list_payouts_response::Payout {
        transfer_id: id.to_string(),
        reward: reward.map(|reward| format!("rewards/{reward}")).unwrap_or_default(),
        flow: flow.into(),
        amount: Some(to_money(posting.amount)),
        post_time: Some(to_timestamp(*posted_at)),
    })
}

pub(crate) fn to_transfer(line: &Line) -> wire::Transfer {
    let Line { ordinal, transfer } = line;
    let Transfer { id, reward, number: _, posting, plan, customer, posted_at } = transfer;
    let Posting { event, amount } = posting;
    wire::Transfer {
        transfer_id: id.to_string(),
        event: event.code().to_owned(),
        debit: to_account(posting.debit()).into(),
        credit: to_account(posting.credit()).into(),
        amount: Some(to_money(*amount)),
        reward: reward.map(|id| format!("rewards/{id}")).unwrap_or_default(),
        plan: plan_name(plan),
        customer: customer.clone(),
        post_time: Some(to_timestamp(*posted_at)),
        ordinal: *ordinal,
    }
}

pub(crate) fn to_unit(unit: &Unit, now: Timestamp) -> open::Unit {
    let Unit { reward, plan, attempt, end_to_end_id, amount, status, instructed_at, first_sent_at } = unit;
    let age = now.saturating_since(*instructed_at);
    open::Unit {
        reward: format!("rewards/{reward}"),
        plan: plan_name(plan),
        attempt: *attempt,
        end_to_end_id: end_to_end_id.clone(),
        amount: Some(to_money(*amount)),
        status: status.code().to_owned(),
        instruct_time: Some(to_timestamp(*instructed_at)),
        first_send_time: first_sent_at.map(to_timestamp),
        age: prost_types::Duration::try_from(age).ok(),
    }
}

pub(crate) fn to_alarm(raised: &Raised) -> open::Alarm {
    let Raised { id: _, alarm, at } = raised;
    let Alarm { kind, plan, balance, explained } = alarm;
    open::Alarm {
        kind: kind.code().to_owned(),
        plan: plan_name(plan),
        balance: Some(to_money(*balance)),
        explained: Some(to_money(*explained)),
        raise_time: Some(to_timestamp(*at)),
    }
}
