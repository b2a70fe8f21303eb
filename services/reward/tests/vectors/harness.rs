//! Reads a file of vectors strictly, runs every case, and reports every difference.

use std::fmt::Debug;
use std::path::Path;

use handsel_reward::domain::calculation::error::CalculationError;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// A file of vectors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors<I, O> {
    #[serde(rename = "spec")]
    _spec: String,
    #[serde(rename = "format")]
    _format: IgnoredAny,
    cases: Vec<Case<I, O>>,
}

/// One case: what goes in, and either what comes out or the class of refusal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<I, O> {
    id: String,
    #[serde(rename = "tag", default)]
    _tag: Option<Tag>,
    #[serde(rename = "in")]
    input: I,
    out: Option<O>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tag {
    OrderSensitive,
}

/// Runs every case of a file, which has this many.
pub(crate) fn run<I, O>(file: &str, count: usize, answer: impl Fn(&I) -> Result<O, CalculationError>)
where
    I: DeserializeOwned,
    O: DeserializeOwned + PartialEq + Debug,
{
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors: Vectors<I, O> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let differences: Vec<String> = vectors.cases.iter().filter_map(|case| difference(case, &answer)).collect();
    assert!(differences.is_empty(), "{} cases differ:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(vectors.cases.len(), count, "{file} has another number of cases than this test was written for");
}

/// How the answer differs from the case's, if it does.
fn difference<I, O: PartialEq + Debug>(
    case: &Case<I, O>,
    answer: impl Fn(&I) -> Result<O, CalculationError>,
) -> Option<String> {
    let id = &case.id;
    match (answer(&case.input), &case.out, &case.error) {
        (Ok(ours), Some(theirs), None) if ours == *theirs => None,
        (Err(ours), None, Some(theirs)) if ours.class().name() == theirs => None,
        (ours, Some(theirs), None) => Some(format!("{id}\n  ours   {ours:?}\n  theirs {theirs:?}")),
        (ours, None, Some(theirs)) => Some(format!("{id}\n  ours   {ours:?}\n  theirs {theirs}")),
        (_, Some(_), Some(_)) | (_, None, None) => Some(format!("{id} has both or neither of a result and an error")),
    }
}
