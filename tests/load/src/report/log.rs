//! What was found of the log.

use super::{Target, met, micros, millis};
use crate::log::Log;
use std::fmt::{self, Formatter};

/// Records that the log is to take in a second.
const APPENDED_TARGET: u64 = 5_000;
/// The longest that 99 of 100 acknowledgements are to take, in microseconds.
const ACKNOWLEDGED_TARGET: u64 = 50_000;
/// The longest that 99 of 100 records are to wait for a checkpoint, in microseconds.
const LAG_TARGET: u64 = 1_000_000;
/// The longest that 99 of 100 inclusion proofs are to take, in microseconds.
const PROOF_TARGET: u64 = 5_000;
/// Leaves that one processor is to hash up to the root in a second.
const HASHED_TARGET: u64 = 500_000;
/// The most bytes that a record is to lie in.
const STORED_TARGET: u64 = 750;

/// What we set out to reach.
pub(super) fn targets(log: &Log) -> Vec<Target> {
    let on = |what: &str| format!("log on {}: {what}", log.engine);
    let most = |what: &str, wanted: u64, found: u64, told: fn(u64) -> String| Target {
        what: on(what),
        wanted: format!("< {}", told(wanted)),
        found: told(found),
        met: met(found < wanted),
    };
    let least = |what: &str, wanted: u64, found: u64| Target {
        what: on(what),
        wanted: format!("≥ {wanted}"),
        found: found.to_string(),
        met: met(found >= wanted),
    };
    vec![
        least("records/s", APPENDED_TARGET, log.appended_per_second),
        most("p99 acknowledged", ACKNOWLEDGED_TARGET, log.acknowledged.p99_micros, millis),
        most("p99 until signed", LAG_TARGET, log.lag.p99_micros, millis),
        most("p99 of a proof", PROOF_TARGET, log.proof.p99_micros, millis),
        least("leaves/s hashed", HASHED_TARGET, log.hashed_per_core_second),
        most("bytes a record", STORED_TARGET, log.stored_bytes, |bytes| bytes.to_string()),
    ]
}

/// A line for each engine, if there are any.
pub(super) fn table(f: &mut Formatter<'_>, logs: &[Log]) -> fmt::Result {
    if logs.is_empty() {
        return Ok(());
    }
    let head = ["the log on", "filled with", "in", "records/s", "p50", "p99", "service", "database", "callers"];
    writeln!(f)?;
    line(f, &head.map(str::to_owned))?;
    for log in logs {
        line(
            f,
            &[
                log.engine.to_string(),
                log.records.to_string(),
                format!("{} s", log.filled_millis / 1_000),
                log.appended_per_second.to_string(),
                millis(log.acknowledged.p50_micros),
                millis(log.acknowledged.p99_micros),
                micros(log.service_micros_per_record),
                micros(log.database_micros_per_record),
                micros(log.callers_micros_per_record),
            ],
        )?;
    }
    let head =
        ["the log on", "signed p50", "p99", "proof p50", "p99", "round/s", "per core", "hashed/s", "bytes (leaf)"];
    writeln!(f)?;
    line(f, &head.map(str::to_owned))?;
    for log in logs {
        line(
            f,
            &[
                log.engine.to_string(),
                millis(log.lag.p50_micros),
                millis(log.lag.p99_micros),
                millis(log.proof.p50_micros),
                millis(log.proof.p99_micros),
                log.round_per_second.to_string(),
                log.round_per_core_second.to_string(),
                log.hashed_per_core_second.to_string(),
                format!("{} ({})", log.stored_bytes, log.leaf_bytes),
            ],
        )?;
    }
    Ok(())
}

fn line(f: &mut Formatter<'_>, [first, a, b, c, d, e, g, h, i]: &[String; 9]) -> fmt::Result {
    writeln!(f, "{first:<11} {a:>11} {b:>10} {c:>10} {d:>9} {e:>9} {g:>9} {h:>9} {i:>12}")
}
