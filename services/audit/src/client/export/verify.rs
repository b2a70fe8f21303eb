//! Checks an export from its files alone: no network, no database, and no trust in whoever made it.

use super::{
    layout,
    manifest::{self, Manifest},
    openings::OpeningLine,
    tiles::{Edge, Tile},
    views,
};
use crate::{
    client::{
        VerifiedRecord,
        personal::{self, PersonalError},
        pruned::{self, Places},
        record,
    },
    tlog::{CheckpointError, CompactRange, HASH_BYTES, Hash, NoteError, TILE_WIDTH, TreeHead, VerifierKey},
};
use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use handsel_proto::handsel::audit::v1::Record;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs, io, path::Path};
use thiserror::Error;

/// What an export was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// The log's origin.
    pub origin: String,
    /// The key that signed its checkpoint.
    pub verifier_key: String,
    /// Records, each hashed.
    pub tree_size: u64,
    /// Their root.
    pub root_hash: Hash,
    /// Bodies, each found to be what its statement commits to.
    pub bodies: u64,
    /// Fields of personal data that are open, each found to be what its statement commits to.
    pub opened: u64,
}

/// Why an export is not what it says it is.
#[derive(Debug, Error)]
pub enum ExportFault {
    /// A file cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        why: io::Error,
    },
    /// The manifest is none, or of a format that is not known here.
    #[error("manifest.json is not a manifest of {}", Manifest::FORMAT)]
    Manifest,
    /// A file differs from the manifest, is missing, or is one too many.
    #[error("{0} is not what the manifest says")]
    File(String),
    /// The key is none.
    #[error("keys/log.vkey: {0}")]
    Key(NoteError),
    /// The export brings another key than the one given.
    #[error("the export was signed by another key than the one given")]
    OtherKey,
    /// The checkpoint is not one that the key signed.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The manifest speaks of another tree than the checkpoint.
    #[error("the manifest and the checkpoint are of different trees")]
    OtherTree,
    /// A bundle of leaves does not hold what its place asks for.
    #[error("{0} does not hold its leaves")]
    Entries(String),
    /// A tile does not hold the hashes of what lies under it.
    #[error("{0} does not hold the hashes of what lies under it")]
    Tile(String),
    /// A leaf or its body is not what the log must hold.
    #[error("record {index}: {why}")]
    Record {
        /// Which.
        index: u64,
        /// What is wrong.
        why: record::RecordError,
    },
    /// A field of personal data is not what its statement commits to.
    #[error("record {index}: {why}")]
    Personal {
        /// Which.
        index: u64,
        /// What is wrong.
        why: PersonalError,
    },
    /// A body that belongs to no record of its bundle, or comes out of order.
    #[error("{0} holds what belongs to no record there")]
    Bodies(String),
    /// The leaves make another root than the one that was signed.
    #[error("the leaves make root {computed}, the checkpoint says {signed}")]
    Root {
        /// What they make.
        computed: Hash,
        /// What was signed.
        signed: Hash,
    },
    /// A view does not say what the leaves say.
    #[error("{0} does not say what the leaves say")]
    View(&'static str),
}

/// Checks an export: every file against the manifest, the signature, each leaf, each body, every tile, the root, and that the
/// views say what the leaves say. `progress` is told of records checked and records in all. Without `key` the one that the
/// export brings is believed, which proves less.
///
/// # Errors
/// [`ExportFault`]: the first thing that is not as it should be.
pub fn verify(
    folder: &Path,
    key: Option<&VerifierKey>,
    mut progress: impl FnMut(u64, u64),
) -> Result<ExportReport, ExportFault> {
    let manifest = read_manifest(folder)?;
    let key = read_key(folder, key)?;
    let head = TreeHead::open(&text(folder, layout::CHECKPOINT)?, &key)?;
    if (head.size, head.root, &head.origin) != (manifest.tree_size, manifest.root_hash, &manifest.origin) {
        return Err(ExportFault::OtherTree);
    }
    let mut reading = Reading::new(folder, &manifest)?;
    for number in 0..head.size.div_ceil(TILE_WIDTH) {
        let width = head.size.saturating_sub(number.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH);
        reading.bundle(number, width)?;
        progress(reading.tree.size(), head.size);
    }
    reading.finish(&head, &key)
}

fn read_manifest(folder: &Path) -> Result<Manifest, ExportFault> {
    let manifest: Manifest =
        serde_json::from_slice(&bytes(folder, layout::MANIFEST)?).map_err(|_| ExportFault::Manifest)?;
    let ordered = manifest.first_index <= manifest.end_index && manifest.end_index <= manifest.tree_size;
    if manifest.format != Manifest::FORMAT || !ordered {
        return Err(ExportFault::Manifest);
    }
    let found = manifest::files(folder).map_err(unreadable(&folder.display().to_string()))?;
    let names = manifest.files.keys().chain(found.keys());
    let differs = names.into_iter().find(|name| manifest.files.get(*name) != found.get(*name)).cloned();
    differs.map_or(Ok(manifest), |name| Err(ExportFault::File(name)))
}

fn read_key(folder: &Path, given: Option<&VerifierKey>) -> Result<VerifierKey, ExportFault> {
    let brought = VerifierKey::parse(text(folder, layout::KEY)?.trim_end_matches('\n')).map_err(ExportFault::Key)?;
    match given {
        Some(given) if given.to_string() != brought.to_string() => Err(ExportFault::OtherKey),
        _ => Ok(brought),
    }
}

/// What has been read of an export.
struct Reading<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
    tree: CompactRange,
    edge: Edge,
    bodies: u64,
    opened: u64,
    /// Bodies that are not there, and those that records say were pruned.
    absent: Places,
    pruned: Places,
    table: Context,
    events: Context,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    index: String,
    salt: String,
    body: String,
}

impl<'a> Reading<'a> {
    fn new(folder: &'a Path, manifest: &'a Manifest) -> Result<Self, ExportFault> {
        let mut table = Context::new(&SHA256);
        table.update(&views::table_head().map_err(unreadable(layout::TABLE))?);
        Ok(Self {
            folder,
            manifest,
            tree: CompactRange::new(),
            edge: Edge::default(),
            bodies: 0,
            opened: 0,
            absent: Places::new(),
            pruned: Places::new(),
            table,
            events: Context::new(&SHA256),
        })
    }

    fn bundle(&mut self, number: u64, width: u64) -> Result<(), ExportFault> {
        let name = layout::entries(number, width);
        let bundle = bytes(self.folder, &name)?;
        let leaves = split(&bundle).filter(|leaves| u64::try_from(leaves.len()) == Ok(width));
        let leaves = leaves.ok_or(ExportFault::Entries(name))?;
        let mut openings = self.openings(number)?;
        let mut personal = self.personal(number)?;
        for leaf in leaves {
            let index = self.tree.size();
            let opened = personal.remove(&index).unwrap_or_default();
            self.leaf(leaf, openings.remove(&index), &opened)?;
        }
        if !openings.is_empty() {
            return Err(ExportFault::Bodies(layout::bodies(number)));
        }
        if personal.is_empty() { Ok(()) } else { Err(ExportFault::Bodies(layout::openings(number))) }
    }

    fn personal(&self, number: u64) -> Result<BTreeMap<u64, Vec<OpeningLine>>, ExportFault> {
        let name = layout::openings(number);
        let mut openings: BTreeMap<u64, Vec<OpeningLine>> = BTreeMap::new();
        if !self.manifest.files.contains_key(&name) {
            return Ok(openings);
        }
        let stray = || ExportFault::Bodies(name.clone());
        for line in text(self.folder, &name)?.lines() {
            let line: OpeningLine = serde_json::from_str(line).map_err(|_| stray())?;
            openings.entry(line.index.parse().map_err(|_| stray())?).or_default().push(line);
        }
        Ok(openings)
    }

    fn openings(&self, number: u64) -> Result<BTreeMap<u64, Opening>, ExportFault> {
        let name = layout::bodies(number);
        if !self.manifest.files.contains_key(&name) {
            return Ok(BTreeMap::new());
        }
        let stray = || ExportFault::Bodies(name.clone());
        let mut openings = BTreeMap::new();
        for line in text(self.folder, &name)?.lines() {
            let opening: Opening = serde_json::from_str(line).map_err(|_| stray())?;
            let index = opening.index.parse().map_err(|_| stray())?;
            if openings.insert(index, opening).is_some() {
                return Err(stray());
            }
        }
        Ok(openings)
    }

    fn leaf(&mut self, leaf: &[u8], opening: Option<Opening>, personal: &[OpeningLine]) -> Result<(), ExportFault> {
        let index = self.tree.size();
        let shown = (self.manifest.first_index..self.manifest.end_index).contains(&index);
        let record = self.record(index, leaf, opening)?;
        self.account_for(index, &record, shown);
        check_personal(&record, personal).map_err(|why| ExportFault::Personal { index, why })?;
        self.opened = self.opened.saturating_add(u64::try_from(personal.len()).unwrap_or(u64::MAX));
        if shown {
            self.table.update(&views::row(&record).map_err(unreadable(layout::TABLE))?);
            self.events.update(&views::event(&record).map_err(unreadable(layout::EVENTS))?);
        }
        let hash = Hash::of_leaf(leaf);
        self.tree.push(hash);
        for tile in self.edge.push(hash) {
            self.tile(&tile)?;
        }
        Ok(())
    }

    fn record(&mut self, index: u64, leaf: &[u8], opening: Option<Opening>) -> Result<VerifiedRecord, ExportFault> {
        let fault = |why| ExportFault::Record { index, why };
        let mut record = Record { index: index.cast_signed(), leaf: leaf.to_vec(), ..Record::default() };
        let Some(opening) = opening else {
            return record::check_leaf(record).map_err(fault);
        };
        let broken = |_| fault(record::RecordError::Body);
        record.body_salt = hex::decode(opening.salt).map_err(|_| fault(record::RecordError::Body))?;
        record.body = BASE64_STANDARD.decode(opening.body).map_err(broken)?;
        self.bodies = self.bodies.saturating_add(1);
        record::check(record).map_err(fault)
    }

    /// A body that is not there must have been pruned; the record that says so comes later.
    fn account_for(&mut self, index: u64, record: &VerifiedRecord, shown: bool) {
        let statement = &record.statement;
        let kind = statement.get("type").and_then(Value::as_str).unwrap_or_default();
        let committed = statement.pointer("/body/alg").and_then(Value::as_str) != Some("none");
        if shown && committed && record.body_salt.is_empty() {
            pruned::add(&mut self.absent, kind, index);
        }
        if let Some(said) = pruned::read(index, statement, &record.body_salt, &record.body) {
            self.pruned.entry(said.kind).or_default().extend(said.runs);
        }
    }

    fn tile(&self, tile: &Tile) -> Result<(), ExportFault> {
        let name = layout::tile(tile.level, tile.number, tile.width());
        if bytes(self.folder, &name)? == tile.bytes() { Ok(()) } else { Err(ExportFault::Tile(name)) }
    }

    fn finish(self, head: &TreeHead, key: &VerifierKey) -> Result<ExportReport, ExportFault> {
        for tile in self.edge.partial() {
            self.tile(&tile)?;
        }
        let (computed, signed) = (self.tree.root(), head.root);
        if computed != signed {
            return Err(ExportFault::Root { computed, signed });
        }
        let Self { manifest, bodies, opened, absent, pruned, table, events, .. } = self;
        if let Some(index) = pruned::unexplained(&absent, pruned) {
            return Err(ExportFault::Record { index, why: record::RecordError::Body });
        }
        for (view, said) in [(layout::TABLE, table), (layout::EVENTS, events)] {
            if manifest.files.get(view) != Some(&finished(said)) {
                return Err(ExportFault::View(view));
            }
        }
        let (origin, verifier_key) = (head.origin.clone(), key.to_string());
        Ok(ExportReport { origin, verifier_key, tree_size: head.size, root_hash: signed, bodies, opened })
    }
}

/// A body carries the fields that its statement commits to, and each opening is of one of them.
fn check_personal(record: &VerifiedRecord, openings: &[OpeningLine]) -> Result<(), PersonalError> {
    personal::fields(record)?;
    let committed = personal::commitments(&record.statement);
    let opens = |line: &OpeningLine| {
        let opening = line.opening().ok_or(PersonalError::OtherContent)?;
        let known = committed.contains(&line.c.as_str());
        if known && personal::opens(&line.c, &opening) { Ok(()) } else { Err(PersonalError::OtherContent) }
    };
    openings.iter().try_for_each(opens)
}

fn finished(context: Context) -> Hash {
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    Hash::from(hash)
}

/// Leaves, each behind its length in two bytes, big end first.
fn split(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut leaves) = (bundle, Vec::new());
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (leaf, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        leaves.push(leaf);
        rest = behind;
    }
    Some(leaves)
}

fn bytes(folder: &Path, name: &str) -> Result<Vec<u8>, ExportFault> {
    fs::read(folder.join(name)).map_err(unreadable(name))
}

fn text(folder: &Path, name: &str) -> Result<String, ExportFault> {
    fs::read_to_string(folder.join(name)).map_err(unreadable(name))
}

fn unreadable(path: &str) -> impl FnOnce(io::Error) -> ExportFault {
    let path = path.to_owned();
    move |why| ExportFault::Unreadable { path, why }
}
