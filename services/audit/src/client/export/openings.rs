//! Openings of personal data, put into a finished export for those who may see them. Without them the export proves as much, and
//! shows no one.

use super::{
    growing::write_whole,
    layout,
    manifest::{self, Manifest},
};
use crate::{
    client::personal::{self, Opening, PersonalField},
    tlog::TILE_WIDTH,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use handsel_outbox::statement::personal_fields;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One line of `openings/<number>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpeningLine {
    /// The record.
    pub(super) index: String,
    /// Which of its commitments.
    pub(super) c: String,
    /// What of the person.
    pub(super) field: String,
    /// Hex.
    pub(super) blind: String,
    /// The text.
    pub(super) plain: String,
}

impl OpeningLine {
    /// The opening; nothing if it is none.
    pub(super) fn opening(&self) -> Option<Opening> {
        let blind = hex::decode(&self.blind).ok()?.try_into().ok()?;
        Some(Opening { blind, plain: self.plain.clone() })
    }
}

/// A line of `bodies/<number>`, as far as it is asked for here.
#[derive(Debug, Deserialize)]
struct BodyLine {
    index: String,
    body: String,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldOfRecord {
    /// The record's index.
    pub index: u64,
    /// The field.
    pub field: PersonalField,
}

/// Adds openings to a finished export, bundle by bundle.
#[derive(Debug)]
pub struct Unsealer {
    folder: PathBuf,
    manifest: Manifest,
}

impl Unsealer {
    /// Of a finished export.
    ///
    /// # Errors
    /// It cannot be read, or is not finished.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let manifest = fs::read(folder.join(layout::MANIFEST))?;
        let manifest = serde_json::from_slice(&manifest).map_err(io::Error::other)?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// Bundles of records, each to be asked for its fields.
    #[must_use]
    pub fn bundles(&self) -> u64 {
        self.manifest.tree_size.div_ceil(TILE_WIDTH)
    }

    /// The sealed fields of a bundle's records.
    ///
    /// # Errors
    /// Its bodies cannot be read.
    pub fn fields(&self, bundle: u64) -> io::Result<Vec<FieldOfRecord>> {
        let name = layout::bodies(bundle);
        if !self.manifest.files.contains_key(&name) {
            return Ok(Vec::new());
        }
        let mut fields = Vec::new();
        for line in fs::read_to_string(self.folder.join(&name))?.lines() {
            let BodyLine { index, body } = serde_json::from_str(line).map_err(io::Error::other)?;
            let index = index.parse().map_err(io::Error::other)?;
            let body = BASE64_STANDARD.decode(body).map_err(io::Error::other)?;
            let body = serde_json::from_slice(&body).map_err(io::Error::other)?;
            let found = personal_fields(&body).map_err(io::Error::other)?;
            fields.extend(found.into_iter().map(|field| FieldOfRecord { index, field }));
        }
        Ok(fields)
    }

    /// Writes a bundle's openings. One that does not fit its field is refused.
    ///
    /// # Errors
    /// The disk, or an opening of something else.
    pub fn put(&mut self, bundle: u64, openings: &[(FieldOfRecord, Opening)]) -> io::Result<()> {
        if openings.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        for (FieldOfRecord { index, field }, opening) in openings {
            if !personal::opens(&field.c, opening) {
                return Err(io::Error::other(format!("an opening of record {index} is of something else")));
            }
            let line = OpeningLine {
                index: index.to_string(),
                c: field.c.clone(),
                field: field.field.clone(),
                blind: hex::encode(opening.blind),
                plain: opening.plain.clone(),
            };
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        write_whole(&self.folder.join(layout::openings(bundle)), &lines)
    }

    /// Makes the manifest fit.
    ///
    /// # Errors
    /// The disk.
    pub fn finish(mut self) -> io::Result<()> {
        self.manifest.files = manifest::files(&self.folder)?;
        let bytes = serde_json::to_vec_pretty(&self.manifest).map_err(io::Error::other)?;
        write_whole(&self.folder.join(layout::MANIFEST), &bytes)
    }
}
