//! The bank's answers to the file of a run: of every hundredth payout a refusal, of every thousandth of the others a return.

use anyhow::{Context as _, Result};
use handsel_iso20022::{
    Direction, Limits, OrderReader, Ordered,
    bank::{EntryOf, ReportOf, StatementOf, TransferStatus, write_report, write_statement},
};
use handsel_money::{Money, Timestamp, Zone};
use handsel_service::World;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The account that payouts leave from.
pub(super) const DEBTOR: &str = "CZ6508000000192000145399";
/// What it holds before each statement, in minor units.
const OPENING_MINOR: i64 = 1_000_000_000_000;
/// One payout of so many is refused; one of so many of the others comes back.
const REFUSED: usize = 100;
const RETURNED: usize = 1_000;

/// Answers in their files.
pub(super) struct Answers {
    pub(super) report: PathBuf,
    pub(super) statement: PathBuf,
    /// A later statement, of what came back.
    pub(super) returns: PathBuf,
    pub(super) refused: i64,
    pub(super) returned: i64,
}

impl Answers {
    /// Answers an order.
    ///
    /// # Errors
    /// The order is not as it should be; a folder that takes nothing.
    pub(super) fn to(order: &Path, folder: &Path) -> Result<Self> {
        let mut reader = OrderReader::open(BufReader::new(File::open(order)?), Limits::default())?;
        let mut ordered = Vec::new();
        while let Some(one) = reader.next()? {
            ordered.push(one);
        }
        let head = reader.head().clone();
        let now = World::real().business.now();
        let (refused, paid): (Vec<_>, Vec<_>) = ordered.iter().enumerate().partition(|(at, _)| at % REFUSED == 0);
        let paid: Vec<&Ordered> = paid.into_iter().map(|(_, one)| one).collect();
        let back: Vec<&Ordered> = paid.iter().copied().step_by(RETURNED).collect();

        let report = folder.join("report.pain.002");
        let mut out = BufWriter::new(File::create(&report)?);
        let said = ReportOf {
            version: 1,
            message_id: "LOAD-R1",
            created_at: now,
            original_message_id: &head.message_id,
            original_count: head.count,
            original_sum: head.sum,
            status: Some("PART"),
        };
        let each = ordered.iter().enumerate().map(|(at, one)| {
            let refused = at % REFUSED == 0;
            TransferStatus {
                end_to_end_id: &one.end_to_end_id,
                status: if refused { "RJCT" } else { "ACSP" },
                reason: refused.then_some("AC04"),
                bank_reference: None,
                amount: one.amount,
            }
        });
        write_report(&mut out, &said, each)?;
        out.flush()?;
        Ok(Self {
            report,
            statement: statement(folder, "LOAD-S1", &paid, None, now)?,
            returns: statement(folder, "LOAD-S2", &back, Some("AC04"), now)?,
            refused: i64::try_from(refused.len())?,
            returned: i64::try_from(back.len())?,
        })
    }
}

fn statement(
    folder: &Path,
    message_id: &str,
    entries: &[&Ordered],
    returned: Option<&str>,
    now: Timestamp,
) -> Result<PathBuf> {
    let path = folder.join(format!("{message_id}.camt.053"));
    let zone: Zone = "Europe/Prague".parse()?;
    let currency = entries.first().context("a statement of nothing")?.amount.currency();
    let opening = Money::new(currency, OPENING_MINOR);
    let moved = entries.iter().try_fold(Money::new(currency, 0), |sum, one| sum.checked_add(one.amount))?;
    let (direction, closing, prefix) = match returned {
        Some(_) => (Direction::Credit, opening.checked_add(moved)?, "RT"),
        None => (Direction::Debit, opening.checked_sub(moved)?, "CB"),
    };
    let references: Vec<String> = (1..=entries.len()).map(|number| format!("{prefix}-{number}")).collect();
    let said = StatementOf {
        version: 1,
        message_id,
        created_at: now,
        account: DEBTOR,
        iban: true,
        day: now.date_in(&zone),
        opening,
        closing,
    };
    let booked = entries.iter().zip(&references).map(|(one, bank_reference)| EntryOf {
        end_to_end_id: &one.end_to_end_id,
        amount: one.amount,
        direction,
        bank_reference,
        returned,
    });
    let mut out = BufWriter::new(File::create(&path)?);
    write_statement(&mut out, &said, booked)?;
    out.flush()?;
    Ok(path)
}
