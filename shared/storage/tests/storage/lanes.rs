//! Lanes: shared transactions in which each command stands for itself.
use crate::{
    commands::{COUNTERS, Count, Move, Put, Refused, Then, put},
    on_both_engines,
    place::Place,
};
use futures::{FutureExt, future::join_all};
use handsel_storage::{Command, Fault, LaneSettings, Lanes, Tx};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::Instant,
};

/// Holds its lane until it is let go, so that others gather behind it.
struct Hold(Arc<Gate>);

struct Gate {
    reached: Notify,
    open: Semaphore,
}

impl Command for Hold {
    const NAME: &'static str = "test.hold";
    type Output = ();

    async fn apply(&self, _tx: &mut Tx) -> Result<(), Fault> {
        self.0.reached.notify_one();
        drop(self.0.open.acquire().await);
        Ok(())
    }
}

/// Tells how many of its kind were applied together.
struct Together(Arc<Mutex<Vec<usize>>>);

impl Command for Together {
    const NAME: &'static str = "test.together";
    type Output = usize;

    async fn apply(&self, _tx: &mut Tx) -> Result<usize, Fault> {
        Ok(1)
    }

    async fn apply_all(batch: &[&Self], _tx: &mut Tx) -> Result<Vec<usize>, Fault> {
        if let Some(first) = batch.first() {
            first.0.lock().unwrap().push(batch.len());
        }
        Ok(vec![batch.len(); batch.len()])
    }
}

/// One lane that is held, so that what is sent to it waits.
async fn held(place: &Place, settings: LaneSettings) -> (Lanes, Arc<Gate>) {
    let lanes = Lanes::start(place.db.clone(), LaneSettings { lanes: 1, ..settings });
    let gate = Arc::new(Gate { reached: Notify::new(), open: Semaphore::new(0) });
    let (holder, lane) = (Hold(Arc::clone(&gate)), lanes.clone());
    tokio::spawn(async move { lane.run("key", holder).await.unwrap() });
    gate.reached.notified().await;
    (lanes, gate)
}

type Outcome<C> = Result<<C as Command>::Output, Fault>;

/// Puts a command into the queue; the outcome is to be awaited.
fn send<C: Command>(lanes: &Lanes, key: &str, command: C) -> impl Future<Output = Outcome<C>> + use<C> {
    let (lanes, key) = (lanes.clone(), key.to_owned());
    queued(async move { lanes.run(&key, command).await })
}

/// A future that has been polled once: what it sends is sent.
fn queued<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let mut future = Box::pin(future);
    let early = future.as_mut().now_or_never();
    async move {
        match early {
            Some(output) => output,
            None => future.await,
        }
    }
}

/// Sends all while the lane is held, and lets it go; their outcomes in the same order.
async fn send_all<C: Command>(lanes: &Lanes, gate: &Gate, commands: Vec<C>) -> Vec<Outcome<C>> {
    let sent: Vec<_> = commands.into_iter().map(|command| send(lanes, "key", command)).collect();
    gate.open.close();
    join_all(sent).await
}

fn sixty_four(odd: &Then) -> Vec<Put> {
    (0..64).map(|n| put(format!("{n}")).then(if n == 37 { odd.clone() } else { Then::Succeed })).collect()
}

on_both_engines! {
    async fn a_poisoned_command_fails_alone(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        let outcomes = send_all(&lanes, &gate, sixty_four(&Then::BreakTheSchema)).await;
        let failed: Vec<_> = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).collect();
        assert!(matches!(failed[..], [(37, Err(Fault::Storage(_)))]), "{failed:?}");
        assert_eq!(place.counters().await, 63);
        assert_eq!(place.value("37").await, None);
    }

    async fn a_panic_is_its_commands_own(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        let outcomes = send_all(&lanes, &gate, sixty_four(&Then::Panic)).await;
        let failed: Vec<_> = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).collect();
        assert!(matches!(failed[..], [(37, Err(Fault::Panicked))]), "{failed:?}");
        assert_eq!(place.counters().await, 63);
        lanes.run("key", put("after")).await.unwrap().unwrap();
    }

    async fn a_refusal_does_not_trouble_its_neighbours(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        let outcomes = send_all(&lanes, &gate, sixty_four(&Then::Refuse)).await;
        for (n, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome.unwrap(), if n == 37 { Err(Refused) } else { Ok(format!("counters/{n}")) });
        }
        assert_eq!(place.counters().await, 63);
    }

    async fn consecutive_commands_of_a_kind_go_together(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        let batches = Arc::new(Mutex::new(vec![]));
        let commands = (0..50).map(|_| Together(Arc::clone(&batches))).collect();
        let outcomes = send_all(&lanes, &gate, commands).await;
        assert_eq!(*batches.lock().unwrap(), [50]);
        assert!(outcomes.into_iter().all(|outcome| outcome.unwrap() == 50));
    }

    async fn a_transaction_takes_no_more_in_when_its_time_is_up(place: Place) {
        let settings = LaneSettings { work: Duration::from_millis(1), ..LaneSettings::default() };
        let (lanes, gate) = held(&place, settings).await;
        let commands = (0..8).map(|n| put(format!("{n}")).then(Then::Take(Duration::from_millis(2)))).collect();
        let commits = lanes.after_commit();
        let outcomes = send_all(&lanes, &gate, commands).await;
        assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().is_ok()));
        assert_eq!(place.counters().await, 8);
        commits.notified().await;
    }

    async fn a_full_queue_is_busy(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings { queue: 5, ..LaneSettings::default() }).await;
        let outcomes = send_all(&lanes, &gate, (0..9).map(|n| put(format!("{n}"))).collect()).await;
        let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Fault::Busy))).count();
        assert_eq!(busy, 4, "{outcomes:?}");
        assert_eq!(place.counters().await, 5);
    }

    async fn a_caller_past_its_deadline_is_skipped(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        let deadline = Instant::now() + Duration::from_millis(10);
        let late = queued(lanes.run_until("key", deadline, put("late")));
        tokio::time::sleep_until(deadline).await;
        let outcomes = send_all(&lanes, &gate, vec![put("in time")]).await;
        assert!(matches!(outcomes[..], [Ok(Ok(_))]));
        assert!(matches!(late.await, Err(Fault::Expired)));
        assert_eq!(place.value("late").await, None);
    }

    async fn a_caller_that_goes_away_cuts_nothing(place: Place) {
        let (lanes, gate) = held(&place, LaneSettings::default()).await;
        drop(send(&lanes, "key", put("kept")));
        gate.open.close();
        lanes.drain().await;
        assert_eq!(place.value("kept").await, Some(0));
    }

    async fn drained_lanes_have_answered_all_and_take_no_more(place: Place) {
        let lanes = place.lanes();
        let sent: Vec<_> = (0..100).map(|n| send(&lanes, &format!("key {n}"), put(format!("{n}")))).collect();
        lanes.drain().await;
        assert_eq!(place.counters().await, 100);
        assert!(matches!(lanes.run("key", put("late")).await, Err(Fault::Busy)));
        assert!(join_all(sent).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    }

    async fn a_hot_row_has_one_writer(place: Place) {
        place.db.transact(&put("hot")).await.unwrap().unwrap();
        let lanes = place.lanes();
        let mut callers = JoinSet::new();
        for _ in 0..200 {
            let lanes = lanes.clone();
            callers.spawn(async move { lanes.run("hot", Count { name: "hot" }).await.unwrap() });
        }
        let mut seen = callers.join_all().await;
        seen.sort_unstable();
        assert_eq!(seen, (1..=200).collect::<Vec<i64>>());
    }

    async fn lanes_that_meet_do_not_deadlock(place: Place) {
        for name in ["left", "right"] {
            place.db.transact(&put(name)).await.unwrap().unwrap();
        }
        for _ in 0..100 {
            place.db.transact(&Count { name: "left" }).await.unwrap();
            place.db.transact(&Count { name: "right" }).await.unwrap();
        }
        let (lanes, runs) = (place.lanes(), Arc::new(AtomicU32::new(0)));
        let mut callers = JoinSet::new();
        for n in 0..64 {
            let (from, to) = if n % 2 == 0 { ("left", "right") } else { ("right", "left") };
            let (lanes, runs) = (lanes.clone(), Arc::clone(&runs));
            callers.spawn(async move {
                lanes.run(&format!("{n}"), Move { from, to, lock: &COUNTERS, runs }).await.unwrap();
            });
        }
        callers.join_all().await;
        assert_eq!(runs.load(Ordering::Relaxed), 64, "none was run again");
        assert_eq!((place.value("left").await, place.value("right").await), (Some(100), Some(100)));
    }

    async fn each_listener_hears_of_a_commit(place: Place) {
        let lanes = place.lanes();
        let (one, other) = (lanes.after_commit(), lanes.after_commit());
        lanes.run("key", put("news")).await.unwrap().unwrap();
        tokio::time::timeout(Duration::from_secs(5), async { one.notified().await; other.notified().await }).await.unwrap();
    }
}
