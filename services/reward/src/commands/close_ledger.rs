//! Sums up a stretch of the journal for good, so that balances need not be added up from the beginning.

use crate::store::{self, journal::Closing};
use handsel_money::Timestamp;
use handsel_storage::{At, Command, Fault, Tx};

/// A stretch of so many lines; a shorter one where its oldest line is from a day (UTC) that is over.
pub(crate) struct CloseLedger {
    pub(crate) lines: i64,
    pub(crate) now: Timestamp,
}

impl Command for CloseLedger {
    const NAME: &'static str = "ledger.close";
    /// Lines closed; 0: it was too early.
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, Fault> {
        let newest = store::journal::newest_closing(tx).await?;
        let (number, after) = newest.map_or((0, 0), |row| (row.number, row.last_ordinal));
        let horizon = store::journal::horizon(tx).await?;
        let stretch = store::journal::stretch(tx, after, horizon, self.lines).await?;
        let (Some(last_ordinal), Some(earliest), Some(latest)) =
            (stretch.last_ordinal, stretch.earliest, stretch.latest)
        else {
            return Ok(0);
        };
        if stretch.lines < self.lines && day_of(earliest.0) >= day_of(self.now) {
            return Ok(0);
        }
        let closing = Closing {
            number: number.saturating_add(1),
            first_ordinal: after.saturating_add(1),
            last_ordinal,
            earliest,
            latest,
            closed_at: At(self.now),
        };
        store::journal::close(tx, &closing).await?;
        Ok(stretch.lines)
    }
}

fn day_of(at: Timestamp) -> i64 {
    const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
    at.as_micros().div_euclid(DAY_MICROS)
}
