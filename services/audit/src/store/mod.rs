//! Every SQL statement of the log, one file a table or two.

pub(crate) mod case;
pub(crate) mod checkpoint;
pub(crate) mod clearance;
pub(crate) mod cosignature;
pub(crate) mod finding;
pub(crate) mod head;
pub(crate) mod hold;
pub(crate) mod kept;
pub(crate) mod leaf;
pub(crate) mod lease;
pub(crate) mod prune;
pub(crate) mod reconciliation;
pub(crate) mod scrub;
pub(crate) mod source;
pub(crate) mod term;
pub(crate) mod tile;
pub(crate) mod unpacked;

use crate::tlog::Hash;
use handsel_storage::Fault;

/// A hash out of a column, whose length the schema checks.
fn hash(bytes: &[u8]) -> Result<Hash, Fault> {
    Hash::try_from(bytes).map_err(|error| Fault::Invalid(error.to_string()))
}

/// A size, an index or a number as a column holds it.
fn column(value: u64) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault::Invalid(format!("{value} is beyond what a log holds")))
}
