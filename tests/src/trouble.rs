//! Trouble for processes: killed wherever they are, each in its turn, and started again.

use crate::dice::Dice;
use crate::process::Process;
use std::cell::Cell;
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
