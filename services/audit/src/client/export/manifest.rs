//! The manifest: the SHA-256 of every file of an export.

use super::layout;
use crate::tlog::{HASH_BYTES, Hash};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// What an export consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `handsel/audit-export/v1`.
    pub format: String,
    /// The log's origin.
    pub origin: String,
    /// Records covered by the checkpoint.
    pub tree_size: u64,
    /// Their root.
    pub root_hash: Hash,
    /// The first record of which views and bodies are included.
    pub first_index: u64,
    /// The first record behind them.
    pub end_index: u64,
    /// By path, with forward slashes: each file but this one.
    pub files: BTreeMap<String, Hash>,
}

impl Manifest {
    /// The one format there is.
    pub(super) const FORMAT: &str = "handsel/audit-export/v1";
}

/// Every file of a folder but the manifest, with its SHA-256. Links are followed nowhere: an export has none.
pub(super) fn files(folder: &Path) -> io::Result<BTreeMap<String, Hash>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let name = name(folder, &path)?;
                if name != layout::MANIFEST && name != layout::UNFINISHED {
                    found.insert(name, digest(&path)?);
                }
            } else {
                return Err(io::Error::other(format!("{} is neither file nor folder", path.display())));
            }
        }
    }
    Ok(found)
}

fn name(folder: &Path, path: &Path) -> io::Result<String> {
    let within = path.strip_prefix(folder).map_err(io::Error::other)?;
    let parts: Option<Vec<&str>> = within.iter().map(|part| part.to_str()).collect();
    parts
        .map(|parts| parts.join("/"))
        .ok_or_else(|| io::Error::other(format!("{} has no readable name", path.display())))
}

fn digest(path: &Path) -> io::Result<Hash> {
    let (mut file, mut context, mut buffer) = (File::open(path)?, Context::new(&SHA256), vec![0_u8; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(buffer.get(..read).unwrap_or_default());
    }
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(Hash::from(hash))
}
