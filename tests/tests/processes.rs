//! The suite as in production: four services and a core bank, each in a process of its own over one database. Whoever is killed,
//! at any moment: every reward is paid, once, and the log proves it. Whoever is asked to stop ends well, and nobody waits for him.
#![expect(clippy::expect_used, reason = "what a test needs and does not get fails the test")]

use futures::future::join_all;
use handsel_tests::bank::{Bank, Introduction, Registered, disordered};
use handsel_tests::dice::Dice;
use handsel_tests::installation::{Installation, Lease, Service};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use std::cell::Cell;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The core bank loses answers, repeats them, delays them, and changes its mind from silence to acceptance.
const FAULTS: &str = "lost-answer=30,duplicate=30,delay=20,late-acceptance=20,seed=11";
/// Introductions, so many at a time.
const INTRODUCTIONS: u32 = 60;
const WAVE: u32 = 5;
/// So many processes die between one wave and the next.
const KILLS_A_WAVE: u32 = 2;

fn processes(installation: &Installation) -> Vec<Process> {
    let mut processes: Vec<Process> = Service::ALL.into_iter().map(|service| installation.process(service)).collect();
    processes.push(installation.core_bank(FAULTS));
    processes.iter_mut().for_each(Process::start);
    processes
}

/// Kills one process after the other, each in its turn of a shuffled round, wherever it is, and starts it again soon after.
/// Ends with the first round that began when the work was over.
async fn kill(processes: &mut [Process], mut dice: Dice, kills: &watch::Sender<u32>, work_is_over: &Cell<bool>) {
    loop {
        let last_round = work_is_over.get();
        dice.shuffle(processes);
        for process in &mut *processes {
            sleep(dice.millis(50, 700)).await;
            process.kill().await;
            sleep(dice.millis(0, 400)).await;
            process.start();
            kills.send_modify(|kills| *kills += 1);
        }
        if last_round {
            return;
        }
    }
}

/// Makes the rules, and works introductions off in waves. Facts come in any order, some twice, some only with the next wave.
async fn work(bank: &Bank<'_>, mut dice: Dice, mut kills: watch::Receiver<u32>) -> Vec<Registered> {
    bank.make_tiers().await;
    // Rewards are computed by the tiers that the reward service knows.
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;
    let before = *kills.borrow();
    let (mut registered, mut late) = (Vec::new(), Vec::new());
    for wave in 0..INTRODUCTIONS / WAVE {
        kills.wait_for(|kills| *kills >= before + wave * KILLS_A_WAVE).await.expect("kills go on");
        let numbers = wave * WAVE..(wave + 1) * WAVE;
        let new = join_all(numbers.map(|number| bank.register(Introduction(number)))).await;
        let mut facts = std::mem::take(&mut late);
        facts.extend(new.iter().flat_map(Registered::facts));
        facts = disordered(facts, &mut dice);
        late = facts.split_off(facts.len() - facts.len() / 4);
        bank.report(&facts).await;
        bank.approve().await;
        registered.extend(new);
    }
    bank.report(&late).await;
    registered
}

#[tokio::test]
async fn whoever_is_killed_every_reward_is_paid_once() {
    let installation = Installation::new("processes_killed", Lease(1_500));
    let mut processes = processes(&installation);
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(240)));
    let (kills, seen) = watch::channel(0);
    let work_is_over = Cell::new(false);
    let working = async {
        let registered = work(&bank, Dice::new(1913), seen).await;
        work_is_over.set(true);
        registered
    };
    let (registered, ()) = tokio::join!(working, kill(&mut processes, Dice::new(1914), &kills, &work_is_over));

    bank.wait_until_paid(&registered).await;
    bank.wait_until_delivered(&Service::ALL[..3]).await;
    let closing = bank.close(&registered).await;
    let (kills, repeated) = (*kills.borrow(), bank.patience.repeated());
    println!("{kills} kills, {repeated} calls made again, {closing:?}");
    assert!(kills >= 20, "only {kills} kills");
    assert!(repeated > 0, "no call met a process that was away");
    assert_eq!(closing.payments, 96);
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
        bank.wait_until_delivered(&Service::ALL[..3]).await;

        let Some(process) = processes.get_mut(number as usize) else { break };
        let asked = Instant::now();
        let ended = process.stop().await;
        assert!(ended.success(), "{} ended with {ended}", process.name());
        println!("{} stopped within {:?}", process.name(), asked.elapsed());
        process.start();
    }
    println!("{:?}", bank.close(&registered).await);
}
