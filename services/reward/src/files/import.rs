//! A file of the bank's is read to its end, so that nothing is applied of one with anything wrong; then it is read again, and
//! applied run by run. A course that was cut short begins anew when the file is sent again: what was applied says nothing new then.

use super::{RUN, SETTLEMENT, Spooled, Trouble, blocking, unwritable};
use crate::{
    commands::take_bank_file::{ApplyBankFile, BeginBankFile, Begun, EndBankFile, OrderSaid},
    config::FileSettlement,
    domain::{
        file_refusal::FileRefusal,
        reconciliation::{Act, Said},
    },
    queries,
    service::Service,
    store::bank_file::{Counts, Kind},
    wire::bank_file::{OrderStatus, said_of_booked, said_of_entry, said_of_reported},
};
use handsel_iso20022::{
    Booked,
    camt053::StatementReader,
    pain002::{ReportItem, ReportReader},
};
use handsel_outbox::Actor;
use std::{fs::File, io::BufReader, path::Path};
use uuid::Uuid;

type Source = BufReader<File>;

/// After how many transactions the log is told how far a file is.
const TOLD: i64 = 10_000;

/// Whose file it is, and how it is applied.
struct Course<'a> {
    service: &'a Service,
    settlement: &'a FileSettlement,
    actor: &'a Actor,
    kind: Kind,
    message_id: String,
    sha256: String,
}

/// Takes a status report; the id under which it is kept.
///
/// # Errors
/// [`Trouble`]: nothing was changed, but where the database failed in between; then the file goes on when it is sent again.
pub(crate) async fn report(
    service: &Service,
    settlement: &FileSettlement,
    mut spooled: Spooled,
    by: String,
    actor: &Actor,
) -> Result<Uuid, Trouble> {
    let sha256 = spooled.end().await?;
    let head = {
        let mut reader = open_report(settlement, spooled.path()).await?;
        blocking(move || -> Result<_, Trouble> {
            while reader.next()?.is_some() {}
            Ok(reader.head().clone())
        })
        .await??
    };
    let order = OrderSaid {
        message_id: head.original_message_id.clone(),
        count: head.original_count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        sum: head.original_sum.map(|sum| sum.to_string()),
    };
    let course =
        Course { service, settlement, actor, kind: Kind::StatusReport, message_id: head.message_id.clone(), sha256 };
    let begun = course.begin(Some(order), by).await?;
    let file = begun.order.ok_or_else(|| FileRefusal::OrderUnknown(head.original_message_id.clone()))?;
    let mut status = OrderStatus::of(&head, file);
    let (mut reader, mut counts, mut position) = (open_report(settlement, spooled.path()).await?, Counts::default(), 0);
    loop {
        let items;
        (reader, items) = blocking(move || read_report(reader)).await??;
        if items.is_empty() {
            break;
        }
        let mut said = Vec::with_capacity(items.len());
        for item in items {
            match item {
                ReportItem::Batch(batch) => status.enter(&batch),
                ReportItem::Transfer(transfer) => {
                    position += 1;
                    said.push(said_of_reported(&transfer, &status, position));
                }
            }
        }
        course.apply(&begun, said, &mut counts).await?;
    }
    if status.says_something() {
        course.apply_to_unlisted(&begun, &reader, &status, position, &mut counts).await?;
    }
    course.end(&begun, counts).await?;
    Ok(begun.id)
}

/// Takes a statement; the id under which it is kept.
///
/// # Errors
/// As [`report`].
pub(crate) async fn statement(
    service: &Service,
    settlement: &FileSettlement,
    mut spooled: Spooled,
    by: String,
    actor: &Actor,
) -> Result<Uuid, Trouble> {
    let sha256 = spooled.end().await?;
    let head = {
        let (mut reader, ours) = (open_statement(settlement, spooled.path()).await?, settlement.debtor.account.clone());
        blocking(move || -> Result<_, Trouble> {
            while let Some(booked) = reader.next()? {
                if booked.statement.account != ours.number() {
                    return Err(FileRefusal::OtherAccount(booked.statement.id.clone()).into());
                }
            }
            Ok(reader.head().clone())
        })
        .await??
    };
    let course =
        Course { service, settlement, actor, kind: Kind::Statement, message_id: head.message_id.clone(), sha256 };
    let begun = course.begin(None, by).await?;
    let mut counts = Counts::default();
    // A statement lists its entries in the bank's order: what went out is taken before what came back.
    if course.apply_statement(&begun, spooled.path(), Turn::Before, &mut counts).await? {
        course.apply_statement(&begun, spooled.path(), Turn::Returns, &mut counts).await?;
    }
    course.end(&begun, counts).await?;
    Ok(begun.id)
}

/// Which part of a statement is applied: a return is one of what is settled by then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// All but what came back.
    Before,
    /// What came back.
    Returns,
}

impl Course<'_> {
    async fn begin(&self, order: Option<OrderSaid>, by: String) -> Result<Begun, Trouble> {
        let begin = BeginBankFile {
            means: self.service.means.clone(),
            kind: self.kind,
            message_id: self.message_id.clone(),
            sha256: self.sha256.clone(),
            order,
            by,
            now: self.service.world.business.now(),
        };
        Ok(self.service.lanes.run(SETTLEMENT, begin).await??)
    }

    async fn apply(&self, begun: &Begun, said: Vec<Said>, counts: &mut Counts) -> Result<(), Trouble> {
        if said.is_empty() {
            return Ok(());
        }
        let apply = ApplyBankFile {
            means: self.service.means.clone(),
            file: begun.id,
            said,
            settled_by: self.settlement.settled_by,
            actor: self.actor.clone(),
            now: self.service.world.business.now(),
        };
        let before = counts.said;
        *counts = counts.and(self.service.lanes.run(SETTLEMENT, apply).await?);
        if before / TOLD != counts.said / TOLD {
            let Counts { said, applied, duplicates, .. } = *counts;
            tracing::info!(
                message_id = self.message_id,
                said,
                applied,
                duplicates,
                "a file of the bank's is being applied"
            );
        }
        Ok(())
    }

    /// Applies one part of a statement, run by run; whether there is anything of another part.
    async fn apply_statement(
        &self,
        begun: &Begun,
        path: &Path,
        turn: Turn,
        counts: &mut Counts,
    ) -> Result<bool, Trouble> {
        let (settlement, bank) = (self.settlement, &self.service.means.bank);
        let (mut reader, mut position, mut others) = (open_statement(settlement, path).await?, 0, false);
        let made_at = reader.head().created_at;
        loop {
            let items;
            (reader, items) = blocking(move || read_statement(reader)).await??;
            if items.is_empty() {
                return Ok(others);
            }
            let mut said = Vec::with_capacity(items.len());
            for booked in &items {
                position += 1;
                let one = said_of_booked(booked, bank, made_at, &settlement.zone, position);
                if (one.act == Act::CameBack) == (turn == Turn::Returns) {
                    said.push(one);
                } else {
                    others = true;
                }
            }
            self.apply(begun, said, counts).await?;
        }
    }

    /// What a report says of a whole order holds for what it does not list.
    async fn apply_to_unlisted(
        &self,
        begun: &Begun,
        reader: &ReportReader<Source>,
        status: &OrderStatus,
        listed: i64,
        counts: &mut Counts,
    ) -> Result<(), Trouble> {
        let (run, mut after) = (i64::try_from(RUN).unwrap_or(i64::MAX), 0);
        loop {
            let entries = queries::files::entries(&self.service.db, status.file(), after, run).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = last.position;
            let unlisted = entries.iter().filter(|entry| !reader.lists(&entry.end_to_end_id));
            let said = unlisted
                .map(|entry| said_of_entry(&entry.end_to_end_id, status, listed.saturating_add(entry.position)))
                .collect();
            self.apply(begun, said, counts).await?;
        }
    }

    async fn end(&self, begun: &Begun, counts: Counts) -> Result<(), Trouble> {
        let end = EndBankFile {
            means: self.service.means.clone(),
            file: begun.id,
            kind: self.kind,
            message_id: self.message_id.clone(),
            sha256: self.sha256.clone(),
            counts,
            actor: self.actor.clone(),
            now: self.service.world.business.now(),
        };
        Ok(self.service.lanes.run(SETTLEMENT, end).await?)
    }
}

async fn open_report(settlement: &FileSettlement, path: &Path) -> Result<ReportReader<Source>, Trouble> {
    let (path, zone, limits) = (path.to_owned(), settlement.zone.clone(), settlement.limits);
    blocking(move || Ok(ReportReader::open(source(&path)?, &zone, limits)?)).await?
}

async fn open_statement(settlement: &FileSettlement, path: &Path) -> Result<StatementReader<Source>, Trouble> {
    let (path, zone, limits) = (path.to_owned(), settlement.zone.clone(), settlement.limits);
    blocking(move || Ok(StatementReader::open(source(&path)?, &zone, limits)?)).await?
}

fn source(path: &Path) -> Result<Source, Trouble> {
    File::open(path).map(BufReader::new).map_err(|error| unwritable(&error))
}

fn read_report(mut reader: ReportReader<Source>) -> Result<(ReportReader<Source>, Vec<ReportItem>), Trouble> {
    let mut items = Vec::with_capacity(RUN);
    while items.len() < RUN
        && let Some(item) = reader.next()?
    {
        items.push(item);
    }
    Ok((reader, items))
}

fn read_statement(mut reader: StatementReader<Source>) -> Result<(StatementReader<Source>, Vec<Booked>), Trouble> {
    let mut items = Vec::with_capacity(RUN);
    while items.len() < RUN
        && let Some(item) = reader.next()?
    {
        items.push(item);
    }
    Ok((reader, items))
}
