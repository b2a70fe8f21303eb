//! Trouble for processes: killed wherever they are, each in its turn, and started again.

use crate::dice::Dice;
use crate::patience::Patience;
use crate::process::Process;
use std::cell::Cell;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// Kills one process after the other, each in its turn of a shuffled round, wherever it is, and starts it again soon after.
/// Ends with the first round that began when the work was over.
pub async fn kill(processes: &mut [Process], mut dice: Dice, kills: &watch::Sender<u32>, work_is_over: &Cell<bool>) {
    loop {
        let last_round = work_is_over.get();
        dice.shuffle(processes);
        for process in &mut *processes {
            sleep(dice.millis(10, 500)).await;
            process.kill().await;
            sleep(dice.millis(0, 300)).await;
            process.start();
            kills.send_modify(|kills| *kills += 1);
        }
        if last_round {
            return;
        }
    }
}

/// Kills one process or another, wherever it is, once so many calls were answered as the dice say, and starts it again soon after: on
/// however slow a machine, some work is done between two kills. Ends when the work is over.
pub async fn kill_at_work(
    processes: &mut [Process],
    mut dice: Dice,
    patience: &Patience,
    work_is_over: &Cell<bool>,
) -> u32 {
    let mut kills = 0;
    loop {
        let enough = patience.answered() + 1 + u32::try_from(dice.below(9)).expect("below nine");
        while patience.answered() < enough {
            if work_is_over.get() {
                return kills;
            }
            sleep(Duration::from_millis(5)).await;
        }
        sleep(dice.millis(0, 80)).await;
        let at = usize::try_from(dice.below(processes.len() as u64)).expect("below their number");
        processes[at].kill().await;
        kills += 1;
        sleep(dice.millis(0, 200)).await;
        processes[at].start();
    }
}

/// What varies tests of trouble: what is killed when, and what is done then.
const SEED: &str = "HANDSEL_TEST_SEED";

/// The seed of this run.
///
/// # Panics
/// If the variable that names one is no number.
#[must_use]
pub fn seed() -> u64 {
    std::env::var(SEED).map_or(1913, |seed| seed.parse().expect("a number"))
}

/// What may come of no trouble.
///
/// # Panics
/// If a process has panicked, or a call failed inside.
pub fn nothing_failed_inside(processes: &[Process]) {
    for process in processes {
        let log = process.log();
        for wrong in ["panicked", "a call failed inside"] {
            assert!(!log.contains(wrong), "{}: {log}", process.name());
        }
    }
}
