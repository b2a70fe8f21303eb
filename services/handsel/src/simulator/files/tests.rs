//! The desk over a folder of its own: orders as the reward service writes them, answers as it reads them.

use super::{
    Desk,
    answer::{Answer, Kind, Round},
    store,
};
use crate::simulator::{Faults, MIGRATIONS, SCHEMA, Simulator};
use handsel_iso20022::{
    Account, CharacterSet, ChargeBearer, ControlSum, CreditTransfer, Debtor, Identifier, Limits, Line, OrderHeader,
    Party,
    camt053::StatementReader,
    pain001::OrderWriter,
    pain002::{ReportItem, ReportReader},
};
use handsel_money::{Money, Timestamp};
use handsel_service::World;
use handsel_storage::{Db, Location};
use std::{fs::File, io::BufReader, path::Path};

const DEBTOR: &str = "CZ6508000000192000145399";

fn id(number: usize) -> String {
    format!("{number:035}")
}

/// A file of these payouts, 10.00 CZK each.
fn order(folder: &Path, message_id: &str, payouts: &[usize]) {
    let account = || Account::Iban(DEBTOR.parse().unwrap());
    let amount: Money = "10.00 CZK".parse().unwrap();
    let header = OrderHeader {
        message_id: Identifier::new(message_id).unwrap(),
        created_at: Timestamp::from_micros(1_767_603_600_000_000),
        execution_date: "2026-01-05".parse().unwrap(),
        debtor: Debtor {
            name: Line::new("Banka", CharacterSet::Sepa).unwrap(),
            account: account(),
            agent: None,
            service_level: None,
            charges: ChargeBearer::Shared,
        },
        currency: amount.currency(),
        count: payouts.len() as u64,
        sum: payouts.iter().fold(ControlSum::ZERO, |sum, _| sum.plus(amount)),
    };
    let path = folder.join(format!("{message_id}.xml"));
    let mut writer = OrderWriter::begin(File::create(path).unwrap(), &header).unwrap();
    for number in payouts {
        let transfer = CreditTransfer {
            end_to_end_id: Identifier::new(id(*number)).unwrap(),
            amount,
            creditor: Party {
                name: Line::new("Jana", CharacterSet::Sepa).unwrap(),
                account: account(),
                agent: None,
                address: None,
            },
            remittance: Line::new(format!("Referral reward {number}"), CharacterSet::Sepa).unwrap(),
        };
        writer.write(&transfer).unwrap();
    }
    writer.finish().unwrap();
}

struct Bank {
    folder: tempfile::TempDir,
    simulator: Simulator,
    desk: Desk,
}

impl Bank {
    async fn open(faults: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite { folder: folder.path().to_owned() };
        let db = Db::open(&location, SCHEMA).await.unwrap();
        db.migrate(MIGRATIONS).await.unwrap();
        let simulator = Simulator::open(db, World::real(), faults.parse::<Faults>().unwrap()).await.unwrap();
        let desk = Desk::open(folder.path().join("orders"), folder.path().join("answers")).unwrap();
        std::fs::create_dir(folder.path().join("orders")).unwrap();
        Self { folder, simulator, desk }
    }

    fn order(&self, message_id: &str, payouts: &[usize]) {
        order(&self.folder.path().join("orders"), message_id, payouts);
    }

    /// Reads everything that lies there.
    async fn read(&self) {
        for path in self.desk.orders().unwrap() {
            self.simulator.read_order(&path).await.unwrap();
        }
    }

    /// The answers of a round to an order, each transaction in a line.
    async fn answers(&self, message_id: &str, round: Round) -> Vec<String> {
        let order = store::file(&self.simulator.db, message_id).await.unwrap().unwrap();
        let answers = self.simulator.answers(&self.desk, &order, round).await.unwrap();
        answers.iter().flat_map(lines).collect()
    }
}

fn lines(answer: &Answer) -> Vec<String> {
    let source = BufReader::new(File::open(&answer.path).unwrap());
    let zone = "Europe/Prague".parse().unwrap();
    let mut lines = vec![answer.message_id.clone()];
    match answer.kind {
        Kind::Report => {
            let mut reader = ReportReader::open(source, &zone, Limits::default()).unwrap();
            while let Some(item) = reader.next().unwrap() {
                if let ReportItem::Transfer(one) = item {
                    lines.push(format!("{} {}", short(one.end_to_end_id), one.status.unwrap()));
                }
            }
        }
        Kind::Statement => {
            let mut reader = StatementReader::open(source, &zone, Limits::default()).unwrap();
            while let Some(one) = reader.next().unwrap() {
                assert_eq!(one.statement.account, DEBTOR);
                let back = one.returned.map(|code| format!(" {code}")).unwrap_or_default();
                lines.push(format!("{} {:?} {}{back}", short(one.end_to_end_id), one.direction, one.amount.unwrap()));
            }
        }
    }
    lines
}

fn short(id: Option<String>) -> String {
    id.unwrap().trim_start_matches('0').to_owned()
}

#[tokio::test]
async fn an_order_is_answered_in_two_rounds() {
    let bank = Bank::open("").await;
    bank.order("BANK-0000000001", &[1, 2]);
    bank.read().await;
    let first = bank.answers("BANK-0000000001", Round::First).await;
    assert_eq!(
        first,
        ["R1-BANK-0000000001", "1 ACSP", "2 ACSP", "S1-BANK-0000000001", "1 Debit 10.00 CZK", "2 Debit 10.00 CZK",]
    );
    assert_eq!(bank.answers("BANK-0000000001", Round::First).await, first, "the same files again");
    assert!(bank.answers("BANK-0000000001", Round::Second).await.is_empty());
}

#[tokio::test]
async fn each_fault_tells_its_story() {
    for (faults, first, second) in [
        ("reject=100", vec!["R1-B-1", "1 RJCT", "S1-B-1"], vec![]),
        (
            "late-acceptance=100",
            vec!["R1-B-1", "1 PDNG", "S1-B-1"],
            vec!["R2-B-1", "1 ACSP", "S2-B-1", "1 Debit 10.00 CZK"],
        ),
        (
            "returned=100",
            vec!["R1-B-1", "1 ACSP", "S1-B-1", "1 Debit 10.00 CZK"],
            vec!["S2-B-1", "1 Credit 10.00 CZK AC04"],
        ),
        (
            "unknown-id=100",
            vec!["R1-B-1", "1 ACSP", "S1-B-1", "1 Debit 10.00 CZK"],
            vec!["S2-B-1", "SALARY-2026-01 Debit 1.00 CZK"],
        ),
    ] {
        let bank = Bank::open(faults).await;
        bank.order("B-1", &[1]);
        bank.read().await;
        assert_eq!(bank.answers("B-1", Round::First).await, first, "{faults}");
        assert_eq!(bank.answers("B-1", Round::Second).await, second, "{faults}");
    }
}

#[tokio::test]
async fn a_payout_in_two_files_is_noticed_and_paid_once() {
    let bank = Bank::open("").await;
    bank.order("B-1", &[1, 2]);
    bank.read().await;
    bank.order("B-2", &[2, 3]);
    bank.read().await;
    bank.read().await;
    let paid = bank.simulator.payments("CZK".parse().unwrap()).await.unwrap();
    assert_eq!((paid.count, paid.sum_minor, paid.doubled, paid.twice), (3, 3_000, 0, 1));
    let answers = bank.answers("B-2", Round::First).await;
    assert!(!answers.iter().any(|line| line.starts_with("2 ")), "{answers:?}");
}
