//! A statement as a row of a table and as a CloudEvent.

use crate::client::VerifiedRecord;
use crate::tlog::Hash;
use serde_json::{Value, json};
use std::io;

/// The table's first row.
const COLUMNS: [&str; 19] = [
    "index",
    "logged_at",
    "time",
    "type",
    "id",
    "source",
    "source_seq",
    "staff",
    "roles",
    "branch",
    "action",
    "outcome",
    "reason",
    "correlation",
    "amount_minor",
    "currency",
    "policy",
    "subjects",
    "leaf_hash",
];

/// The first row, as it stands in the file.
pub(super) fn table_head() -> io::Result<Vec<u8>> {
    line(COLUMNS.map(str::to_owned))
}

/// A record's row.
pub(super) fn row(record: &VerifiedRecord) -> io::Result<Vec<u8>> {
    let statement = &record.statement;
    let text = |path: &str| match statement.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    line([
        record.index.to_string(),
        record.logged_at.clone(),
        text("/time"),
        text("/type"),
        text("/id"),
        text("/source"),
        text("/source_seq"),
        text("/actor/staff"),
        text("/actor/roles"),
        text("/actor/branch"),
        text("/action"),
        text("/outcome"),
        text("/reason"),
        text("/correlation"),
        text("/amount_minor"),
        text("/currency"),
        text("/policy"),
        text("/subjects"),
        Hash::of_leaf(&record.leaf).to_string(),
    ])
}

/// A record as a CloudEvent in structured JSON, one line.
pub(super) fn event(record: &VerifiedRecord) -> io::Result<Vec<u8>> {
    let statement = &record.statement;
    let event = json!({
        "specversion": "1.0",
        "id": statement.get("id"),
        "source": statement.get("source"),
        "type": statement.get("type"),
        "time": statement.get("time"),
        "datacontenttype": "application/json",
        "auditindex": record.index.to_string(),
        "auditloggedat": record.logged_at,
        "data": statement,
    });
    let mut line = serde_json::to_vec(&event)?;
    line.push(b'\n');
    Ok(line)
}

fn line(fields: [String; COLUMNS.len()]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields.map(harmless)).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A spreadsheet takes a text that begins like a formula for one, and runs it.
fn harmless(field: String) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_and_no_formula() {
        let statement = json!({"id": "1", "type": "=cmd", "actor": {"roles": ["a", "b"]}, "reason": "x,\"y\"\nz"});
        let record = VerifiedRecord {
            index: 7,
            logged_at: "2026-01-01T00:00:00.000000Z".to_owned(),
            leaf: b"{}".to_vec(),
            statement,
            body: Vec::new(),
            body_salt: Vec::new(),
            absent: None,
        };
        let row = String::from_utf8(row(&record).unwrap()).unwrap();
        assert!(row.starts_with("7,2026-01-01T00:00:00.000000Z,,'=cmd,1,"), "{row}");
        assert!(row.contains("a b") && row.contains("\"x,\"\"y\"\"\nz\""), "{row}");
        assert!(row.ends_with("\r\n"));
        let event: Value = serde_json::from_slice(&event(&record).unwrap()).unwrap();
        assert_eq!((&event["specversion"], &event["auditindex"]), (&json!("1.0"), &json!("7")));
    }
}
