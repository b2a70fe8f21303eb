//! A file of the bank's while it arrives: on the disk, for it may be larger than memory should be; gone when it has been read.

use super::{Trouble, unwritable};
use crate::{config::FileSettlement, domain::file_refusal::FileRefusal};
use aws_lc_rs::digest::{Context, SHA256};
use handsel_iso20022::Fault;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::{fs::File, io::AsyncWriteExt};
use uuid::Uuid;

const PREFIX: &str = "incoming-";

/// A file that arrives. It is removed when it is dropped.
pub(crate) struct Spooled {
    path: PathBuf,
    file: File,
    digest: Context,
    size_bytes: u64,
    most: u64,
}

impl Spooled {
    /// Makes room for a file. Nobody else may read it, for it holds names and accounts.
    ///
    /// # Errors
    /// [`FileRefusal::Unwritable`].
    pub(crate) async fn create(settlement: &FileSettlement, id: Uuid) -> Result<Self, Trouble> {
        let path = settlement.spool.join(format!("{PREFIX}{id}"));
        let opened = File::options().write(true).create_new(true).mode(0o600).open(&path).await;
        let file = opened.map_err(|error| unwritable(&error))?;
        let most = settlement.limits.file_bytes;
        Ok(Self { path, file, digest: Context::new(&SHA256), size_bytes: 0, most })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`FileRefusal::Malformed`] where the file is larger than is read; [`FileRefusal::Unwritable`].
    pub(crate) async fn add(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.size_bytes = self.size_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.size_bytes > self.most {
            let fault = Fault::TooLarge { what: "bytes", limit: self.most };
            return Err(FileRefusal::Malformed { reason: fault.reason(), message: fault.to_string() }.into());
        }
        self.digest.update(bytes);
        self.file.write_all(bytes).await.map_err(|error| unwritable(&error))
    }

    /// All of it is there: the digest of its bytes in hexadecimal.
    ///
    /// # Errors
    /// [`FileRefusal::Unwritable`].
    pub(crate) async fn end(&mut self) -> Result<String, Trouble> {
        self.file.flush().await.map_err(|error| unwritable(&error))?;
        Ok(hex::encode(self.digest.clone().finish()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "a file that was read could not be removed");
        }
    }
}

/// Removes what a crash has left: nobody reads it again.
///
/// # Errors
/// The folder cannot be made or read.
pub(crate) fn sweep(settlement: &FileSettlement) -> io::Result<()> {
    fs::create_dir_all(&settlement.folder)?;
    fs::create_dir_all(&settlement.spool)?;
    for entry in fs::read_dir(&settlement.spool)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
