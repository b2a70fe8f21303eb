//! One statement for several rows at once, for SQLite: to send a statement to its thread and wait for the answer takes longer than
//! to run it.

use std::{borrow::Cow, ops::Range};

/// How many rows are sent together; what is left over goes in the next smaller number. Each number is a prepared statement of its
/// own, so there are few.
const TOGETHER: [usize; 3] = [16, 4, 1];

/// Divides so many rows into spans that are sent together.
pub(crate) fn spans(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0_usize;
    std::iter::from_fn(move || {
        let left = rows.saturating_sub(next);
        let size = TOGETHER.into_iter().find(|size| *size <= left)?;
        let span = next..next.saturating_add(size);
        next = span.end;
        Some(span)
    })
}

/// The statement so many times, one after the other; `$1…` of each counts on from the one before, which has `columns` of them.
pub(crate) fn repeated(sql: &'static str, columns: usize, times: usize) -> Cow<'static, str> {
    if times == 1 {
        return Cow::Borrowed(sql);
    }
    let mut parts = sql.split('$');
    let before = parts.next().unwrap_or_default();
    let parts: Vec<(Option<usize>, &str)> = parts.map(numbered).collect();
    let mut text = String::with_capacity(sql.len().saturating_mul(times).saturating_mul(2));
    for time in 0..times {
        text.push_str(before);
        for (number, rest) in &parts {
            text.push('$');
            if let Some(number) = number {
                text.push_str(&number.saturating_add(time.saturating_mul(columns)).to_string());
            }
            text.push_str(rest);
        }
        text.push(';');
    }
    Cow::Owned(text)
}

/// The number that a text begins with, and the rest.
fn numbered(text: &str) -> (Option<usize>, &str) {
    let (digits, rest) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    match digits.parse() {
        Ok(number) => (Some(number), rest),
        Err(_) => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_together() {
        let sizes = |rows| spans(rows).map(|span| span.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(3), [1, 1, 1]);
        assert_eq!(sizes(22), [16, 4, 1, 1]);
        assert_eq!(spans(40).collect::<Vec<_>>(), [0..16, 16..32, 32..36, 36..40]);
    }

    #[test]
    fn parameters_count_on() {
        assert_eq!(repeated("INSERT INTO a VALUES ($1, $2)", 2, 1), "INSERT INTO a VALUES ($1, $2)");
        assert_eq!(
            repeated("UPDATE a SET b = $2 WHERE c = $1", 2, 3),
            "UPDATE a SET b = $2 WHERE c = $1;UPDATE a SET b = $4 WHERE c = $3;UPDATE a SET b = $6 WHERE c = $5;"
        );
        assert_eq!(
            repeated("SELECT $1, a ->> '$.b', $10", 10, 2),
            "SELECT $1, a ->> '$.b', $10;SELECT $11, a ->> '$.b', $20;"
        );
    }
}
