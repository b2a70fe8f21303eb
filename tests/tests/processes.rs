//! The suite as in production: four services and a core bank, each in a process of its own. Whoever is killed
//! or sleeps through his lease, at any moment: every reward is paid, once, and the log proves it and has kept every receipt. Whoever is asked to stop ends
//! well, and nobody waits for him.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "what a test needs and does not get fails the test; what it came to is for whoever reads its output"
)]

use futures::future::join_all;
use handsel_access::Role;
use handsel_tests::bank::{Bank, Introduction, OWING, Registered, disordered};
use handsel_tests::dice::Dice;
use handsel_tests::installation::{Caller, Installation, Lease, Service};
use handsel_tests::onlooker::{Onlooker, newest_checkpoint};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use handsel_tests::trouble::{kill, nothing_failed_inside, seed};
use handsel_tests::{Store, postgres};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The core bank loses answers, repeats them, delays them, accepts after a silence, and refuses for good.
const FAULTS: &str = "lost-answer=30,duplicate=30,delay=20,late-acceptance=20,reject=10,seed=11";
/// Introductions.
const INTRODUCTIONS: u32 = 60;
/// How many rewards they make.
const REWARDS: usize = 96;
/// The services whose messages go on all the time.
const PAIRED: [Service; 2] = [Service::Referral, Service::Reward];

fn processes(installation: &Installation) -> Vec<Process> {
    let services = Service::ALL.into_iter().map(|service| installation.process(service));
    services.chain([installation.core_bank(FAULTS)]).map(started).collect()
}

fn started(mut process: Process) -> Process {
    process.start();
    process
}

/// Has one process after the other sleep longer than its leases last, each in its turn of a shuffled round, and wakes it again.
/// Ends with the first round that began when the work was over.
async fn pause(processes: &mut [Process], mut dice: Dice, pauses: &watch::Sender<u32>, work_is_over: &Cell<bool>) {
    loop {
        let last_round = work_is_over.get();
        dice.shuffle(processes);
        for process in &mut *processes {
            sleep(dice.millis(10, 300)).await;
            process.pause().await;
            sleep(dice.millis(1_100, 1_700)).await;
            process.resume().await;
            pauses.send_modify(|pauses| *pauses += 1);
        }
        if last_round {
            return;
        }
    }
}

/// Makes the rules, and works introductions off in waves: after each trouble one. Facts come in any order, some twice, some only
/// with the next wave.
async fn work(bank: &Bank<'_>, size: u32, mut dice: Dice, mut troubles: watch::Receiver<u32>) -> Vec<Registered> {
    bank.make_tiers().await;
    // Rewards are computed by the tiers that the reward service knows.
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;
    let before = *troubles.borrow();
    let (mut registered, mut late) = (Vec::new(), Vec::new());
    for wave in 0..INTRODUCTIONS / size {
        troubles.wait_for(|troubles| *troubles >= before + wave).await.expect("troubles go on");
        let numbers = wave * size..(wave + 1) * size;
        let new = join_all(numbers.map(|number| bank.register(Introduction(number)))).await;
        let mut facts = std::mem::take(&mut late);
        facts.extend(new.iter().flat_map(Registered::facts));
        facts = disordered(facts, &mut dice);
        late = facts.split_off(facts.len() - facts.len() / 4);
        bank.report(&facts).await;
        bank.approve().await;
        bank.retry().await;
        registered.extend(new);
    }
    bank.report(&late).await;
    registered
}

/// Keeps each checkpoint that the log shows, until the work is over.
async fn look(officer: &Caller, onlooker: &RefCell<Onlooker>, work_is_over: &Cell<bool>) {
    while !work_is_over.get() {
        if let Some(shown) = newest_checkpoint(officer).await {
            onlooker.borrow_mut().was_shown(&shown);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn whoever_is_killed_every_reward_is_paid_once(store: Store) {
    const WAVE: u32 = 2;
    let installation = Installation::over(store, Lease(1_500));
    let mut processes = processes(&installation);
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(240)));
    let officer = installation.caller(Service::Audit, Role::ComplianceOfficer, "*", Some("karel"));
    let onlooker = RefCell::new(Onlooker::of(officer.clone(), &bank.patience).await);
    let (kills, seen) = watch::channel(0);
    let work_is_over = Cell::new(false);
    let seed = seed();
    let working = async {
        let registered = work(&bank, WAVE, Dice::new(seed), seen).await;
        work_is_over.set(true);
        registered
    };
    let killing = kill(&mut processes, Dice::new(!seed), &kills, &work_is_over);
    let (registered, (), ()) = tokio::join!(working, killing, look(&officer, &onlooker, &work_is_over));

    bank.wait_until_paid(&registered).await;
    bank.wait_until_delivered(&OWING).await;
    // On SQLite its books are its own as long as it runs.
    let core_bank = processes.iter_mut().find(|process| process.name() == "simulator").expect("it was started");
    assert!(core_bank.stop().await.success());
    let closing = bank.close(&registered).await;
    let mut onlooker = onlooker.into_inner();
    OWING.into_iter().for_each(|service| onlooker.was_told_by(&installation, service));
    let leaves = onlooker.read(&bank.patience).await;
    let held = onlooker.hold(&leaves, &bank.patience).await;
    let (kills, repeated) = (*kills.borrow(), bank.patience.repeated());
    println!("seed {seed}: {kills} kills, {repeated} calls made again, {closing:?}, {held:?}");
    assert!(held.receipts > 0 && held.checkpoints > 1, "{held:?}");
    assert!(kills >= INTRODUCTIONS / WAVE, "only {kills} kills");
    assert!(repeated > 0, "no call met a process that was away");
    assert_eq!(closing.payments, REWARDS);
    nothing_failed_inside(&processes);
}

#[tokio::test]
async fn whoever_is_killed_every_reward_is_paid_once_on_postgres() {
    whoever_is_killed_every_reward_is_paid_once(postgres("processes_killed")).await;
}

#[tokio::test]
async fn whoever_is_killed_every_reward_is_paid_once_on_sqlite() {
    whoever_is_killed_every_reward_is_paid_once(Store::Sqlite).await;
}

#[tokio::test]
async fn whoever_sleeps_through_his_lease_wakes_and_does_no_harm() {
    const WAVE: u32 = 6;
    let installation = Installation::new("processes_paused", Lease(1_000));
    let others = [installation.process(Service::Tier), installation.process(Service::Audit)];
    let _others = others.into_iter().chain([installation.core_bank(FAULTS)]).map(started).collect::<Vec<_>>();
    let pairs = PAIRED.into_iter().flat_map(|service| [installation.process(service), installation.replica(service)]);
    let mut processes: Vec<Process> = pairs.map(started).collect();
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(240)));
    let (pauses, seen) = watch::channel(0);
    let work_is_over = Cell::new(false);
    let seed = seed();
    let working = async {
        let registered = work(&bank, WAVE, Dice::new(seed), seen).await;
        work_is_over.set(true);
        registered
    };
    let (registered, ()) = tokio::join!(working, pause(&mut processes, Dice::new(!seed), &pauses, &work_is_over));

    bank.wait_until_paid(&registered).await;
    bank.wait_until_delivered(&OWING).await;
    let closing = bank.close(&registered).await;
    let take_overs = PAIRED.map(|service| bank.take_overs(service));
    println!("seed {seed}: {} pauses, {take_overs:?} take-overs, {closing:?}", *pauses.borrow());
    assert!(take_overs.iter().all(|times| *times > 0), "nobody slept through his lease: {take_overs:?}");
    assert_eq!(closing.payments, REWARDS);
    nothing_failed_inside(&processes);
}

/// Longer than the test: whoever had to wait for a lease would fail it.
const LONG: Lease = Lease(600_000);

#[tokio::test]
async fn whoever_is_asked_to_stop_ends_well_and_nobody_waits_for_him() {
    let installation = Installation::new("processes_stopped", LONG);
    let mut processes = processes(&installation);
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(120)));
    bank.make_tiers().await;
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;
    let mut registered = Vec::new();
    for number in 0.. {
        // Through every relay, so that each has its lease; and to the money, so that nothing rests.
        let introduced = bank.register(Introduction(number)).await;
        bank.report(&introduced.facts()).await;
        registered.push(introduced);
        bank.wait_until_paid(&registered).await;
        bank.wait_until_delivered(&OWING).await;

        let Some(process) = processes.get_mut(number as usize) else { break };
        let asked = Instant::now();
        let ended = process.stop().await;
        assert!(ended.success(), "{} ended with {ended}", process.name());
        println!("{} stopped within {:?}", process.name(), asked.elapsed());
        let log = process.log();
        assert!(process.name() == "simulator" || log.trim_end().ends_with(r#""message":"drained"}"#), "{log}");
        process.start();
    }
    println!("{:?}", bank.close(&registered).await);
}
