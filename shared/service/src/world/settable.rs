//! Business time that a demonstration or a test moves forward. A jump that is written to a file outlives the process, so that
//! no record is ever dated before one that was made earlier.

use super::{Clock, StillClock, SystemClock};
use handsel_money::Timestamp;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A clock that runs ahead of its base by a distance that only grows.
pub struct SettableClock {
    base: Arc<dyn Clock>,
    ahead_micros: AtomicU64,
    moving: Mutex<()>,
    file: Option<PathBuf>,
}

/// Why the clock was not moved, or not opened.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// Time goes forward only.
    #[error("business time stands at {now}: it cannot go back to {asked}")]
    Backwards {
        /// Where the clock stands.
        now: Timestamp,
        /// Where it was to go.
        asked: Timestamp,
    },
    /// The calendar ends before.
    #[error("no calendar reaches that far")]
    OutOfRange,
    /// The file that keeps the distance could not be read or written. The clock stands where it stood.
    #[error("clock file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl SettableClock {
    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self::over(Arc::new(StillClock(start)), 0, None)
    }

    /// A clock that runs with the machine's, ahead of it by the distance that `file` keeps; none if there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn persisted(file: &Path) -> Result<Self, ClockError> {
        let fault = |source| ClockError::File { path: file.to_owned(), source };
        let ahead_micros = match fs::read_to_string(file) {
            Ok(text) => {
                text.trim().parse().map_err(|error| fault(io::Error::new(io::ErrorKind::InvalidData, error)))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(fault(error)),
        };
        Ok(Self::over(Arc::new(SystemClock), ahead_micros, Some(file.to_owned())))
    }

    fn over(base: Arc<dyn Clock>, ahead_micros: u64, file: Option<PathBuf>) -> Self {
        Self { base, ahead_micros: AtomicU64::new(ahead_micros), moving: Mutex::new(()), file }
    }

    /// Moves to `instant`, and says where the clock stands then.
    ///
    /// # Errors
    /// See [`ClockError`]; the clock has not moved.
    pub fn set(&self, instant: Timestamp) -> Result<Timestamp, ClockError> {
        let now = self.now();
        let distance = u64::try_from(instant.as_micros().saturating_sub(now.as_micros()))
            .map_err(|_| ClockError::Backwards { now, asked: instant })?;
        self.advance(Duration::from_micros(distance))
    }

    /// Moves forward by `distance`, and says where the clock stands then.
    ///
    /// # Errors
    /// See [`ClockError`]; the clock has not moved.
    pub fn advance(&self, distance: Duration) -> Result<Timestamp, ClockError> {
        let _one_at_a_time = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let distance = u64::try_from(distance.as_micros()).map_err(|_| ClockError::OutOfRange)?;
        let ahead = self.ahead_micros.load(Ordering::SeqCst).checked_add(distance).ok_or(ClockError::OutOfRange)?;
        self.base.now().checked_add(Duration::from_micros(ahead)).ok_or(ClockError::OutOfRange)?;
        if let Some(file) = &self.file {
            replace(file, &format!("{ahead}\n")).map_err(|source| ClockError::File { path: file.clone(), source })?;
        }
        self.ahead_micros.store(ahead, Ordering::SeqCst);
        Ok(self.now())
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        let base = self.base.now();
        let ahead = Duration::from_micros(self.ahead_micros.load(Ordering::SeqCst));
        // `advance` has seen this very sum inside the calendar; only a running base could leave it, thousands of years on.
        base.checked_add(ahead).unwrap_or(base)
    }
}

impl std::fmt::Debug for SettableClock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SettableClock").field("now", &self.now()).field("file", &self.file).finish()
    }
}

/// Writes the whole file or leaves the old one: a new file, synced, renamed over it, and the folder synced.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut handle = File::create(&new)?;
    handle.write_all(text.as_bytes())?;
    handle.sync_all()?;
    fs::rename(&new, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn it_stands_until_moved_and_only_goes_forward() {
        let start = Timestamp::from_micros(1_750_000_000_000_000);
        let clock = SettableClock::starting_at(start);
        assert_eq!(clock.now(), start);
        let next = clock.advance(DAY).unwrap();
        assert_eq!(clock.now(), next);
        assert!(matches!(clock.set(start), Err(ClockError::Backwards { .. })));
        assert_eq!(clock.now(), next);
        assert_eq!(clock.set(next).unwrap(), next);
        assert!(matches!(clock.advance(Duration::MAX), Err(ClockError::OutOfRange)));
    }

    #[test]
    fn a_file_keeps_the_distance_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let moved = SettableClock::persisted(&file).unwrap().advance(DAY * 30).unwrap();
        assert!(SettableClock::persisted(&file).unwrap().now() >= moved);
        fs::write(&file, "yesterday").unwrap();
        assert!(matches!(SettableClock::persisted(&file), Err(ClockError::File { .. })));
    }
}
