//! Payouts from grant to money while the core bank loses, repeats and delays its answers and refuses late, compliance holds and
//! releases, two people approve each batch, and everybody is killed at moments thrown by a seed. At the end each reward is paid once
//! in the core bank's own book, or stands where what is unknown of it is said; and the ledger tells the same of each.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "what a test needs and does not get fails the test; what it came to is for whoever reads its output"
)]

use futures::future::join_all;
use handsel_proto::handsel::reward::v1::reward::State;
use handsel_tests::desk::{Desk, Held, OneProcess, Standing};
use handsel_tests::dice::Dice;
use handsel_tests::installation::{Installation, Lease, Service};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use handsel_tests::trouble::{kill_at_work, nothing_failed_inside, seed};
use std::cell::Cell;
use std::time::Duration;

/// Answers are lost, repeated and late; what is accepted late may be refused, and what is refused was accepted before.
const FAULTS: &str = "lost-answer=30,duplicate=30,delay=40,late-acceptance=20,reject=15,seed=23";
/// Waves of introductions.
const WAVES: u32 = 6;
/// Introductions in a wave, of two rewards each.
const SIZE: u32 = 4;
const REWARDS: usize = (WAVES * SIZE * 2) as usize;

/// Grants in waves, each told twice; approves, holds, releases and tries again meanwhile. What is held at the end is returned.
async fn work(desk: &Desk, mut dice: Dice) -> Vec<Held> {
    desk.make_plan().await;
    let mut held: Vec<Held> = Vec::new();
    for wave in 0..WAVES {
        let granted = join_all((wave * SIZE..(wave + 1) * SIZE).map(|number| desk.grant(number))).await;
        let names: Vec<String> = granted.into_iter().flatten().collect();
        held.extend(desk.hold_some(&names, &mut dice).await);
        desk.approve().await;
        desk.retry().await;
        for one in &held {
            desk.nothing_has_left(one).await;
        }
        if held.len() > 2 {
            let at = dice.below(held.len() as u64);
            desk.release(held.swap_remove(usize::try_from(at).expect("below their number"))).await;
        }
    }
    held
}

/// Everything is paid but so many.
async fn paid_but(desk: &Desk, but: usize) {
    let paid = async || {
        desk.approve().await;
        desk.retry().await;
        let paid = desk.standing(State::Paid).await.len();
        if paid + but == REWARDS { Ok(()) } else { Err(format!("{paid} of {REWARDS}, {but} held")) }
    };
    desk.patience.until("everything is paid that nobody holds", paid).await;
}

/// Works under trouble, and closes the books three times: when the bank is away in the middle of it, when all is paid but what is
/// held, and when nothing is held any more.
async fn paid_once(desk: &Desk, mut processes: Vec<Process>, bank_is_away: impl AsyncFn(&mut Vec<Process>)) {
    let seed = seed();
    let work_is_over = Cell::new(false);
    let working = async {
        let held = work(desk, Dice::new(seed)).await;
        work_is_over.set(true);
        held
    };
    let trouble = kill_at_work(&mut processes, Dice::new(!seed), &desk.patience, &work_is_over);
    let (held, kills) = tokio::join!(working, trouble);

    bank_is_away(&mut processes).await;
    let mut kept = 0;
    for one in &held {
        desk.nothing_has_left(one).await;
        // What had left before it was held is paid all the same.
        kept += usize::from(one.had_not_left());
    }
    paid_but(desk, kept).await;
    let before = desk.books().await;
    assert_eq!((before.paid, before.waiting + before.unknown), (REWARDS - kept, kept), "seed {seed}: {before:?}");
    for one in held {
        desk.release(one).await;
    }
    paid_but(desk, 0).await;
    let end = desk.books().await;
    let repeated = desk.patience.repeated();
    println!("seed {seed}: {kills} kills, {repeated} calls made again, {kept} held to the end, {end:?}");
    assert_eq!(Standing { paid: REWARDS, unknown: 0, waiting: 0, ..end }, end);
    assert!(end.refused > 0 && repeated > 0 && kills >= WAVES, "there was no trouble");
    nothing_failed_inside(&processes);
}

#[tokio::test]
async fn paid_once_on_postgres_each_service_by_itself() {
    let installation = Installation::new("paid_once", Lease(1_000));
    let services = [Service::Reward, Service::Audit].map(|service| installation.process(service));
    let mut processes: Vec<Process> = services.into_iter().chain([installation.core_bank(FAULTS)]).collect();
    processes.iter_mut().for_each(Process::start);
    let desk = installation.desk(Patience::within(Duration::from_secs(120)));
    paid_once(&desk, processes, async |processes| {
        // The bank alone is killed: what is under way stays so, and the books say it.
        let bank = processes.iter_mut().find(|process| process.name() == "simulator").expect("the core bank");
        bank.kill().await;
        let standing = desk.at_rest().await;
        println!("with the bank away: {standing:?}");
        bank.start();
    })
    .await;
}

#[tokio::test]
async fn paid_once_on_sqlite_in_one_process() {
    let suite = OneProcess::new(FAULTS);
    let desk = suite.desk(Patience::within(Duration::from_secs(120)));
    let mut process = suite.process();
    process.start();
    paid_once(&desk, vec![process], async |_| {}).await;
}
