//! The key ring: the key set in force, and how it is replaced while the program runs.

use crate::keys::{KeySet, KeySetError};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use thiserror::Error;

/// A key file is looked at again this often, so that a key taken out of it loses its force.
const LOOK_EVERY_SECONDS: i64 = 30;
/// A token of an unknown key makes the file be looked at again, but no oftener than this: forgers cannot keep us reading.
const LOOK_AGAIN_SECONDS: i64 = 5;
/// The largest key file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Where the keys of the issuer come from.
#[derive(Debug)]
pub enum KeySource {
    /// Given once; replaced by [`Verifier::replace_keys`](crate::Verifier::replace_keys) alone.
    Fixed(KeySet),
    /// A JSON Web Key Set in a file that somebody else keeps current. Read again within seconds where it has changed.
    File(PathBuf),
}

/// Why the key file could not be taken.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It could not be read.
    #[error("the key file {path} cannot be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds no key set.
    #[error("the key file {path} is of no use")]
    Useless {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeySetError,
    },
}

/// A key set with the number of its reign: what was verified under an earlier one does not count any more.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) reign: u64,
    pub(crate) keys: Arc<KeySet>,
}

/// The key set in force.
#[derive(Debug)]
pub(crate) struct Ring {
    held: RwLock<Held>,
    /// That of the key set held: most calls need to know no more, and all of them ask.
    reign: AtomicU64,
    file: Option<File>,
}

#[derive(Debug)]
struct File {
    looked_at: AtomicI64,
    watched: Mutex<Watched>,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    text: String,
}

impl Ring {
    pub(crate) fn new(source: KeySource, now: i64) -> Result<Self, KeyFileError> {
        let (keys, file) = match source {
            KeySource::Fixed(keys) => (keys, None),
            KeySource::File(path) => {
                let text = read(&path)?;
                let keys = parse(&path, &text)?;
                (keys, Some(File { looked_at: AtomicI64::new(now), watched: Mutex::new(Watched { path, text }) }))
            }
        };
        let held = RwLock::new(Held { reign: 0, keys: Arc::new(keys) });
        Ok(Self { held, reign: AtomicU64::new(0), file })
    }

    /// The reign of the key set in force, the file looked at again where that is due.
    pub(crate) fn reign(&self, now: i64) -> u64 {
        self.refresh(now, LOOK_EVERY_SECONDS);
        self.reign.load(Ordering::Acquire)
    }

    /// After a token of an unknown key: a newer key set than `before`, where there is one.
    pub(crate) fn newer_than(&self, before: &Held, now: i64) -> Option<Held> {
        self.refresh(now, LOOK_AGAIN_SECONDS);
        let held = self.held();
        (held.reign != before.reign).then_some(held)
    }

    pub(crate) fn replace(&self, keys: KeySet) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Held { reign: held.reign.wrapping_add(1), keys: Arc::new(keys) };
        self.reign.store(held.reign, Ordering::Release);
    }

    /// The key set in force.
    pub(crate) fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the file's keys if it has changed. A file that is broken leaves the keys as they are: half-written files and
    /// slips of an editor must not lock everybody out.
    fn refresh(&self, now: i64, every_seconds: i64) {
        let Some(file) = &self.file else { return };
        let is_due = || !(0..every_seconds).contains(&now.saturating_sub(file.looked_at.load(Ordering::Relaxed)));
        if !is_due() {
            return;
        }
        // Whoever finds another caller looking goes on with what is in force.
        let Ok(mut watched) = file.watched.try_lock() else { return };
        if !is_due() {
            return;
        }
        file.looked_at.store(now, Ordering::Relaxed);
        match watched.changed() {
            Ok(None) => {}
            Ok(Some(keys)) => {
                tracing::info!(keys = ?keys, "token keys replaced");
                self.replace(keys);
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "token keys kept as they were");
            }
        }
    }
}

impl Watched {
    fn changed(&mut self) -> Result<Option<KeySet>, KeyFileError> {
        let text = read(&self.path)?;
        if text == self.text {
            return Ok(None);
        }
        let keys = parse(&self.path, &text)?;
        self.text = text;
        Ok(Some(keys))
    }
}

/// The whole file is read and compared: it is small, and a file's time says less than its bytes.
fn read(path: &Path) -> Result<String, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let length = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if length as u64 > MAX_FILE_BYTES {
        return Err(unreadable(std::io::Error::other("larger than 1 MiB")));
    }
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<KeySet, KeyFileError> {
    KeySet::parse(text).map_err(|source| KeyFileError::Useless { path: path.to_owned(), source })
}
