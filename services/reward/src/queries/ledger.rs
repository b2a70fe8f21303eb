//! The ledger: balances at an instant, statements, transfers.

use crate::{
    domain::{ledger::Account, refusal::Refusal},
    store::{self, balance::BalanceRow, corrupt, currency, wide},
};
use handsel_money::{Currency, Money, MoneyError, Timestamp};
use handsel_storage::{Db, Fault, Tx};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

pub(crate) use crate::store::transfer::{Line, Movements, Transfer};

/// Lines however late they were written.
const ALL_LINES: i64 = i64::MAX;

/// What balances are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// Only this plan's.
    pub(crate) plan: Option<String>,
    /// Only in this currency.
    pub(crate) currency: Option<Currency>,
    /// A balance for each plan.
    pub(crate) by_plan: bool,
}

/// One account in one currency.
pub(crate) struct Balance {
    /// Empty: every plan asked for.
    pub(crate) plan: String,
    pub(crate) account: Account,
    pub(crate) debits: Money,
    pub(crate) credits: Money,
    /// Debits less credits.
    pub(crate) balance: Money,
}

/// Every account and currency that had moved by an instant, by plan, currency, and in the order of the chart. Refused where a
/// balance is larger than money can hold.
pub(crate) async fn trial_balance(
    db: &Db,
    as_of: Timestamp,
    which: Which,
) -> Result<Result<Vec<Balance>, Refusal>, Fault> {
    let mut tx = db.read().await?;
    let rows = store::balance::at(&mut tx, as_of, ALL_LINES, which.plan).await?;
    let lines = sums(rows, which.by_plan)?;
    let wanted = lines.into_iter().filter(|(key, _)| which.currency.is_none_or(|currency| key.1 == currency));
    Ok(balances(wanted))
}

/// The same of one beneficiary.
pub(crate) async fn customer_account(
    db: &Db,
    customer: &str,
    as_of: Timestamp,
) -> Result<Result<Vec<Balance>, Refusal>, Fault> {
    let mut tx = db.read().await?;
    let rows = store::balance::of_customer(&mut tx, customer, as_of).await?;
    Ok(balances(sums(rows, false)?))
}

type Key = (String, Currency, Account);

/// Debits and credits, wide enough for any number of amounts.
type Sides = (i128, i128);

fn sums(rows: Vec<BalanceRow>, by_plan: bool) -> Result<BTreeMap<Key, Sides>, Fault> {
    let mut sums: BTreeMap<Key, Sides> = BTreeMap::new();
    for row in rows {
        let BalanceRow { plan_id, account, currency: code, debit_high, debit_low, credit_high, credit_low } = row;
        let account = Account::from_code(&account).ok_or_else(|| corrupt("an account column", &account))?;
        let plan = if by_plan { plan_id } else { String::new() };
        let (debits, credits) = sums.entry((plan, currency(&code)?, account)).or_default();
        *debits += wide(debit_high, debit_low);
        *credits += wide(credit_high, credit_low);
    }
    Ok(sums)
}

fn balances(sums: impl IntoIterator<Item = (Key, Sides)>) -> Result<Vec<Balance>, Refusal> {
    let balance = |((plan, currency, account), (debits, credits)): (Key, Sides)| -> Result<Balance, MoneyError> {
        let (debits, credits) = (Money::checked_new(currency, debits)?, Money::checked_new(currency, credits)?);
        Ok(Balance { plan, account, debits, credits, balance: debits.checked_sub(credits)? })
    };
    let all: Result<Vec<_>, _> = sums.into_iter().map(balance).collect();
    all.map_err(|_| Refusal::OutOfRange("a balance"))
}

/// A page of one account over a period.
pub(crate) struct Statement {
    pub(crate) opening: Money,
    pub(crate) lines: Vec<Line>,
    pub(crate) closing: Money,
    /// The journal as far as every page of it reaches.
    pub(crate) through: i64,
}

/// A page of an account's statement; the pages after the first look at the journal as far as the first did. Refused for a period that
/// ends before it begins, and where a balance is larger than money can hold.
pub(crate) async fn statement(
    db: &Db,
    movements: Movements,
    page: Option<(i64, i64)>,
    limit: i64,
) -> Result<Result<Statement, Refusal>, Fault> {
    let mut tx = db.read().await?;
    let (through, after) = match page {
        Some(page) => page,
        None => (store::journal::horizon(&mut tx).await?, 0),
    };
    let opening = held_before(&mut tx, &movements, movements.from, through).await?;
    let closing = held_before(&mut tx, &movements, movements.to, through).await?;
    let (opening, closing) = match (opening, closing) {
        (Ok(opening), Ok(closing)) => (opening, closing),
        (Err(refusal), _) | (_, Err(refusal)) => return Ok(Err(refusal)),
    };
    let lines = store::transfer::of_account(&mut tx, &movements, after, through, limit).await?;
    Ok(Ok(Statement { opening, lines, closing, through }))
}

async fn held_before(
    tx: &mut Tx,
    movements: &Movements,
    instant: Timestamp,
    through: i64,
) -> Result<Result<Money, Refusal>, Fault> {
    let Some(before) = instant.checked_sub(Duration::from_micros(1)) else {
        return Ok(Ok(Money::zero(movements.currency)));
    };
    let rows = store::balance::at(tx, before, through, movements.plan.clone()).await?;
    let key = (String::new(), movements.currency, movements.account);
    let found = sums(rows, false)?.remove_entry(&key);
    Ok(balances(found).map(|found| found.first().map_or(Money::zero(movements.currency), |line| line.balance)))
}

/// A page of payouts, and the instant before which everything is stated to the log and answered.
pub(crate) struct Payouts {
    pub(crate) lines: Vec<Line>,
    pub(crate) stated: Timestamp,
}

/// A page of the payouts of a period. What waits for the log is asked for first: what is posted later is not among it.
pub(crate) async fn payouts(
    db: &Db,
    (from, to): (Timestamp, Timestamp),
    after: i64,
    limit: i64,
    now: Timestamp,
) -> Result<Payouts, Fault> {
    let mut tx = db.read().await?;
    let stated = handsel_outbox::earliest_owed(&mut tx, "audit").await?.unwrap_or(now).min(now);
    let lines = store::transfer::payouts(&mut tx, from, to, after, limit).await?;
    Ok(Payouts { lines, stated })
}

/// Whose transfers are asked for.
pub(crate) enum Whose {
    Everybody,
    Reward(Uuid),
    Customer(String),
}

/// A page of transfers in the order in which they were written, after the one of this ordinal.
pub(crate) async fn transfers(db: &Db, whose: Whose, after: i64, limit: i64) -> Result<Vec<Line>, Fault> {
    let mut tx = db.read().await?;
    match whose {
        Whose::Reward(reward) => store::transfer::of_reward(&mut tx, reward, after, limit).await,
        Whose::Customer(customer) => {
            let through = store::journal::horizon(&mut tx).await?;
            store::transfer::of_customer(&mut tx, customer, after, through, limit).await
        }
        Whose::Everybody => {
            let through = store::journal::horizon(&mut tx).await?;
            store::transfer::of_journal(&mut tx, after, through, limit).await
        }
    }
}
