//! Writes an export from a stream, batch by batch; goes on where an earlier run was cut off.

use super::{
    growing::{Growing, write_whole},
    layout,
    manifest::{self, Manifest},
    tiles::{Edge, Tile},
    views,
};
use crate::{
    client::{Follower, SavedCursor, VerifiedRecord, VerifyError, pruned},
    tlog::{CompactRange, Hash, TILE_WIDTH, VerifierKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use handsel_proto::handsel::audit::v1::{Cursor, StreamRecordsResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Records between two marks from which a run that was cut off goes on.
const RECORDS_BETWEEN_MARKS: u64 = 2_048;

/// The records whose views and bodies an export includes. Leaves and tiles are always there from the first to the last: without
/// them nothing could be proven.
pub type Openings = Range<u64>;

/// Writes one export. Holds at most one tile of records in memory.
#[derive(Debug)]
pub struct Exporter {
    folder: PathBuf,
    key: VerifierKey,
    follower: Follower,
    openings: Openings,
    /// What has been written.
    written: CompactRange,
    edge: Edge,
    entries: Vec<u8>,
    bodies: Vec<u8>,
    table: Growing,
    events: Growing,
    marked: u64,
    note: String,
}

/// Where a run stood when a tile had just been filled.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    cursor: SavedCursor,
    note: String,
    first_index: u64,
    end_index: u64,
    edge: Edge,
    table_bytes: u64,
    event_bytes: u64,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Records covered by its checkpoint.
    pub tree_size: u64,
    /// Their root.
    pub root_hash: Hash,
    /// Files, the manifest included.
    pub files: usize,
}

/// Why an export is not written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// What the server sends does not hold.
    #[error(transparent)]
    Log(#[from] VerifyError),
    /// The folder holds a finished export.
    #[error("the folder holds a finished export already")]
    Finished,
    /// The folder holds something else.
    #[error("the folder is not empty and holds no unfinished export")]
    NotEmpty,
    /// The folder holds an unfinished export of other records.
    #[error("the folder holds an unfinished export of records {} to {}: name the same, or another folder", .0.start, .0.end)]
    OtherOpenings(Openings),
    /// There is nothing to export.
    #[error("the log is empty")]
    Empty,
    /// The disk does not do what it should.
    #[error("{path}: {why}")]
    Disk {
        /// Where.
        path: String,
        /// Why.
        why: io::Error,
    },
}

impl Exporter {
    /// Begins an export in a folder that is empty or not there, or goes on with an unfinished one.
    ///
    /// # Errors
    /// `Finished`, `NotEmpty`, `OtherOpenings`; `Log` if the unfinished one is another log's; `Disk`.
    pub fn open(folder: &Path, key: VerifierKey, openings: Openings) -> Result<Self, ExportError> {
        if folder.join(layout::MANIFEST).exists() {
            return Err(ExportError::Finished);
        }
        let mark_file = folder.join(layout::UNFINISHED);
        let mark = match fs::read(&mark_file) {
            Ok(bytes) => Some(read_mark(&bytes).map_err(at(&mark_file))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(at(&mark_file)(error)),
        };
        match mark {
            Some(mark) => Self::go_on(folder, key, openings, mark),
            None => Self::begin(folder, key, openings),
        }
    }

    fn begin(folder: &Path, key: VerifierKey, openings: Openings) -> Result<Self, ExportError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        if fs::read_dir(folder).map_err(at(folder))?.next().is_some() {
            return Err(ExportError::NotEmpty);
        }
        let follower = Follower::new(key.clone(), None)?;
        let mut exporter = Self::with(folder, key, openings, follower, 0, 0)?;
        let head = views::table_head().map_err(at(folder))?;
        exporter.table.add(&head).map_err(at(folder))?;
        // From the very first on, a run that is cut off leaves a folder that says what it is.
        exporter.mark()?;
        Ok(exporter)
    }

    fn go_on(folder: &Path, key: VerifierKey, openings: Openings, mark: Mark) -> Result<Self, ExportError> {
        let begun = mark.first_index..mark.end_index;
        if begun != openings {
            return Err(ExportError::OtherOpenings(begun));
        }
        let written = mark.cursor.read.clone();
        let follower = Follower::new(key.clone(), Some(mark.cursor))?;
        let marked = written.size();
        let exporter = Self::with(folder, key, openings, follower, mark.table_bytes, mark.event_bytes)?;
        Ok(Self { written, edge: mark.edge, note: mark.note, marked, ..exporter })
    }

    fn with(
        folder: &Path,
        key: VerifierKey,
        openings: Openings,
        follower: Follower,
        table_bytes: u64,
        event_bytes: u64,
    ) -> Result<Self, ExportError> {
        let growing = |name: &str, length| {
            let path = folder.join(name);
            Growing::go_on(&path, length).map_err(at(&path))
        };
        Ok(Self {
            table: growing(layout::TABLE, table_bytes)?,
            events: growing(layout::EVENTS, event_bytes)?,
            folder: folder.to_owned(),
            key,
            follower,
            openings,
            written: CompactRange::new(),
            edge: Edge::default(),
            entries: Vec::new(),
            bodies: Vec::new(),
            marked: 0,
            note: String::new(),
        })
    }

    /// Where to go on, for `StreamRecords`.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.follower.cursor()
    }

    /// Records written, and records that the last checkpoint covers.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.written.size(), self.follower.saved().tree_size)
    }

    /// Proves a batch and writes it.
    ///
    /// # Errors
    /// `Log` if it does not hold: nothing of it is written; `Disk`.
    pub fn accept(&mut self, batch: StreamRecordsResponse) -> Result<(), ExportError> {
        let note = batch.checkpoint.as_ref().map(|checkpoint| checkpoint.note.clone());
        let records = self.follower.accept(batch)?;
        self.note = note.unwrap_or_default();
        for record in &records {
            self.take(record)?;
        }
        Ok(())
    }

    /// Ends the export once every record that the checkpoint covers has been written.
    ///
    /// # Errors
    /// `Log` if some have not come; `Empty`; `Disk`.
    pub fn finish(mut self) -> Result<Exported, ExportError> {
        self.follower.finish()?;
        let (tree_size, root_hash) = (self.written.size(), self.written.root());
        if tree_size == 0 {
            return Err(ExportError::Empty);
        }
        let open = self.edge.open_leaves();
        if open > 0 {
            self.put_leaves(tree_size / TILE_WIDTH, open)?;
        }
        for tile in self.edge.partial() {
            self.put_tile(&tile)?;
        }
        self.sync_views()?;
        self.put(layout::CHECKPOINT, self.note.as_bytes())?;
        self.put(layout::KEY, format!("{}\n", self.key).as_bytes())?;
        self.put(layout::POLICY, format!("log {}\nquorum none\n", self.key).as_bytes())?;
        self.put(layout::VERIFIER, layout::VERIFIER_PROGRAM.as_bytes())?;
        let files = self.put_manifest(tree_size, root_hash)?;
        let mark = self.folder.join(layout::UNFINISHED);
        fs::remove_file(&mark).map_err(at(&mark))?;
        Ok(Exported { tree_size, root_hash, files })
    }

    fn take(&mut self, record: &VerifiedRecord) -> Result<(), ExportError> {
        let hash = Hash::of_leaf(&record.leaf);
        let length = u16::try_from(record.leaf.len()).map_err(io::Error::other).map_err(at(&self.folder))?;
        self.entries.extend_from_slice(&length.to_be_bytes());
        self.entries.extend_from_slice(&record.leaf);
        if self.openings.contains(&self.written.size()) {
            self.show_record(record).map_err(at(&self.folder))?;
            self.open_record(record).map_err(at(&self.folder))?;
        } else if pruned::is_prune(&record.statement) {
            // Always: it explains which bodies are not there.
            self.open_record(record).map_err(at(&self.folder))?;
        }
        self.written.push(hash);
        for tile in self.edge.push(hash) {
            if tile.level == 0 {
                self.put_leaves(tile.number, TILE_WIDTH)?;
            }
            self.put_tile(&tile)?;
        }
        let on_a_boundary = self.written.size().is_multiple_of(TILE_WIDTH);
        if on_a_boundary && self.written.size().saturating_sub(self.marked) >= RECORDS_BETWEEN_MARKS {
            self.mark()?;
        }
        Ok(())
    }

    fn show_record(&mut self, record: &VerifiedRecord) -> io::Result<()> {
        self.table.add(&views::row(record)?)?;
        self.events.add(&views::event(record)?)
    }

    fn open_record(&mut self, record: &VerifiedRecord) -> io::Result<()> {
        if record.body_salt.is_empty() {
            return Ok(());
        }
        let opening = json!({
            "index": record.index.to_string(),
            "salt": hex::encode(&record.body_salt),
            "body": BASE64_STANDARD.encode(&record.body),
        });
        serde_json::to_writer(&mut self.bodies, &opening)?;
        self.bodies.push(b'\n');
        Ok(())
    }

    fn put_leaves(&mut self, number: u64, width: u64) -> Result<(), ExportError> {
        let (entries, bodies) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.bodies));
        self.put_over_partial(&layout::entries(number, width), &layout::entries(number, TILE_WIDTH), &entries)?;
        if bodies.is_empty() { Ok(()) } else { self.put(&layout::bodies(number), &bodies) }
    }

    fn put_tile(&self, tile: &Tile) -> Result<(), ExportError> {
        let named = |width| layout::tile(tile.level, tile.number, width);
        self.put_over_partial(&named(tile.width()), &named(TILE_WIDTH), &tile.bytes())
    }

    /// An earlier run that was cut off at its very end may have left a narrower tile.
    fn put_over_partial(&self, name: &str, full: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let narrower = self.folder.join(format!("{full}.p"));
        if narrower.exists() {
            fs::remove_dir_all(&narrower).map_err(at(&narrower))?;
        }
        self.put(name, bytes)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.folder.join(name);
        write_whole(&path, bytes).map_err(at(&path))
    }

    fn put_manifest(&self, tree_size: u64, root_hash: Hash) -> Result<usize, ExportError> {
        let files = manifest::files(&self.folder).map_err(at(&self.folder))?;
        let count = files.len().saturating_add(1);
        let manifest = Manifest {
            format: Manifest::FORMAT.to_owned(),
            origin: self.key.name().to_owned(),
            tree_size,
            root_hash,
            first_index: self.openings.start.min(tree_size),
            end_index: self.openings.end.min(tree_size),
            files,
        };
        let bytes = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other).map_err(at(&self.folder))?;
        self.put(layout::MANIFEST, &bytes)?;
        Ok(count)
    }

    fn sync_views(&mut self) -> Result<(), ExportError> {
        self.table.sync().and_then(|()| self.events.sync()).map_err(at(&self.folder))
    }

    /// Everything up to here is on the disk: the next run begins here.
    fn mark(&mut self) -> Result<(), ExportError> {
        self.sync_views()?;
        let covered = self.follower.saved().clone();
        let mark = Mark {
            cursor: SavedCursor { read: self.written.clone(), ..covered },
            note: self.note.clone(),
            first_index: self.openings.start,
            end_index: self.openings.end,
            edge: self.edge.clone(),
            table_bytes: self.table.length(),
            event_bytes: self.events.length(),
        };
        let bytes = serde_json::to_vec(&mark).map_err(io::Error::other).map_err(at(&self.folder))?;
        self.marked = self.written.size();
        self.put(layout::UNFINISHED, &bytes)
    }
}

fn read_mark(bytes: &[u8]) -> io::Result<Mark> {
    serde_json::from_slice(bytes).map_err(io::Error::other)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.display().to_string();
    move |why| ExportError::Disk { path, why }
}
