//! Where the files of an export lie: C2SP tlog-tiles, and ours beside them.

use crate::tlog::TILE_WIDTH;

/// The signed tree head.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// The log's key.
pub(super) const KEY: &str = "keys/log.vkey";
/// Which signatures count (C2SP tlog-policy).
pub(super) const POLICY: &str = "policy";
/// Statements as a table.
pub(super) const TABLE: &str = "views/records.csv";
/// Statements as CloudEvents.
pub(super) const EVENTS: &str = "views/records.ndjson";
/// The verifier that travels along.
pub(super) const VERIFIER: &str = "verify.py";
/// What all files must be.
pub(super) const MANIFEST: &str = "manifest.json";
/// Where an export stands that is not finished.
pub(super) const UNFINISHED: &str = "unfinished.json";

/// The program at [`VERIFIER`].
pub(super) const VERIFIER_PROGRAM: &str = include_str!("verify.py");

/// A tile of hashes; `width` 256 for a full one.
pub(super) fn tile(level: usize, number: u64, width: u64) -> String {
    format!("tile/{level}/{}{}", numbered(number), partial(width))
}

/// The leaves of a tile of level 0.
pub(super) fn entries(number: u64, width: u64) -> String {
    format!("tile/entries/{}{}", numbered(number), partial(width))
}

/// The openings of the bodies of a tile's leaves.
pub(super) fn bodies(number: u64) -> String {
    format!("bodies/{}", numbered(number))
}

/// The openings of personal data in a tile's leaves.
pub(super) fn openings(number: u64) -> String {
    format!("openings/{}", numbered(number))
}

/// Three digits a folder, all but the last behind an `x`.
fn numbered(number: u64) -> String {
    let (above, last) = (number / 1_000, number % 1_000);
    if above == 0 { format!("{last:03}") } else { format!("{}/{last:03}", folders(above)) }
}

fn folders(number: u64) -> String {
    let (above, last) = (number / 1_000, number % 1_000);
    if above == 0 { format!("x{last:03}") } else { format!("{}/x{last:03}", folders(above)) }
}

fn partial(width: u64) -> String {
    if width == TILE_WIDTH { String::new() } else { format!(".p/{width}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile(1, 0, 17), "tile/1/000.p/17");
        assert_eq!(entries(1_000, 1), "tile/entries/x001/000.p/1");
        assert_eq!(bodies(999), "bodies/999");
    }
}
