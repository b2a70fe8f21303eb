//! When a reward that is due and was never paid is owed no more.

use handsel_money::{Timestamp, Zone};

/// The first instant of the day so many days after the due one, in the plan's time zone; none: never.
pub fn expires_at(due_at: Timestamp, zone: &Zone, expiry_days: Option<i32>) -> Option<Timestamp> {
    let due_on = due_at.date_in(zone);
    let last = due_on.plus_days(expiry_days?).ok()?;
    Some(last.start_in(zone))
}
