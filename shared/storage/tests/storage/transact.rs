//! Commands, one a transaction: reruns, refusals, faults.
use crate::{
    commands::{COUNTER, COUNTERS, Count, Move, Put, Refused, Then, put},
    on_both_engines,
    place::Place,
};
use handsel_storage::{Command, Engine, Fault, Tx};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::task::JoinSet;

/// Never wins.
struct Loser(AtomicU32);

impl Command for Loser {
    const NAME: &'static str = "test.loser";
    type Output = ();

    async fn apply(&self, _tx: &mut Tx) -> Result<(), Fault> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Fault::Contention)
    }
}

/// Whether the planner may scan a table where an index serves.
struct MayScan;

impl Command for MayScan {
    const NAME: &'static str = "test.may_scan";
    type Output = String;

    async fn apply(&self, tx: &mut Tx) -> Result<String, Fault> {
        let (may,): (String,) = tx.one(tx.pick("SELECT current_setting('enable_seqscan')", "SELECT 'off'"), ()).await?;
        Ok(may)
    }
}

/// A hundred moves to and fro by eight tasks; how often they ran.
async fn moves_to_and_fro(place: &Place, lock: &'static handsel_storage::LockTable) -> u32 {
    for name in ["left", "right"] {
        place.db.transact(&put(name)).await.unwrap().unwrap();
    }
    for name in ["left", "right"] {
        for _ in 0..10 {
            place.db.transact(&Count { name }).await.unwrap();
        }
    }
    let runs = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let (from, to) = if task % 2 == 0 { ("left", "right") } else { ("right", "left") };
        let (db, runs) = (place.db.clone(), Arc::clone(&runs));
        tasks.spawn(async move {
            for _ in 0..2 {
                db.transact(&Move { from, to, lock, runs: Arc::clone(&runs) }).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!((place.value("left").await, place.value("right").await), (Some(10), Some(10)));
    runs.load(Ordering::Relaxed)
}

on_both_engines! {
    async fn a_write_scans_no_table(place: Place) {
        assert_eq!(place.db.transact(&MayScan).await.unwrap(), "off");
        let after = place.db.pick("SELECT current_setting('enable_seqscan')", "SELECT 'on'");
        let (may,): (String,) = place.db.one(after, ()).await.unwrap();
        assert_eq!(may, "on", "a read may: it knows what it sums up");
    }

    async fn a_lost_race_is_run_again(place: Place) {
        place.db.transact(&put("hot")).await.unwrap().unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let db = place.db.clone();
            tasks.spawn(async move {
                for _ in 0..10 {
                    db.transact(&Count { name: "hot" }).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(place.value("hot").await, Some(80));
    }

    async fn a_race_lost_for_ever_ends(place: Place) {
        let loser = Loser(AtomicU32::new(0));
        assert!(matches!(place.db.transact(&loser).await, Err(Fault::Contention)));
        assert_eq!(loser.0.load(Ordering::Relaxed), 10);
    }

    async fn a_refusal_is_a_value_and_writes_nothing(place: Place) {
        assert_eq!(place.db.transact(&put("no").then(Then::Refuse)).await.unwrap(), Err(Refused));
        assert_eq!(place.counters().await, 0);
    }

    async fn a_fault_rolls_back(place: Place) {
        let fault = place.db.transact(&put("bad").then(Then::BreakTheSchema)).await.unwrap_err();
        assert!(matches!(fault, Fault::Storage(_)), "{fault}");
        assert_eq!(place.counters().await, 0);
    }

    async fn a_swallowed_fault_is_not_committed(place: Place) {
        let fault = place.db.transact(&put("bad").then(Then::SwallowAFault)).await.unwrap_err();
        assert!(matches!(fault, Fault::Invalid(_)), "{fault}");
        assert_eq!(place.counters().await, 0);
    }

    async fn a_unique_constraint_can_mean_a_lost_race(place: Place) {
        place.db.transact(&put("one")).await.unwrap().unwrap();
        let fault = place.db.transact(&put("one")).await.unwrap_err();
        assert!(fault.is_unique_violation());
        assert!(matches!(fault.unique_is_race(), Fault::Contention));
    }

    async fn sorted_locks_do_not_deadlock(place: Place) {
        assert_eq!(moves_to_and_fro(&place, &COUNTER).await, 16, "none was run again");
    }

    async fn locks_of_one_table_are_taken_together(place: Place) {
        assert_eq!(moves_to_and_fro(&place, &COUNTERS).await, 16, "none was run again");
    }
}

#[tokio::test]
async fn a_connection_lost_before_commit_is_run_again() {
    let place = Place::new(Engine::Postgres, "lost_before_commit").await;
    let runs = Arc::new(AtomicU32::new(0));
    let command = Put { name: "kept".into(), then: Then::LoseTheConnection(Arc::clone(&runs)) };
    place.db.transact(&command).await.unwrap().unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(place.counters().await, 1);
}

/// A deferred trigger ends the connection while it commits.
#[tokio::test]
async fn a_connection_lost_at_commit_is_unknown() {
    let place = Place::new(Engine::Postgres, "lost_at_commit").await;
    let trap = handsel_storage::Migration {
        version: 101,
        name: "trap",
        postgres: "
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON counter DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();",
        sqlite: "",
    };
    place.db.migrate(&[crate::place::migrations(), vec![trap]].concat()).await.unwrap();
    let fault = place.db.transact(&put("who knows")).await.unwrap_err();
    assert!(matches!(fault, Fault::Unknown), "{fault}");
}
