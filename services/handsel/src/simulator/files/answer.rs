//! The bank's answers to an order: what is said in which round, written as files.

use super::{
    Desk,
    fate::Fate,
    store::{self, OrderFile, Payment},
};
use crate::simulator::{Simulator, faults::Fault};
use anyhow::Result;
use handsel_iso20022::{
    ControlSum, Direction,
    bank::{EntryOf, ReportOf, StatementOf, TransferStatus, write_report, write_statement},
};
use handsel_money::{Currency, Money, Timestamp, Zone};
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::PathBuf,
};

/// The zone whose days the bank books by.
const ZONE: &str = "Europe/Prague";
/// What the account holds before each statement, in minor units: enough for any.
const OPENING_MINOR: i64 = 1_000_000_000_000;
/// What is listed beside the payments of an order, and is none of them.
const FOREIGN: &str = "SALARY-2026-01";
/// ISO 20022 `Max35Text`: the longest reference.
const REFERENCE_LENGTH: usize = 35;

/// Which answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// What the bank does at once.
    First,
    /// What is late, and what comes back.
    Second,
}

/// Which message a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Report,
    Statement,
}

/// An answer, in its file.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) kind: Kind,
    pub(super) message_id: String,
    pub(super) path: PathBuf,
}

impl Simulator {
    /// The answers of a round to an order, written where they were not yet. A second round may have nothing to say.
    pub(super) async fn answers(&self, desk: &Desk, order: &OrderFile, round: Round) -> Result<Vec<Answer>> {
        let payments = store::payments(&self.db, &order.message_id).await?;
        let (report, statement) = match round {
            Round::First => ("R1", "S1"),
            Round::Second => ("R2", "S2"),
        };
        let answer = |kind, prefix: &str| {
            let message_id = format!("{prefix}-{}", order.message_id);
            Answer { kind, path: desk.answers.join(format!("{message_id}.xml")), message_id }
        };
        let (report, statement) = (answer(Kind::Report, report), answer(Kind::Statement, statement));
        let mut answers = Vec::new();
        let now = self.world.business.now();
        if payments.iter().any(|one| status(one.fate, round).is_some()) {
            report.once(|out| say(out, &report.message_id, order, &payments, round, now))?;
            answers.push(report);
        }
        let foreign = round == Round::Second && self.faults.strike(Fault::UnknownId, &order.message_id);
        let booked: Vec<Entry> = payments.iter().filter_map(|one| entry(one, round)).collect();
        if let Some(first) = payments.first().map(|one| one.amount.currency())
            && (round == Round::First || foreign || !booked.is_empty())
        {
            let foreign = foreign.then(|| stranger(first));
            let booked: Vec<Entry> = booked.into_iter().chain(foreign).collect();
            statement.once(|out| book_out(out, &statement.message_id, order, first, &booked, now))?;
            answers.push(statement);
        }
        Ok(answers)
    }
}

/// The status, and its reason.
fn status(fate: Fate, round: Round) -> Option<(&'static str, Option<&'static str>)> {
    match (round, fate) {
        (Round::First, Fate::Paid | Fate::Returned) | (Round::Second, Fate::Late) => Some(("ACSP", None)),
        (Round::First, Fate::Late) => Some(("PDNG", None)),
        (Round::First, Fate::Refused) => Some(("RJCT", Some("AC04"))),
        (Round::Second, Fate::Paid | Fate::Returned | Fate::Refused) => None,
    }
}

/// An entry as it is booked.
struct Entry {
    end_to_end_id: String,
    amount: Money,
    bank_reference: String,
    returned: Option<&'static str>,
}

fn entry(payment: &Payment, round: Round) -> Option<Entry> {
    let (prefix, returned) = match (round, payment.fate) {
        (Round::First, Fate::Paid | Fate::Returned) | (Round::Second, Fate::Late) => ("CB", None),
        (Round::Second, Fate::Returned) => ("RT", Some("AC04")),
        (Round::First, Fate::Late | Fate::Refused) | (Round::Second, Fate::Paid | Fate::Refused) => return None,
    };
    Some(Entry {
        end_to_end_id: payment.end_to_end_id.clone(),
        amount: payment.amount,
        bank_reference: format!("{prefix}-{}", payment.end_to_end_id).chars().take(REFERENCE_LENGTH).collect(),
        returned,
    })
}

/// A payment of the account's that no order of ours is about.
fn stranger(currency: Currency) -> Entry {
    let (end_to_end_id, bank_reference) = (FOREIGN.to_owned(), format!("CB-{FOREIGN}"));
    Entry { end_to_end_id, amount: Money::new(currency, 100), bank_reference, returned: None }
}

impl Answer {
    /// Writes it, unless it was before; beside its place first, so that there is a whole one or none.
    fn once(&self, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
        if self.path.exists() {
            return Ok(());
        }
        let part = self.path.with_extension("part");
        let mut out = BufWriter::new(File::create(&part)?);
        write(&mut out)?;
        out.flush()?;
        Ok(fs::rename(part, &self.path)?)
    }
}

fn say(
    out: &mut BufWriter<File>,
    message_id: &str,
    order: &OrderFile,
    payments: &[Payment],
    round: Round,
    now: Timestamp,
) -> Result<()> {
    let report = ReportOf {
        version: 1,
        message_id,
        created_at: now,
        original_message_id: &order.message_id,
        original_count: u64::try_from(payments.len())?,
        original_sum: payments.iter().fold(ControlSum::ZERO, |sum, one| sum.plus(one.amount)),
        status: Some("PART"),
    };
    let each = payments.iter().filter_map(|one| {
        let (status, reason) = status(one.fate, round)?;
        let (end_to_end_id, amount) = (one.end_to_end_id.as_str(), one.amount);
        Some(TransferStatus { end_to_end_id, status, reason, bank_reference: None, amount })
    });
    Ok(write_report(out, &report, each)?)
}

fn book_out(
    out: &mut BufWriter<File>,
    message_id: &str,
    order: &OrderFile,
    currency: Currency,
    booked: &[Entry],
    now: Timestamp,
) -> Result<()> {
    let zone: Zone = ZONE.parse()?;
    let opening = Money::new(currency, OPENING_MINOR);
    let mut closing = opening;
    for one in booked {
        closing = match one.returned {
            Some(_) => closing.checked_add(one.amount)?,
            None => closing.checked_sub(one.amount)?,
        };
    }
    let statement = StatementOf {
        version: 1,
        message_id,
        created_at: now,
        account: &order.account,
        iban: order.iban == 1,
        day: now.date_in(&zone),
        opening,
        closing,
    };
    let entries = booked.iter().map(|one| EntryOf {
        end_to_end_id: &one.end_to_end_id,
        amount: one.amount,
        direction: if one.returned.is_some() { Direction::Credit } else { Direction::Debit },
        bank_reference: &one.bank_reference,
        returned: one.returned,
    });
    Ok(write_statement(out, &statement, entries)?)
}
