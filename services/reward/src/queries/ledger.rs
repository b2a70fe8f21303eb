//! The ledger: balances at an instant, transfers.

use crate::{
    domain::ledger::Account,
    store::{self, corrupt, money, transfer::BalanceRow},
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Db, Fault};
use uuid::Uuid;

pub(crate) use crate::store::transfer::Transfer;

/// One account in one currency.
pub(crate) struct Balance {
    pub(crate) account: Account,
    pub(crate) debits: Money,
    pub(crate) credits: Money,
    /// Debits less credits.
    pub(crate) balance: Money,
}

/// Every account and currency that had moved by an instant, in the order of the chart.
pub(crate) async fn trial_balance(db: &Db, as_of: Timestamp) -> Result<Vec<Balance>, Fault> {
    let rows = store::transfer::balances(db, as_of).await?;
    let mut balances = rows.into_iter().map(balance).collect::<Result<Vec<_>, _>>()?;
    balances.sort_by_key(|line| (line.debits.currency(), line.account));
    Ok(balances)
}

fn balance(row: BalanceRow) -> Result<Balance, Fault> {
    let BalanceRow { account, currency, debit_minor, credit_minor } = row;
    let (debits, credits) = (money(&currency, debit_minor)?, money(&currency, credit_minor)?);
    let balance = debits.checked_sub(credits).map_err(|error| Fault::Invalid(error.to_string()))?;
    let account = Account::from_code(&account).ok_or_else(|| corrupt("transfer.debit", &account))?;
    Ok(Balance { account, debits, credits, balance })
}

/// A page of transfers, oldest first, after the one posted at this instant under this id.
pub(crate) async fn transfers(
    db: &Db,
    reward: Option<Uuid>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Transfer>, Fault> {
    store::transfer::page(db, reward, after.map(|(at, id)| (At(at), id)), limit).await
}
