//! Where an installation's data lies: a folder for keys, and embedded files in it or a database elsewhere.

use crate::cli::PlaceArguments;
use crate::told::Told;
use anyhow::{Context as _, Result};
use handsel_storage::Location;
use std::path::{Path, PathBuf};

/// The key that people are called by in the log.
pub(crate) const PSEUDONYMS: &str = "pseudonyms.key";

/// A service's data, and the key that people are called by in the log: as its configuration has it, else as `up` has them.
///
/// # Errors
/// A configuration that makes no sense.
pub(crate) fn data_and_pseudonyms(config: Option<&Path>, place: &PlaceArguments) -> Result<(Location, PathBuf)> {
    match config {
        Some(file) => {
            let told = Told::read(file).with_context(|| file.display().to_string())?;
            Ok((told.config.storage.location(Path::new(crate::DATA))?, told.secret(PSEUDONYMS)))
        }
        None => {
            let place = Place::new(place, crate::DATA);
            Ok((place.location().clone(), place.secret(PSEUDONYMS)))
        }
    }
}

/// How this program was called, to say how to call it again.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "handsel".to_owned())
}

/// A folder, and the data in it or in a database.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    location: Location,
    database: Option<String>,
}

impl Place {
    /// As asked for on the command line; `default` names the folder where none was given.
    pub(crate) fn new(arguments: &PlaceArguments, default: &str) -> Self {
        let folder = arguments.data.clone().unwrap_or_else(|| PathBuf::from(default));
        let location = match &arguments.database {
            Some(url) => Location::Postgres { url: url.clone() },
            None => Location::Sqlite { folder: folder.clone() },
        };
        Self { folder, location, database: arguments.database.clone() }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The databases.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// The key store: apart from the databases, so that a copy of theirs opens nothing.
    pub(crate) fn key_store(&self) -> Location {
        Location::Sqlite { folder: self.folder.join("keys") }
    }

    /// A file of keys.
    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.folder.join("secrets").join(name)
    }

    /// How to name this place on the command line.
    pub(crate) fn flags(&self) -> String {
        let folder = format!("--data {}", self.folder.display());
        match &self.database {
            Some(_) => format!("{folder} --database $HANDSEL_DATABASE"),
            None => folder,
        }
    }
}
