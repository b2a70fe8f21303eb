//! A beneficiary's statement as a file: a table by RFC 4180, or JSON.

use crate::domain::{
    calculation::explanation::Language,
    tax_statement::{Line, Statement, Sum, Sums},
};
use serde_json::{Value, json};
use std::io;

/// What the table is, for whoever saves it.
pub(crate) const CSV: &str = "text/csv; charset=utf-8; header=present";
/// What the object is.
pub(crate) const JSON: &str = "application/json";

const ENGLISH: [&str; 13] = [
    "Line",
    "Date",
    "Reward",
    "Plan",
    "Kind",
    "Jurisdiction",
    "Currency",
    "Paid before tax",
    "Reversed",
    "Tax",
    "Net received",
    "To be reported",
    "Payout reference",
];
const CHINESE: [&str; ENGLISH.len()] = [
    "行别",
    "日期",
    "奖励",
    "方案",
    "类别",
    "司法辖区",
    "币种",
    "税前已付",
    "已冲回",
    "税款",
    "税后实收",
    "需申报",
    "付款参考号",
];

type Row = [String; ENGLISH.len()];

/// The table: headings, a row `REWARD` each, a row `TOTAL` for each jurisdiction and currency.
///
/// # Errors
/// What the writer says; it writes to memory.
pub(crate) fn csv(statement: &Statement, language: Language) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let headings = match language {
        Language::English => ENGLISH,
        Language::Chinese => CHINESE,
    };
    writer.write_record(headings).map_err(io::Error::other)?;
    for row in statement.lines.iter().map(of_reward).chain(statement.totals.iter().map(of_total)) {
        writer.write_record(row.map(harmless)).map_err(io::Error::other)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn of_reward(line: &Line) -> Row {
    let Line { reward, plan, kind, jurisdiction, date, sums, flagged, payout_reference } = line;
    let [paid, reversed, tax, net] = amounts(sums);
    [
        "REWARD".to_owned(),
        date.to_string(),
        format!("rewards/{reward}"),
        format!("plans/{plan}"),
        kind.code().to_owned(),
        jurisdiction.clone(),
        sums.net.currency().code().to_owned(),
        paid,
        reversed,
        tax,
        net,
        if *flagged { "YES" } else { "" }.to_owned(),
        payout_reference.clone(),
    ]
}

fn of_total(total: &Sum) -> Row {
    let Sum { jurisdiction, sums, flag } = total;
    let [paid, reversed, tax, net] = amounts(sums);
    [
        "TOTAL".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        jurisdiction.clone(),
        sums.net.currency().code().to_owned(),
        paid,
        reversed,
        tax,
        net,
        if flag.is_some() { "YES" } else { "NO" }.to_owned(),
        String::new(),
    ]
}

fn amounts(sums: &Sums) -> [String; 4] {
    let Sums { paid, reversed, tax, net } = sums;
    [paid, reversed, tax, net].map(|amount| amount.to_major_string())
}

/// A spreadsheet takes a text that begins like a formula for one, and runs it.
fn harmless(field: String) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field }
}

/// The object, indented, its keys in the order in which they stand here: the same statement gives the same bytes.
///
/// # Errors
/// What the writer says; it writes to memory.
pub(crate) fn json(statement: &Statement) -> io::Result<Vec<u8>> {
    let Statement { beneficiary, year, lines, totals } = statement;
    let object = json!({
        "beneficiary": beneficiary,
        "year": year,
        "rewards": lines.iter().map(line_object).collect::<Vec<_>>(),
        "totals": totals.iter().map(total_object).collect::<Vec<_>>(),
    });
    let mut file = serde_json::to_vec_pretty(&object)?;
    file.push(b'\n');
    Ok(file)
}

fn line_object(line: &Line) -> Value {
    let Line { reward, plan, kind, jurisdiction, date, sums, flagged, payout_reference } = line;
    json!({
        "reward": format!("rewards/{reward}"),
        "plan": format!("plans/{plan}"),
        "kind": kind,
        "jurisdiction": jurisdiction,
        "date": date.to_string(),
        "currency": sums.net.currency().code(),
        "amounts": amounts_object(sums),
        "exceeded_threshold": flagged,
        "payout_reference": payout_reference,
    })
}

fn total_object(total: &Sum) -> Value {
    let Sum { jurisdiction, sums, flag } = total;
    json!({
        "jurisdiction": jurisdiction,
        "currency": sums.net.currency().code(),
        "amounts": amounts_object(sums),
        "reportable": flag.is_some(),
        "threshold": flag.as_ref().map(|flag| flag.threshold.to_major_string()),
        "exceed_time": flag.as_ref().map(|flag| flag.at.to_string()),
    })
}

fn amounts_object(sums: &Sums) -> Value {
    let [paid, reversed, tax, net] = amounts(sums);
    json!({ "paid_before_tax": paid, "reversed": reversed, "tax": tax, "net_received": net })
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx"] {
            assert_eq!(harmless(text.to_owned()), format!("'{text}"));
        }
        assert_eq!(harmless("TX-1".to_owned()), "TX-1");
    }
}
