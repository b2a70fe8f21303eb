//! Business time that a demonstration or a test moves forward, and that stands in between. Kept in a file it outlives the
//! process, so that no record is ever dated before one that was made earlier.

use super::Clock;
use handsel_money::Timestamp;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A clock that stands until it is moved, and moves forward only.
#[derive(Debug)]
pub struct SettableClock {
    micros: AtomicI64,
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
    /// The file that keeps the time could not be read or written. The clock stands where it stood.
    #[error("clock file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl SettableClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { micros: AtomicI64::new(start.as_micros()), moving: Mutex::new(()), file: None }
    }

    /// A clock that stands where `file` says it stood last; at `start`, where there is no such file yet.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds something else.
    pub fn kept(start: Timestamp, file: &Path) -> Result<Self, ClockError> {
        let fault = |source| ClockError::File { path: file.to_owned(), source };
        let stood = match fs::read_to_string(file) {
            Ok(text) => {
                text.trim().parse().map_err(|error| fault(io::Error::new(io::ErrorKind::InvalidData, error)))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                replace(file, start).map_err(fault)?;
                start
            }
            Err(error) => return Err(fault(error)),
        };
        Ok(Self { file: Some(file.to_owned()), ..Self::starting_at(stood) })
    }

    /// Moves to `instant`.
    ///
    /// # Errors
    /// See [`ClockError`]; the clock has not moved.
    pub fn set(&self, instant: Timestamp) -> Result<(), ClockError> {
        let _one_at_a_time = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        if instant < now {
            return Err(ClockError::Backwards { now, asked: instant });
        }
        self.put(instant)
    }

    /// Moves forward by `distance`, and says where the clock stands then.
    ///
    /// # Errors
    /// See [`ClockError`]; the clock has not moved.
    pub fn advance(&self, distance: Duration) -> Result<Timestamp, ClockError> {
        let _one_at_a_time = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let instant = self.now().checked_add(distance).ok_or(ClockError::OutOfRange)?;
        self.put(instant)?;
        Ok(instant)
    }

    /// The file first: a time that was seen is never lost.
    fn put(&self, instant: Timestamp) -> Result<(), ClockError> {
        if let Some(file) = &self.file {
            replace(file, instant).map_err(|source| ClockError::File { path: file.clone(), source })?;
        }
        self.micros.store(instant.as_micros(), Ordering::SeqCst);
        Ok(())
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

/// Writes the whole file or leaves the old one: a new file, synced, renamed over it, and the folder synced.
fn replace(file: &Path, instant: Timestamp) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut handle = File::create(&new)?;
    writeln!(handle, "{instant}")?;
    handle.sync_all()?;
    fs::rename(&new, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_750_000_000_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn it_stands_until_moved_and_only_goes_forward() {
        let clock = SettableClock::starting_at(START);
        assert_eq!(clock.now(), START);
        let next = clock.advance(DAY).unwrap();
        assert_eq!((clock.now(), next), (next, START.checked_add(DAY).unwrap()));
        assert!(matches!(clock.set(START), Err(ClockError::Backwards { .. })));
        clock.set(next).unwrap();
        assert!(matches!(clock.advance(Duration::MAX), Err(ClockError::OutOfRange)));
        assert_eq!(clock.now(), next);
    }

    #[test]
    fn a_file_keeps_it_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let moved = SettableClock::kept(START, &file).unwrap().advance(DAY * 30).unwrap();
        assert_eq!(SettableClock::kept(START, &file).unwrap().now(), moved);
        fs::write(&file, "yesterday").unwrap();
        assert!(matches!(SettableClock::kept(START, &file), Err(ClockError::File { .. })));
    }
}
