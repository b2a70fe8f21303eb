//! Jobs run by hand, so that a test needs neither loops nor waiting.

use handsel_service::{Job, Worked};

/// No situation of a test takes as many rounds.
const ROUNDS: usize = 10_000;

/// Runs the jobs in turn until there is nothing left for any of them. An idle job may have made work for another (a relay for
/// the one behind it), so it ends after as many idle rounds as there are jobs, and one.
///
/// # Panics
/// Where a job fails, or they never come to rest.
pub async fn run_jobs_until_idle(jobs: &[Job]) {
    let mut idle_rounds = 0;
    for _ in 0..ROUNDS {
        let mut worked = Worked::Idle;
        for job in jobs {
            match job.run_once().await {
                Ok(Worked::More) => worked = Worked::More,
                Ok(Worked::Idle) => {}
                Err(error) => panic!("job {} fails: {error:#}", job.name),
            }
        }
        idle_rounds = if worked == Worked::Idle { idle_rounds + 1 } else { 0 };
        if idle_rounds > jobs.len() {
            return;
        }
    }
    panic!("the jobs do not come to rest in {ROUNDS} rounds");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicI32, Ordering},
        },
        time::Duration,
    };

    #[tokio::test]
    async fn work_that_is_handed_on_in_idle_runs_is_done() {
        let stations: Vec<_> = (0..4).map(|at| Arc::new(AtomicI32::new(if at == 3 { 5 } else { 0 }))).collect();
        // Each job takes from its station and puts on the one before, so that no round does more than one hop.
        let hand_on = |from: usize| {
            let (from, to) = (Arc::clone(&stations[from]), Arc::clone(&stations[from - 1]));
            Job::new("hand on", Duration::from_secs(1), move || {
                to.fetch_add(from.swap(0, Ordering::SeqCst), Ordering::SeqCst);
                async { Ok(Worked::Idle) }
            })
        };
        run_jobs_until_idle(&[hand_on(1), hand_on(2), hand_on(3)]).await;
        assert_eq!(stations[0].load(Ordering::SeqCst), 5);
    }
}
