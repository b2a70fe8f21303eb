//! The sample bank's records, read from the files shipped in `berka/` and reduced to what an introduction needs.

use anyhow::{Context as _, Result};
use handsel_money::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// How long an owner has had his account before he brings a second person: long enough to be known by what he does.
const DAYS_BEFORE: i32 = 90;

/// One of the 869 introductions: an owner brought a second person to his account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// The right on the account that makes it (`disp_id`): its number in this bank.
    pub(crate) number: u32,
    /// The account's district: the branch, as four digits.
    pub(crate) branch: String,
    /// The account's owner.
    pub(crate) referrer: u32,
    /// The person he brought.
    pub(crate) referee: u32,
    /// The day he came: the records do not date it, so it is [`DAYS_BEFORE`] days after the account was opened.
    pub(crate) day: Date,
    /// What happened on the account from that day on, by day.
    pub(crate) facts: Vec<Fact>,
}

/// Something that happened on an introduction's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What.
    pub(crate) kind: FactKind,
    /// Its number in this bank.
    pub(crate) number: u32,
    /// When.
    pub(crate) day: Date,
    /// How much, in hellers, where the kind has an amount.
    pub(crate) amount_minor: Option<i64>,
}

/// What can happen on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactKind {
    /// The right on the account was granted.
    AccountOpened,
    /// The first credit since.
    FirstDeposit,
    /// A card was issued on the account.
    CardIssued,
    /// A loan was drawn on it.
    LoanDrawn,
}

/// One transaction of an owner's in 1993.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// Its number in this bank.
    pub(crate) number: u32,
    /// The account's owner.
    pub(crate) customer: u32,
    /// When.
    pub(crate) day: Date,
    /// How much, in hellers.
    pub(crate) amount_minor: i64,
}

/// The bank.
#[derive(Debug)]
pub(crate) struct Bank {
    /// Districts, by four-digit branch code.
    pub(crate) branches: HashMap<String, String>,
    /// By day, then number.
    pub(crate) introductions: Vec<Introduction>,
    /// By day, then number.
    pub(crate) transactions: Vec<Transaction>,
}

impl Bank {
    /// Reads the records that the program carries.
    ///
    /// # Errors
    /// A record that is not as its file's header promises.
    pub(crate) fn read() -> Result<Self> {
        let accounts: HashMap<u32, AccountRow> =
            rows::<AccountRow>("account", include_bytes!("../../berka/account.csv"))?
                .into_iter()
                .map(|account| (account.account_id, account))
                .collect();
        let rights: Vec<RightRow> = rows("disp", include_bytes!("../../berka/disp.csv"))?;
        let owners: HashMap<u32, &RightRow> =
            rights.iter().filter(|right| right.kind == "OWNER").map(|right| (right.account_id, right)).collect();
        let transactions = rows::<TransactionRow>("trans_1993", include_bytes!("../../berka/trans_1993.csv"))?;
        let happened = facts_by_account(&rights, &transactions)?;

        let mut introductions = Vec::new();
        for right in rights.iter().filter(|right| right.kind == "DISPONENT") {
            let account = accounts.get(&right.account_id).context("a right on an unknown account")?;
            let owner = owners.get(&right.account_id).context("an account without owner")?;
            let day = short_date(&account.date)?.plus_days(DAYS_BEFORE)?;
            let mut facts =
                vec![Fact { kind: FactKind::AccountOpened, number: right.disp_id, day, amount_minor: None }];
            facts.extend(since(day, happened.get(&right.account_id).map_or(&[], Vec::as_slice)));
            introductions.push(Introduction {
                number: right.disp_id,
                branch: branch_code(account.district_id),
                referrer: owner.client_id,
                referee: right.client_id,
                day,
                facts,
            });
        }
        introductions.sort_by_key(|introduction| (introduction.day, introduction.number));

        let mut owned = Vec::new();
        for row in &transactions {
            let owner = owners.get(&row.account_id).context("a transaction on an account without owner")?;
            owned.push(Transaction {
                number: row.trans_id,
                customer: owner.client_id,
                day: row.date.parse()?,
                amount_minor: hellers(&row.amount)?,
            });
        }
        owned.sort_by_key(|transaction| (transaction.day, transaction.number));

        let branches = rows::<DistrictRow>("district", include_bytes!("../../berka/district.csv"))?
            .into_iter()
            .map(|district| (branch_code(district.district_id), district.name))
            .collect();
        Ok(Self { branches, introductions, transactions: owned })
    }
}

/// What happened from a day on: of the credits, only the first.
fn since(day: Date, happened: &[Fact]) -> Vec<Fact> {
    let mut deposited = false;
    let first = |fact: &&Fact| fact.kind != FactKind::FirstDeposit || !std::mem::replace(&mut deposited, true);
    happened.iter().filter(|fact| fact.day >= day).filter(first).cloned().collect()
}

/// Credits, cards and loans of each account, by day.
fn facts_by_account(rights: &[RightRow], transactions: &[TransactionRow]) -> Result<HashMap<u32, Vec<Fact>>> {
    let mut facts: HashMap<u32, Vec<Fact>> = HashMap::new();

    for row in transactions.iter().filter(|row| row.kind == "Credit") {
        facts.entry(row.account_id).or_default().push(Fact {
            kind: FactKind::FirstDeposit,
            number: row.trans_id,
            day: row.date.parse()?,
            amount_minor: Some(hellers(&row.amount)?),
        });
    }

    let account_of: HashMap<u32, u32> = rights.iter().map(|right| (right.disp_id, right.account_id)).collect();
    for card in rows::<CardRow>("card", include_bytes!("../../berka/card.csv"))? {
        let account = account_of.get(&card.disp_id).context("a card on an unknown right")?;
        let day = short_date(card.issued.split(' ').next().unwrap_or_default())?;
        let fact = Fact { kind: FactKind::CardIssued, number: card.card_id, day, amount_minor: None };
        facts.entry(*account).or_default().push(fact);
    }
    for loan in rows::<LoanRow>("loan", include_bytes!("../../berka/loan.csv"))? {
        facts.entry(loan.account_id).or_default().push(Fact {
            kind: FactKind::LoanDrawn,
            number: loan.loan_id,
            day: short_date(&loan.date)?,
            amount_minor: Some(hellers(&loan.amount)?),
        });
    }
    for of_account in facts.values_mut() {
        of_account.sort_by_key(|fact| (fact.day, fact.kind as u8, fact.number));
    }
    Ok(facts)
}

#[derive(Debug, Deserialize)]
struct AccountRow {
    account_id: u32,
    district_id: u32,
    date: String,
}

#[derive(Debug, Deserialize)]
struct RightRow {
    disp_id: u32,
    client_id: u32,
    account_id: u32,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct TransactionRow {
    trans_id: u32,
    account_id: u32,
    date: String,
    #[serde(rename = "type")]
    kind: String,
    amount: String,
}

#[derive(Debug, Deserialize)]
struct CardRow {
    card_id: u32,
    disp_id: u32,
    issued: String,
}

#[derive(Debug, Deserialize)]
struct LoanRow {
    loan_id: u32,
    account_id: u32,
    date: String,
    amount: String,
}

#[derive(Debug, Deserialize)]
struct DistrictRow {
    #[serde(rename = "A1")]
    district_id: u32,
    #[serde(rename = "A2")]
    name: String,
}

fn rows<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<Vec<T>> {
    csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(bytes)
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("berka/{name}.csv"))
}

/// `930105` is 5 January 1993: every date in the set is of the twentieth century.
fn short_date(text: &str) -> Result<Date> {
    let part = |range: std::ops::Range<usize>| text.get(range).with_context(|| format!("not a YYMMDD date: {text:?}"));
    Ok(format!("19{}-{}-{}", part(0..2)?, part(2..4)?, part(4..6)?).parse()?)
}

/// Crowns with at most two decimals, as hellers.
fn hellers(text: &str) -> Result<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals: i64 = match decimals.len() {
        0 => 0,
        1 => decimals.parse::<i64>()?.saturating_mul(10),
        2 => decimals.parse()?,
        _ => anyhow::bail!("more than two decimals: {text:?}"),
    };
    whole.parse::<i64>()?.checked_mul(100).and_then(|minor| minor.checked_add(decimals)).context("amount out of range")
}

fn branch_code(district: u32) -> String {
    format!("{district:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_set_is_read() {
        let bank = Bank::read().unwrap();
        assert_eq!(bank.branches.len(), 77);
        assert_eq!(bank.introductions.len(), 869);
        assert_eq!(bank.transactions.len(), 28_205);
        let kinds =
            |kind| bank.introductions.iter().flat_map(|one| &one.facts).filter(|fact| fact.kind == kind).count();
        assert_eq!(kinds(FactKind::AccountOpened), 869);
        assert_eq!(kinds(FactKind::FirstDeposit), 187);
        assert_eq!(kinds(FactKind::CardIssued), 151);
        assert_eq!(kinds(FactKind::LoanDrawn), 145);
        assert!(bank.introductions.iter().all(|one| one.facts.iter().all(|fact| fact.day >= one.day)));
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(hellers("900").unwrap(), 90_000);
        assert_eq!(hellers("14.6").unwrap(), 1_460);
        assert_eq!(hellers("2452.07").unwrap(), 245_207);
        assert!(hellers("1.005").is_err());
    }
}
