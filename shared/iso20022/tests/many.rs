//! A hundred thousand payouts, written, read back and answered by a statement in bounded memory. A process of its own, so that its
//! peak is theirs: `cargo test -p handsel-iso20022 --release --test many -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use handsel_iso20022::{
    Account, CharacterSet, ChargeBearer, ControlSum, CreditTransfer, Debtor, Direction, Identifier, Limits, Line,
    OrderHeader, OrderReader, Party,
    bank::{EntryOf, StatementOf, write_statement},
    camt053::StatementReader,
    pain001::OrderWriter,
};
use handsel_money::Money;
use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    time::Instant,
};

const COUNT: u64 = 100_000;
const ACCOUNT: &str = "CZ6508000000192000145399";
const MOST_KILOBYTES: u64 = 200 * 1024;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// The most memory that this process ever had, as Linux counts it.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "a measurement: run it by itself"]
fn a_hundred_thousand_payouts_stay_within_the_bound() {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let (order, statement) = (folder.path().join("order.xml"), folder.path().join("statement.xml"));
    let account = Account::Iban(ACCOUNT.parse().unwrap());
    let name = Line::new("Customer", CharacterSet::Sepa).unwrap();
    let header = OrderHeader {
        message_id: Identifier::new("BANK-0000000001").unwrap(),
        created_at: "2026-03-02T08:30:00Z".parse().unwrap(),
        execution_date: "2026-03-02".parse().unwrap(),
        debtor: Debtor {
            name: Line::new("Bank", CharacterSet::Sepa).unwrap(),
            account: account.clone(),
            agent: None,
            service_level: None,
            charges: ChargeBearer::Shared,
        },
        currency: "EUR".parse().unwrap(),
        count: COUNT,
        sum: ControlSum::of(money("1020000.00 EUR")),
    };
    let mut writer = OrderWriter::begin(BufWriter::new(File::create(&order).unwrap()), &header).unwrap();
    for number in 0..COUNT {
        let transfer = CreditTransfer {
            end_to_end_id: Identifier::new(format!("{number:035x}")).unwrap(),
            amount: money("10.20 EUR"),
            creditor: Party { name: name.clone(), account: account.clone(), agent: None, address: None },
            remittance: Line::new("Referral reward", CharacterSet::Sepa).unwrap(),
        };
        writer.write(&transfer).unwrap();
    }
    writer.finish().unwrap().flush().unwrap();
    let written = begun.elapsed();

    let mut reader = OrderReader::open(BufReader::new(File::open(&order).unwrap()), Limits::default()).unwrap();
    while reader.next().unwrap().is_some() {}
    drop(reader);

    let ids: Vec<String> = (0..COUNT).map(|number| format!("{number:035x}")).collect();
    let said = StatementOf {
        version: 1,
        message_id: "S-1",
        created_at: header.created_at,
        account: ACCOUNT,
        iban: true,
        day: header.execution_date,
        opening: money("2000000.00 EUR"),
        closing: money("980000.00 EUR"),
    };
    let entries = ids.iter().map(|id| EntryOf {
        end_to_end_id: id,
        amount: money("10.20 EUR"),
        direction: Direction::Debit,
        bank_reference: "CB-1",
        returned: None,
    });
    write_statement(BufWriter::new(File::create(&statement).unwrap()), &said, entries).unwrap();
    let zone = "Europe/Prague".parse().unwrap();
    let source = BufReader::new(File::open(&statement).unwrap());
    let mut reader = StatementReader::open(source, &zone, Limits::default()).unwrap();
    let mut booked = 0;
    while reader.next().unwrap().is_some() {
        booked += 1;
    }
    assert_eq!(booked, COUNT);
    let peak = peak_kilobytes();
    println!(
        "{COUNT} payouts: written in {written:?}, read back and answered in {:?}; peak {} MB",
        begun.elapsed(),
        peak / 1024
    );
    assert!(peak < MOST_KILOBYTES, "{peak} kB");
}
