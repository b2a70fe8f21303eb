//! What is written here, held to the schemas that others carry.

use crate::samples::{order, statement};
use std::process::Command;

#[test]
fn every_file_is_valid_against_its_schema() {
    let python = std::env::var("HANDSEL_TEST_PYTHON").expect(
        "HANDSEL_TEST_PYTHON is not set: run tests/run, or set it to a Python with shared/iso20022/tests/requirements.txt installed",
    );
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut keep = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    };
    for (count, currency) in [(1, "EUR"), (50, "EUR"), (7, "JPY"), (7, "KWD"), (2_000, "CZK")] {
        keep(&format!("order-{count}-{currency}.xml"), &order(count, currency));
    }
    for version in [0, 1] {
        keep(&format!("statement-{version}.xml"), statement(version).as_bytes());
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/schemas.py");
    let output = Command::new(&python).arg(script).args(&files).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );

    // The check itself bites.
    let wrong = folder.path().join("wrong.xml");
    let text = String::from_utf8(order(1, "EUR")).unwrap().replace("<PmtMtd>TRF</PmtMtd>", "");
    std::fs::write(&wrong, text).unwrap();
    let output = Command::new(&python).arg(script).arg(&wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
