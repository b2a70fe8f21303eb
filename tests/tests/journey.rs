//! Journeys through the whole suite, by clients that are not ours.
#![expect(clippy::expect_used, reason = "a test says what it needs, and fails where it is not so")]

use handsel_tests::{Store, Suite, postgres, program};
use std::path::Path;
use std::process::Command;

/// A branch system in Python, with stubs from the contract: from the plan to the money.
fn python_follows_an_introduction_to_paid(store: &Store) {
    let python = std::env::var("HANDSEL_TEST_PYTHON").expect(
        "HANDSEL_TEST_PYTHON is not set: run tests/run, or set it to a Python with tests/clients/requirements.txt installed",
    );
    let data = tempfile::tempdir().expect("a folder");
    let faults = ["--simulator", "--faults", "lost-answer=50,duplicate=50,seed=3"];
    let suite = Suite::up(data.path(), store, &faults);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/introduction.py");
    let done = Command::new(python)
        .arg(script)
        .args(["--address", &suite.address])
        .arg("--handsel")
        .arg(program())
        .arg("--data")
        .arg(data.path())
        .output()
        .expect("Python runs");
    let (said, complained) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{complained}");
    for expected in [
        "the maker may not check: PERMISSION_DENIED, MAKER_IS_CHECKER",
        "another branch may not look: PERMISSION_DENIED, BRANCH_MISMATCH",
        "STATE_QUALIFIED",
        "200.00 CZK",
        "123.45 CZK",
    ] {
        assert!(said.contains(expected), "{expected:?} is missing from:\n{said}");
    }
    assert!(!said.contains("Nováková"), "the referee's name came back unmasked:\n{said}");
    assert_eq!(said.lines().last(), Some("PAID"), "{said}");
}

#[test]
fn python_follows_an_introduction_to_paid_on_sqlite() {
    python_follows_an_introduction_to_paid(&Store::Sqlite);
}

#[test]
fn python_follows_an_introduction_to_paid_on_postgres() {
    python_follows_an_introduction_to_paid(&postgres("python"));
}
