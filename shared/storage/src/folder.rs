//! The data folder belongs to one process: a lock file says so, and the services of that process share it.
use crate::StorageError;
use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

const LOCK_FILE: &str = "handsel.lock";

/// A share in this process's hold on a folder. The last one to be dropped lets go.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
}

struct Hold {
    /// Unlocked when it is closed, and so when the process dies in whatever way.
    _file: File,
    shares: usize,
}

/// What this process holds. Operating systems lock for open files, not for processes, so that a second `open` here would
/// meet our own lock.
static HELD: Mutex<Option<HashMap<PathBuf, Hold>>> = Mutex::new(None);

impl FolderLock {
    /// Creates the folder where it is missing, and takes it for this process.
    ///
    /// # Errors
    /// [`StorageError::FolderInUse`] where another process has it; [`StorageError::Folder`] where it cannot be made.
    pub fn take(folder: &Path) -> Result<Self, StorageError> {
        let failed = |cause| StorageError::Folder { folder: folder.to_owned(), cause };
        fs::create_dir_all(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let mut held = held();
        let holds = held.get_or_insert_default();
        if let Some(hold) = holds.get_mut(&folder) {
            hold.shares = hold.shares.saturating_add(1);
        } else {
            let file = lock_file(&folder)?;
            holds.insert(folder.clone(), Hold { _file: file, shares: 1 });
        }
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        let mut held = held();
        let Some(holds) = held.as_mut() else { return };
        let Some(hold) = holds.get_mut(&self.folder) else { return };
        hold.shares = hold.shares.saturating_sub(1);
        if hold.shares == 0 {
            // Closed while the registry is locked: whoever takes the folder next never meets the old lock.
            holds.remove(&self.folder);
        }
    }
}

fn held() -> MutexGuard<'static, Option<HashMap<PathBuf, Hold>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock_file(folder: &Path) -> Result<File, StorageError> {
    let path = folder.join(LOCK_FILE);
    let failed = |cause| StorageError::Folder { folder: folder.to_owned(), cause };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => sign(&file).map(|()| file).map_err(failed),
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).ok().filter(|text| !text.is_empty());
            let holder = holder.map(|pid| format!(" (pid {})", pid.trim()));
            Err(StorageError::FolderInUse { folder: folder.to_owned(), holder })
        }
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

/// Leaves our process id for whoever finds the folder taken.
fn sign(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}
