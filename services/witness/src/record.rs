//! What a witness remembers: of each log the last checkpoint it cosigned, in a file, written whole and forced to disk before
//! anybody is told.

use crate::Known;
use anyhow::{Context as _, Result, ensure};
use handsel_tlog::{CosignerKey, Hash, TreeHead};
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// A folder of checkpoints, held by one process.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl Records {
    /// Opens a folder, and makes it where there is none.
    ///
    /// # Errors
    /// Another process has it, or the file system says no.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path)?;
        lock.try_lock().with_context(|| format!("another process has {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// The last checkpoint of a log that was cosigned, as it was written: checked again, so that a file that was changed is not
    /// taken for memory.
    ///
    /// # Errors
    /// It cannot be read, is not one that the log signed and this witness cosigned, or is another log's.
    pub fn load(&self, origin: &str, known: &Known, key: &CosignerKey) -> Result<Option<(TreeHead, String)>> {
        let path = self.path(origin);
        let note = match fs::read_to_string(&path) {
            Ok(note) => note,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let shown = || format!("{} is not what this witness wrote", path.display());
        let head = known.open(&note).with_context(shown)?;
        key.find(&note).with_context(shown)?;
        ensure!(head.origin == origin, "{}: it is of {}", shown(), head.origin);
        Ok(Some((head, note)))
    }

    /// Keeps a checkpoint in the place of the one before: whole, and on the disk when this returns.
    ///
    /// # Errors
    /// As the file system says. Which of the two is kept is then found out by loading.
    pub fn save(&self, origin: &str, note: &str) -> Result<()> {
        let (path, draft) = (self.path(origin), self.path(origin).with_extension("draft"));
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(&self.folder)?.sync_all().with_context(|| path.display().to_string())
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", Hash::of(origin.as_bytes())))
    }
}
