//! One writing of a payment file: what is in it, in its order, run by run, beside where the bank will find it.

use super::{Progress, RUN, Trouble, blocking, payees, unwritable};
use crate::{
    config::FileSettlement,
    domain::{outcome::Status, payment_file::PaymentFile},
    queries,
    service::Service,
    store::payment_file::Entry,
};
use aws_lc_rs::digest::{Context, SHA256};
use handsel_iso20022::{
    CharacterSet, ControlSum, CreditTransfer, FieldError, Identifier, Limits, Line, OrderHeader, OrderReader, Party,
    pain001::{OrderWriter, WriteError},
};
use handsel_storage::Fault;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// It was paid or refused while it waited in the file.
const ENDED: &str = "PAYOUT_ENDED";

/// What one writing came to.
pub(super) enum Composed {
    /// A whole file: the digest of its bytes in hexadecimal, and how many.
    Whole { sha256: String, size_bytes: i64 },
    /// Payouts whose payees the bank no longer knows, or that have ended; the file is none.
    Without(Vec<(Entry, &'static str)>),
}

/// Where a file is written before it is put where the bank finds it.
pub(super) fn part_of(settlement: &FileSettlement, file: &PaymentFile) -> PathBuf {
    settlement.folder.join(format!(".{}.xml.part", file.message_id))
}

/// Writes a file whose payouts are decided, and reads it back.
pub(super) async fn compose(
    service: &Service,
    settlement: &FileSettlement,
    file: &PaymentFile,
    progress: &Progress,
) -> Result<Composed, Trouble> {
    let (part, header) = (part_of(settlement, file), header(settlement, file)?);
    let at = part.clone();
    let mut writer =
        blocking(move || OrderWriter::begin(Sink::create(&at)?, &header)).await?.map_err(|error| trouble(&error))?;
    let (mut after, mut written, mut without) = (0, 0_i64, Vec::new());
    loop {
        let run = i64::try_from(RUN).unwrap_or(i64::MAX);
        let entries = queries::files::entries(&service.db, file.number, after, run).await?;
        let Some(last) = entries.last() else { break };
        after = last.position;
        let payees = payees::resolve(settlement, entries.iter().map(|entry| entry.destination.clone())).await?;
        let mut transfers = Vec::with_capacity(entries.len());
        for entry in entries {
            if !matches!(entry.status, Status::Unknown | Status::Accepted) {
                without.push((entry, ENDED));
                continue;
            }
            match payees.get(&entry.destination) {
                Some(Ok(party)) => transfers.push(transfer(&entry, party)?),
                Some(Err(reason)) => without.push((entry, *reason)),
                None => return Err(defect("a payee was not asked for")),
            }
        }
        // Of a file that will be none, only who is missing is still of interest.
        if without.is_empty() {
            written = written.saturating_add(i64::try_from(transfers.len()).unwrap_or(i64::MAX));
            writer = blocking(move || write_all(writer, &transfers)).await?.map_err(|error| trouble(&error))?;
            progress.tell(file, written).await;
        }
    }
    if !without.is_empty() {
        drop(writer);
        return Ok(Composed::Without(without));
    }
    let whole =
        blocking(move || writer.finish().and_then(|sink| Ok(sink.close()?))).await?.map_err(|error| trouble(&error))?;
    read_back(part, file, settlement.limits).await?;
    Ok(whole)
}

fn write_all(mut writer: OrderWriter<Sink>, transfers: &[CreditTransfer]) -> Result<OrderWriter<Sink>, WriteError> {
    for transfer in transfers {
        writer.write(transfer)?;
    }
    Ok(writer)
}

fn header(settlement: &FileSettlement, file: &PaymentFile) -> Result<OrderHeader, Trouble> {
    Ok(OrderHeader {
        message_id: identifier(&file.message_id)?,
        created_at: file.created_at,
        execution_date: file.execution_date,
        debtor: settlement.debtor.clone(),
        currency: file.sum.currency(),
        count: u64::try_from(file.payouts).map_err(|_| defect("a file of less than nothing"))?,
        sum: ControlSum::of(file.sum),
    })
}

fn transfer(entry: &Entry, party: &Party) -> Result<CreditTransfer, Trouble> {
    let text = format!("Referral reward {}", entry.reward);
    let remittance: Result<Line<140>, FieldError> = Line::new(text, CharacterSet::Sepa);
    Ok(CreditTransfer {
        end_to_end_id: identifier(&entry.end_to_end_id)?,
        amount: entry.amount,
        creditor: party.clone(),
        remittance: remittance.map_err(|error| defect(&error.to_string()))?,
    })
}

fn identifier(text: &str) -> Result<Identifier, Trouble> {
    Identifier::new(text).map_err(|error| defect(&error.to_string()))
}

/// Reads a file as the bank will: what it announces is in it, and it is what was decided.
async fn read_back(part: PathBuf, file: &PaymentFile, limits: Limits) -> Result<(), Trouble> {
    let read = blocking(move || -> Result<_, Trouble> {
        let source = File::open(&part).map_err(|error| unwritable(&error))?;
        let mut reader = OrderReader::open(BufReader::new(source), limits)?;
        while reader.next()?.is_some() {}
        Ok(reader.head().clone())
    });
    let head = read.await??;
    let same = head.message_id == file.message_id
        && i64::try_from(head.count) == Ok(file.payouts)
        && head.sum == ControlSum::of(file.sum);
    if same { Ok(()) } else { Err(defect("a file does not hold what was decided")) }
}

/// What only a defect of ours can bring about.
fn defect(what: &str) -> Trouble {
    Trouble::Stored(Fault::Invalid(what.to_owned()))
}

fn trouble(error: &WriteError) -> Trouble {
    match error {
        WriteError::Io(error) => unwritable(error),
        WriteError::Transfer { .. } | WriteError::Twice(_) | WriteError::Header | WriteError::Totals { .. } => {
            defect(&error.to_string())
        }
    }
}

/// Where a file is written to: nobody else may read it, for it holds accounts; each byte is digested on its way.
struct Sink {
    file: BufWriter<File>,
    digest: Context,
    size_bytes: i64,
}

impl Sink {
    fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Self { file: BufWriter::new(file), digest: Context::new(&SHA256), size_bytes: 0 })
    }

    /// Its bytes are on the disk.
    fn close(self) -> io::Result<Composed> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Composed::Whole { sha256: hex::encode(self.digest.finish()), size_bytes: self.size_bytes })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.size_bytes = self.size_bytes.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
