//! Files to start from.

use handsel_iso20022::{
    Account, Address, Booked, CharacterSet, ChargeBearer, ControlSum, CreditTransfer, Debtor, Direction, FileError,
    Identifier, Limits, Line, OrderHeader, Party,
    bank::{EntryOf, ReportOf, StatementOf, TransferStatus, write_report, write_statement},
    camt053::StatementReader,
    pain001::OrderWriter,
    pain002::{ReportItem, ReportReader},
};
use handsel_money::{Currency, Money, Timestamp, Zone};

pub(crate) const DEBTOR: &str = "CZ6508000000192000145399";
pub(crate) const CREDITORS: [&str; 4] =
    ["DE89370400440532013000", "GB29NWBK60161331926819", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"];

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn at() -> Timestamp {
    "2026-03-02T08:30:00Z".parse().unwrap()
}

pub(crate) fn zone() -> Zone {
    "Europe/Prague".parse().unwrap()
}

pub(crate) fn line<const LENGTH: usize>(text: &str) -> Line<LENGTH> {
    Line::new(text, CharacterSet::Unicode).unwrap()
}

pub(crate) fn iban(text: &str) -> Account {
    Account::Iban(text.parse().unwrap())
}

pub(crate) fn header(currency: Currency, count: u64, sum: ControlSum) -> OrderHeader {
    OrderHeader {
        message_id: Identifier::new("HANDSEL-BANKCZPP-0000000001").unwrap(),
        created_at: at(),
        execution_date: "2026-03-02".parse().unwrap(),
        debtor: Debtor {
            name: line("Banka & synové"),
            account: iban(DEBTOR),
            agent: Some("GIBACZPX".parse().unwrap()),
            service_level: Some(Identifier::new("SEPA").unwrap()),
            charges: ChargeBearer::ServiceLevel,
        },
        currency,
        count,
        sum,
    }
}

/// The `n`th of many transfers.
pub(crate) fn transfer(n: u64, currency: Currency) -> CreditTransfer {
    let place = usize::try_from(n).unwrap();
    let address = n
        .is_multiple_of(2)
        .then(|| Address::new("Dlouhá", "12", "110 00", "Praha", "CZ", CharacterSet::Unicode).unwrap());
    let account = if n % 5 == 4 { Account::other("19-2000145399/0800").unwrap() } else { iban(CREDITORS[place % 4]) };
    CreditTransfer {
        end_to_end_id: Identifier::new(format!("{n:035x}")).unwrap(),
        amount: Money::new(currency, i64::try_from(n).unwrap() * 7 + 1),
        creditor: Party {
            name: line("Jana <Nováková>"),
            account,
            agent: n.is_multiple_of(3).then(|| "DEUTDEFF500".parse().unwrap()),
            address,
        },
        remittance: line("Odměna 2026/03 \"friends\""),
    }
}

/// An order of so many transfers.
pub(crate) fn order(count: u64, currency: &str) -> Vec<u8> {
    let currency: Currency = currency.parse().unwrap();
    let transfers: Vec<CreditTransfer> = (1..=count).map(|n| transfer(n, currency)).collect();
    let sum = transfers.iter().fold(ControlSum::ZERO, |sum, one| sum.plus(one.amount));
    let mut writer = OrderWriter::begin(Vec::new(), &header(currency, count, sum)).unwrap();
    for one in &transfers {
        writer.write(one).unwrap();
    }
    writer.finish().unwrap()
}

/// A report on three transfers: settled, rejected, waiting.
pub(crate) fn report(version: usize) -> String {
    let said = ReportOf {
        version,
        message_id: "REPORT-1",
        created_at: at(),
        original_message_id: "HANDSEL-1",
        original_count: 3,
        original_sum: ControlSum::parse("30.60").unwrap(),
        status: Some("PART"),
    };
    let one = |end_to_end_id, status, reason, bank_reference, amount| TransferStatus {
        end_to_end_id,
        status,
        reason,
        bank_reference,
        amount: money(amount),
    };
    let transfers = [
        one("a1", "ACSC", None, Some("CB-1"), "10.20 EUR"),
        one("a2", "RJCT", Some("AC04"), None, "10.20 EUR"),
        one("a3", "PDNG", None, None, "10.20 EUR"),
    ];
    let mut out = Vec::new();
    write_report(&mut out, &said, transfers).unwrap();
    String::from_utf8(out).unwrap()
}

/// A statement of two payments out and one of them back.
pub(crate) fn statement(version: usize) -> String {
    let said = StatementOf {
        version,
        message_id: "STATEMENT-1",
        created_at: at(),
        account: DEBTOR,
        iban: true,
        day: "2026-03-02".parse().unwrap(),
        opening: money("100.00 EUR"),
        closing: money("89.80 EUR"),
    };
    let one = |end_to_end_id, direction, bank_reference, returned| EntryOf {
        end_to_end_id,
        amount: money("10.20 EUR"),
        direction,
        bank_reference,
        returned,
    };
    let entries = [
        one("a1", Direction::Debit, "CB-1", None),
        one("a2", Direction::Debit, "CB-2", None),
        one("a2", Direction::Credit, "CB-3", Some("AC04")),
    ];
    let mut out = Vec::new();
    write_statement(&mut out, &said, entries).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn read_report(text: &[u8]) -> Result<Vec<ReportItem>, FileError> {
    read_report_within(text, Limits::default())
}

pub(crate) fn read_report_within(text: &[u8], limits: Limits) -> Result<Vec<ReportItem>, FileError> {
    let mut reader = ReportReader::open(text, &zone(), limits)?;
    let mut items = Vec::new();
    while let Some(item) = reader.next()? {
        items.push(item);
    }
    Ok(items)
}

pub(crate) fn read_statement(text: &[u8]) -> Result<Vec<Booked>, FileError> {
    let mut reader = StatementReader::open(text, &zone(), Limits::default())?;
    let mut booked = Vec::new();
    while let Some(one) = reader.next()? {
        booked.push(one);
    }
    Ok(booked)
}
