//! The ledger: balances at an instant, transfers.

use crate::{
    domain::{ledger::Account, refusal::Refusal},
    store::{self, corrupt, currency, transfer::BalanceRow, wide},
};
use handsel_money::{Money, MoneyError, Timestamp};
use handsel_storage::{Db, Fault};
use uuid::Uuid;

pub(crate) use crate::store::transfer::{Line, Transfer};

/// One account in one currency.
pub(crate) struct Balance {
    pub(crate) account: Account,
    pub(crate) debits: Money,
    pub(crate) credits: Money,
    /// Debits less credits.
    pub(crate) balance: Money,
}

/// Every account and currency that had moved by an instant, in the order of the chart. Refused where a balance is larger than
/// money can hold.
pub(crate) async fn trial_balance(db: &Db, as_of: Timestamp) -> Result<Result<Vec<Balance>, Refusal>, Fault> {
    let mut balances = Vec::new();
    for row in store::transfer::balances(db, as_of).await? {
        match balance(row)? {
            Ok(line) => balances.push(line),
            Err(_) => return Ok(Err(Refusal::OutOfRange("a balance"))),
        }
    }
    balances.sort_by_key(|line| (line.debits.currency(), line.account));
    Ok(Ok(balances))
}

fn balance(row: BalanceRow) -> Result<Result<Balance, MoneyError>, Fault> {
    let BalanceRow { account, currency: code, debit_high, debit_low, credit_high, credit_low } = row;
    let account = Account::from_code(&account).ok_or_else(|| corrupt("transfer.debit", &account))?;
    let currency = currency(&code)?;
    let (debited, credited) = (wide(debit_high, debit_low), wide(credit_high, credit_low));
    let sides = || {
        let (debits, credits) = (Money::checked_new(currency, debited)?, Money::checked_new(currency, credited)?);
        Ok(Balance { account, debits, credits, balance: debits.checked_sub(credits)? })
    };
    Ok(sides())
}

/// A page of transfers in order of insertion, after the one of this ordinal.
pub(crate) async fn transfers(
    db: &Db,
    reward: Option<Uuid>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Line>, Fault> {
    store::transfer::page(db, reward, after.unwrap_or_default(), limit).await
}
