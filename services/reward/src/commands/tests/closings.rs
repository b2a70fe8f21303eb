//! Balances are those of all lines, however much of the journal is closed and in whatever order instants come; and a slow transaction's
//! lines are skipped by nobody.

use crate::{
    Reward,
    commands::{advance_horizon::AdvanceHorizon, close_ledger::CloseLedger},
    domain::ledger::{Event, Posting},
    store::{self, transfer::Transfer},
};
use handsel_money::{Money, Timestamp};
use handsel_service::Clock as _;
use handsel_storage::{Command, Db, Engine, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Notify;
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

/// Adds lines after having written something else, as every command does; then waits where it is told to.
struct Write {
    lines: Vec<Transfer>,
    pause: Option<(Arc<Notify>, Arc<Notify>)>,
}

impl Command for Write {
    const NAME: &'static str = "test.write";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        tx.exec("UPDATE ledger_horizon SET candidate = candidate WHERE id = 2", ()).await?;
        store::tier::record(tx, "customers/1", "CORE", self.lines[0].posted_at, self.lines[0].posted_at).await?;
        store::transfer::insert(tx, &self.lines).await?;
        if let Some((written, go_on)) = &self.pause {
            written.notify_one();
            go_on.notified().await;
        }
        Ok(())
    }
}

fn line(number: u128, plan: &str, amount: Money, posted_at: Timestamp) -> Transfer {
    Transfer {
        id: Uuid::from_u128(number),
        reward: None,
        number: 0,
        posting: Posting { event: Event::TaxRemittance, amount },
        plan: plan.to_owned(),
        customer: String::new(),
        posted_at,
    }
}

/// Until nothing that began before is under way on the whole server.
async fn complete(db: &Db) {
    for _ in 0..100_000 {
        if !db.transact(&AdvanceHorizon).await.unwrap() {
            return;
        }
    }
    panic!("the horizon does not move");
}

async fn horizon(db: &Db) -> i64 {
    let mut tx = db.read().await.unwrap();
    store::journal::horizon(&mut tx).await.unwrap()
}

/// `plan currency account` → debits, credits.
type Sums = BTreeMap<String, (i128, i128)>;

async fn read(db: &Db, as_of: Timestamp, through: i64, plan: Option<String>) -> Sums {
    let mut tx = db.read().await.unwrap();
    let rows = store::balance::at(&mut tx, as_of, through, plan).await.unwrap();
    let sides = |row: &store::balance::BalanceRow| {
        (store::wide(row.debit_high, row.debit_low), store::wide(row.credit_high, row.credit_low))
    };
    rows.iter().map(|row| (format!("{} {} {}", row.plan_id, row.currency, row.account), sides(row))).collect()
}

fn added_up(lines: &[Transfer], as_of: Timestamp, plan: Option<&str>) -> Sums {
    let mut sums = Sums::new();
    let counted = lines.iter().filter(|line| line.posted_at <= as_of && plan.is_none_or(|plan| line.plan == plan));
    for line in counted {
        let amount = i128::from(line.posting.amount.minor());
        let key = |account: &str| format!("{} {} {account}", line.plan, line.posting.amount.currency().code());
        sums.entry(key(line.posting.debit().code())).or_default().0 += amount;
        sums.entry(key(line.posting.credit().code())).or_default().1 += amount;
    }
    sums
}

on_both_engines! {
    async fn a_balance_is_that_of_every_line_however_much_is_closed(lab: Lab) {
        let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
        let (mut runner, start) = (TestRunner::deterministic(), lab.clock.now());
        let told = (0..3_usize, any::<bool>(), 1..=i64::MAX / 4, 0..60_u32);
        let told = prop::collection::vec(told, 1..14).new_tree(&mut runner).unwrap();
        let mut told = told;
        let (mut written, mut closed) = (Vec::new(), 0);
        for round in 0..25_u32 {
            let batch: Vec<Transfer> = told
                .current()
                .into_iter()
                .map(|(plan, yen, minor, second)| {
                    let currency = if yen { "JPY" } else { "CNY" }.parse().unwrap();
                    // Instants overlap from round to round: a slow command is posted late.
                    let at = start.checked_add(SECOND * (round * 20 + second)).unwrap();
                    let number = u128::from(round) * 1_000 + written.len() as u128 + u128::from(second) * 1_000_000;
                    (plan, Money::new(currency, minor), at, number)
                })
                .enumerate()
                .map(|(at, (plan, amount, posted_at, number))| {
                    line(number * 100 + at as u128, ["a", "b", "c"][plan], amount, posted_at)
                })
                .collect();
            db.transact(&Write { lines: batch.clone(), pause: None }).await.unwrap();
            written.extend(batch);
            complete(&db).await;
            closed += db.transact(&CloseLedger { lines: 5, now: start }).await.unwrap();
            for second in [0, 7, 30, 100, round * 20, round * 20 + 59, 10_000] {
                let as_of = start.checked_add(SECOND * second).unwrap();
                assert_eq!(read(&db, as_of, i64::MAX, None).await, added_up(&written, as_of, None), "{round} {second}");
                assert_eq!(
                    read(&db, as_of, i64::MAX, Some("b".into())).await,
                    added_up(&written, as_of, Some("b")),
                    "{round} {second}"
                );
            }
            told = prop::collection::vec((0..3_usize, any::<bool>(), 1..=i64::MAX / 4, 0..60_u32), 1..14)
                .new_tree(&mut runner)
                .unwrap();
        }
        assert!(closed > 50, "{closed} lines closed show little");
        // The journal as it was after so many lines stays what it was.
        let early = &written[..12];
        let end = Timestamp::MAX;
        let (through,): (i64,) =
            db.one("SELECT MIN(ordinal) + 11 FROM transfer", ()).await.unwrap();
        assert_eq!(read(&db, end, through, None).await, added_up(early, end, None));
        for sql in ["UPDATE ledger_closing SET last_ordinal = 1", "DELETE FROM ledger_closing_balance"] {
            let touched: Result<Vec<(i64,)>, _> = db.all(sql, ()).await;
            assert!(touched.is_err(), "{sql}");
        }
        // Too few lines of a day that is not over wait; a day later they are closed.
        while db.transact(&CloseLedger { lines: 5, now: start }).await.unwrap() > 0 {}
        let tomorrow = start.checked_add(SECOND * 24 * 60 * 60 * 2).unwrap();
        db.transact(&CloseLedger { lines: 5, now: tomorrow }).await.unwrap();
        let (left,): (i64,) = db
            .one("SELECT COUNT(*) FROM transfer WHERE ordinal > (SELECT MAX(last_ordinal) FROM ledger_closing)", ())
            .await
            .unwrap();
        assert_eq!(left, 0);
    }

    async fn the_journal_ends_before_what_a_slow_transaction_has_written(lab: Lab) {
        let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
        if db.engine() == Engine::Sqlite {
            // One writer at a time: none is slower than another.
            return;
        }
        let (now, one) = (lab.clock.now(), Money::new("CNY".parse().unwrap(), 1));
        let later = now.checked_add(SECOND).unwrap();
        let (written, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let pause = Some((Arc::clone(&written), Arc::clone(&go_on)));
        let slow = Write { lines: vec![line(1, "a", one, now)], pause };
        let (own, waits) = (db.clone(), Arc::clone(&written));
        let slow = tokio::spawn(async move { own.transact(&slow).await });
        waits.notified().await;
        db.transact(&Write { lines: vec![line(2, "a", one, later)], pause: None }).await.unwrap();
        for _ in 0..20 {
            db.transact(&AdvanceHorizon).await.unwrap();
            assert_eq!(horizon(&db).await, 0, "the line before it is not there yet");
        }
        go_on.notify_one();
        slow.await.unwrap().unwrap();
        complete(&db).await;
        complete(&db).await;
        assert_eq!(horizon(&db).await, 2);
    }
}
