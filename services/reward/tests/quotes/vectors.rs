//! Reads a file of vectors, asks every case, and reports every difference.

use serde_json::Value;
use std::path::Path;
use tonic::{Code, Status};

/// What a case was answered: the vectors' own form, or the name of the status.
pub(crate) type Answer = Result<Value, String>;

/// A refusal's status as the vectors name it.
pub(crate) fn refused(status: &Status) -> String {
    match status.code() {
        Code::InvalidArgument => "INVALID_ARGUMENT".to_owned(),
        Code::OutOfRange => "OUT_OF_RANGE".to_owned(),
        Code::FailedPrecondition => "FAILED_PRECONDITION".to_owned(),
        other => format!("{other:?}: {}", status.message()),
    }
}

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors: Value = serde_json::from_str(&text).unwrap();
    vectors["cases"].as_array().unwrap().clone()
}

/// What was compared of a file, and what differed.
pub(crate) struct Compared {
    file: &'static str,
    cases: usize,
    differences: Vec<String>,
}

impl Compared {
    pub(crate) const fn of(file: &'static str) -> Self {
        Self { file, cases: 0, differences: Vec::new() }
    }

    pub(crate) fn add(&mut self, case: &Value, ours: &Answer) {
        self.cases += 1;
        let theirs = match case.get("error") {
            Some(error) => Err(error.as_str().unwrap().to_owned()),
            None => Ok(case["out"].clone()),
        };
        if *ours != theirs {
            self.differences.push(format!("{}\n  ours   {ours:?}\n  theirs {theirs:?}", case["id"]));
        }
    }

    pub(crate) fn all_agree(&self) {
        let Self { file, cases, differences } = self;
        assert!(*cases > 5, "{file} holds few cases");
        assert!(differences.is_empty(), "{file}: {} differ:\n{}", differences.len(), differences.join("\n"));
    }
}
