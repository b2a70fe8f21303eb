//! Settlement by files: the courses that take payouts to a file in the bank's folder, and a file of the bank's to their outcomes.
//!
//! | file | holds |
//! |---|---|
//! | `course` | a payment file from its beginning to where the bank finds it, from wherever it was left |
//! | `compose` | one writing of it: the same payouts and the same answers of the bank are the same bytes |
//! | `payees` | the bank asked where beneficiaries are paid; nothing of the answer is kept |
//! | `spool` | a file of the bank's while it arrives |
//! | `import` | read to its end, then applied, run by run |
//!
//! Never here: a decision, SQL.

mod compose;
mod course;
mod import;
mod payees;
mod spool;

pub(crate) use course::{Progress, forget, must_not_lie, write};
pub(crate) use import::{report, statement};
pub(crate) use spool::{Spooled, sweep};

use crate::domain::{file_refusal::FileRefusal, refusal::Refusal};
use handsel_iso20022::FileError;
use handsel_storage::Fault;

/// Payouts and transactions of one transaction of ours, and payees asked for at once: the contract's limit.
const RUN: usize = 500;
/// The lane of files: one is written at a time.
pub(crate) const FILES: &str = "files";
/// The lane of settlement, as where the bank reports by itself.
const SETTLEMENT: &str = "settlement";

/// Why a course ends early.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The file is refused.
    File(FileRefusal),
    /// What was asked does not fit.
    Refused(Refusal),
    /// The database.
    Stored(Fault),
}

impl From<FileRefusal> for Trouble {
    fn from(refusal: FileRefusal) -> Self {
        Self::File(refusal)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Stored(fault)
    }
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        Self::File(FileRefusal::Malformed { reason: error.fault.reason(), message: error.to_string() })
    }
}

/// The folder, or a file in it, could not be used: said once, here.
fn unwritable(error: &std::io::Error) -> Trouble {
    tracing::error!(%error, "a file of payouts or of the bank's could not be written or read");
    Trouble::File(FileRefusal::Unwritable)
}

/// Runs what waits for a disk where waiting holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Trouble::Stored(Fault::Panicked))
}
