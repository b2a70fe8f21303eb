//! The README lists every reason that the contract's comments promise, once.

use crate::walk;
use std::{collections::BTreeSet, fs};

#[test]
fn every_reason_named_in_a_comment_is_in_the_table() {
    let listed = listed();
    let unlisted: BTreeSet<String> = promised().into_iter().filter(|reason| !listed.contains(reason)).collect();
    assert!(unlisted.is_empty(), "not in the table of proto/README.md: {unlisted:?}");
}

#[test]
fn no_reason_is_listed_twice() {
    let listed = listed();
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "{listed:?}");
}

/// The first column of the table of reasons.
fn listed() -> Vec<String> {
    let readme = fs::read_to_string(walk::folder().join("README.md")).unwrap();
    let (_, section) = readme.split_once("## Reasons\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let row = |line: &str| line.strip_prefix("| `")?.split_once('`').map(|(reason, _)| reason.to_owned());
    section.lines().filter_map(row).collect()
}

/// What stands in back-quotes after "refused with", and after a further "with" or "a gap with" of the same sentence.
fn promised() -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    for file in walk::files() {
        let text = fs::read_to_string(file).unwrap();
        let comments: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("//")).collect();
        for piece in comments.join(" ").split("with `").skip(1) {
            let word = piece.split('`').next().unwrap_or_default();
            if word.contains('_') && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
                reasons.insert(word.to_owned());
            }
        }
    }
    assert!(reasons.contains("MAKER_IS_CHECKER"), "the search is broken: {reasons:?}");
    reasons
}
