//! The demo as a stranger runs it: to its end, twice, and killed at any moment.
#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it needs, and fails where it is not so")]

use handsel_tests::{Store, postgres, program};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// Enough of the history for tiers, approvals, caps, deposits, cards and loans.
const INTRODUCTIONS: &str = "90";

fn demo(data: &Path, store: &Store) -> Child {
    let mut command = Command::new(program());
    command.args(["demo", "--json", "--introductions", INTRODUCTIONS, "--data"]).arg(data);
    if let Store::Postgres(url) = store {
        command.args(["--database", url]);
    }
    command.env("RUST_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("the program starts")
}

/// Runs it to its end and returns what it found.
async fn to_the_end(data: &Path, store: &Store) -> Value {
    let done = demo(data, store).wait_with_output().await.expect("it ran");
    let (said, complained) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{}\n{said}\n{complained}", done.status);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"))
}

/// What must be the same however often it was interrupted.
fn outcome(found: &Value) -> Value {
    serde_json::json!({
        "funnel": found["funnel"], "rewards": found["rewards"], "trial_balance": found["trial_balance"],
        "payments": found["core_bank"]["payments"], "sum": found["core_bank"]["sum_minor"], "sound": found["sound"],
    })
}

async fn twice_gives_the_same(store: Store) {
    let data = tempfile::tempdir().expect("a folder");
    let first = to_the_end(data.path(), &store).await;
    assert_eq!(first["sound"], true, "{first}");
    assert_eq!(first["log"]["verified"], true);
    assert!(first["paid_rewards"].as_i64() > Some(30), "{first}");
    let again = to_the_end(data.path(), &store).await;
    assert_eq!(outcome(&again), outcome(&first));
}

/// Kills it at moments chosen by a seed, again and again, then lets it end.
async fn killed_at_any_moment(store: Store, reference: Store, seed: u64) {
    let (untouched, data) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let expected = to_the_end(untouched.path(), &reference).await;
    let mut dice = seed;
    let mut kills = 0;
    for _ in 0..15 {
        // A linear congruential step: the same moments for the same seed, as far as the machine allows.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(150 + (dice >> 33) % 2_500);
        let mut child = demo(data.path(), &store);
        if tokio::time::timeout(moment, child.wait()).await.is_err() {
            child.start_kill().expect("killed");
            child.wait().await.expect("gone");
            kills += 1;
        }
    }
    assert!(kills >= 5, "it ended by itself nearly always: only {kills} kills");
    let found = to_the_end(data.path(), &store).await;
    assert_eq!(outcome(&found), outcome(&expected), "after {kills} kills");
}

#[tokio::test]
async fn twice_gives_the_same_on_sqlite() {
    twice_gives_the_same(Store::Sqlite).await;
}

#[tokio::test]
async fn twice_gives_the_same_on_postgres() {
    twice_gives_the_same(postgres("twice")).await;
}

#[tokio::test]
async fn killed_at_any_moment_on_sqlite() {
    killed_at_any_moment(Store::Sqlite, Store::Sqlite, 1993).await;
}

#[tokio::test]
async fn killed_at_any_moment_on_postgres() {
    killed_at_any_moment(postgres("killed"), Store::Sqlite, 1998).await;
}
