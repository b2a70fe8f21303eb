//! An export: everything that somebody needs to check the log by himself, as a folder of files.
//!
//! It is made from the stream of all records, by the follower that proves each batch, so nothing is exported that was not proven
//! first; and it is checked again without network or database, by [`verify()`], by the `verify.py` beside it, or by any program
//! that reads C2SP tlog-tiles.
//!
//! | file | holds |
//! |---|---|
//! | `checkpoint` | the signed tree head (C2SP tlog-checkpoint) |
//! | `tile/<level>/<number>` | 256 hashes each; the last of a level is `….p/<width>` (C2SP tlog-tiles) |
//! | `tile/entries/<number>` | the leaves of a tile of level 0, each behind its length in two bytes |
//! | `bodies/<number>` | one JSON object a line: `index`, `salt` (hex), `body` (base64): the openings of body digests |
//! | `openings/<number>` | where they were asked for: one JSON object a line, `index`, `c`, `field`, `blind` (hex), `plain`: personal data, open |
//! | `policy`, `keys/log.vkey` | C2SP tlog-policy, and the log's key |
//! | `views/records.csv`, `views/records.ndjson` | the same statements as a table (RFC 4180) and as CloudEvents 1.0 |
//! | `verify.py`, `manifest.json` | a verifier of one page; the SHA-256 of every other file |

mod growing;
mod layout;
mod manifest;
mod openings;
mod tiles;
mod verify;
mod views;
mod writer;

pub use manifest::Manifest;
pub use openings::{FieldOfRecord, Unsealer};
pub use verify::{ExportFault, ExportReport, verify};
pub use writer::{ExportError, Exported, Exporter, Openings};
