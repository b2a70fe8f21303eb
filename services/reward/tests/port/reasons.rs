//! Every reason that this service can give is given to somebody in these tests: a reason that nobody provokes may never come, or come
//! for something else.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where refusals say their reasons. Those of files have tests of their own.
const REFUSALS: [&str; 2] = ["src/domain/refusal.rs", "src/grpc/refusal.rs"];

/// What stands in quotes in capitals as the whole of what an arm or a function says.
fn reasons() -> BTreeSet<String> {
    let read = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let text: String = REFUSALS.iter().map(|file| read(file)).collect();
    let quoted = text.split('"').skip(1).step_by(2);
    let capitals = |word: &&str| word.len() > 3 && word.chars().all(|one| one.is_ascii_uppercase() || one == '_');
    quoted.filter(capitals).map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("reasons.rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_reason_is_provoked_through_the_port() {
    let mut files = Vec::new();
    for folder in ["tests/port", "tests/quotes"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let words: BTreeSet<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let word = |one: char| !one.is_ascii_alphanumeric() && one != '_';
            text.split(word).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let reasons = reasons();
    assert!(reasons.len() > 25 && reasons.contains("STATE_CONFLICT"), "these are not the reasons: {reasons:?}");
    let silent: Vec<&String> = reasons.difference(&words).collect();
    assert!(silent.is_empty(), "no test provokes {silent:?}");
}
