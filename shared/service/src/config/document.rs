//! The file as text and its sections: each is taken once by whoever it belongs to, and none may be left.

use super::{Config, LimitsConfig, PeerConfig, StorageConfig};
use handsel_storage::Location;
use serde::de::DeserializeOwned;
use std::{fs, io, path::Path};

/// A configuration file that has been read and not yet understood.
#[derive(Debug, Clone, Default)]
pub struct Document(toml::Table);

/// What is wrong with a configuration. Each names the place.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML.
    #[error("not TOML: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A section holds something that it may not.
    #[error("[{section}]: {message}")]
    Section {
        /// The section.
        section: String,
        /// What is wrong.
        message: String,
    },
    /// A section that nobody asks for.
    #[error("[{0}]: there is no such section here")]
    Unknown(String),
}

impl Document {
    /// Reads a document from text.
    ///
    /// # Errors
    /// Text that is not TOML.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Ok(Self(text.parse()?))
    }

    /// Reads a document from a file.
    ///
    /// # Errors
    /// A file that cannot be read, or is not TOML.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: file.display().to_string(), source };
        Self::parse(&fs::read_to_string(file).map_err(unreadable)?)
    }

    /// Takes a section out; its default where there is none.
    ///
    /// # Errors
    /// A key that it does not have, or a value that does not fit.
    pub fn section<S: DeserializeOwned + Default>(&mut self, name: &str) -> Result<S, ConfigError> {
        Ok(self.optional_section(name)?.unwrap_or_default())
    }

    /// Takes a section out; `None` where there is none.
    ///
    /// # Errors
    /// A key that it does not have, or a value that does not fit.
    pub fn optional_section<S: DeserializeOwned>(&mut self, name: &str) -> Result<Option<S>, ConfigError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        value.try_into().map(Some).map_err(|error: toml::de::Error| wrong(name, error.message()))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A section that nobody took.
    pub fn finish(self) -> Result<(), ConfigError> {
        match self.0.into_iter().next() {
            Some((left, _)) => Err(ConfigError::Unknown(left)),
            None => Ok(()),
        }
    }
}

impl Config {
    /// Takes the frame's sections out of a document.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn take(document: &mut Document) -> Result<Self, ConfigError> {
        let config = Self {
            server: document.section("server")?,
            limits: document.section("limits")?,
            storage: document.section("storage")?,
            tokens: document.optional_section("tokens")?,
            telemetry: document.section("telemetry")?,
            log: document.section("log")?,
            peers: document.section("peers")?,
        };
        config.limits.check()?;
        config.storage.check()?;
        config.peers.iter().try_for_each(|(name, peer)| peer.check(name))?;
        Ok(config)
    }
}

impl LimitsConfig {
    fn check(&self) -> Result<(), ConfigError> {
        if !(1..=Self::LARGEST_MESSAGE).contains(&self.message_bytes) {
            return Err(wrong("limits", &format!("message_bytes is not from 1 to {}", Self::LARGEST_MESSAGE)));
        }
        if self.calls == 0 || self.streams_per_connection == 0 || self.call_timeout_millis == 0 {
            return Err(wrong("limits", "a limit of 0 lets nothing through"));
        }
        Ok(())
    }
}

impl StorageConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let given = [self.folder.is_some(), self.database_url.is_some(), self.database_url_file.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(wrong("storage", "give one of `folder`, `database_url` and `database_url_file`"));
        }
        Ok(())
    }

    /// Where the databases are; the folder `otherwise` where nothing is configured.
    ///
    /// # Errors
    /// The file of the URL cannot be read.
    pub fn location(&self, otherwise: &Path) -> Result<Location, ConfigError> {
        if let Some(url) = &self.database_url {
            return Ok(Location::Postgres { url: url.reveal().to_owned() });
        }
        if let Some(file) = &self.database_url_file {
            let unreadable = |source| ConfigError::Unreadable { file: file.display().to_string(), source };
            let url = fs::read_to_string(file).map_err(unreadable)?;
            return Ok(Location::Postgres { url: url.trim().to_owned() });
        }
        Ok(Location::Sqlite { folder: self.folder.clone().unwrap_or_else(|| otherwise.to_owned()) })
    }
}

impl PeerConfig {
    fn check(&self, name: &str) -> Result<(), ConfigError> {
        let section = format!("peers.{name}");
        if !self.address.starts_with("http://") && !self.address.starts_with("https://") {
            return Err(wrong(&section, "address is not http://host:port or https://host:port"));
        }
        if self.certificate.is_some() != self.key.is_some() {
            return Err(wrong(&section, "certificate and key go together"));
        }
        if self.connect_timeout_millis == 0 || self.call_timeout_millis == 0 || self.calls_in_flight == 0 {
            return Err(wrong(&section, "a limit of 0 lets nothing through"));
        }
        Ok(())
    }
}

fn wrong(section: &str, message: &str) -> ConfigError {
    ConfigError::Section { section: section.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let mut document = Document::parse(text)?;
        let config = Config::take(&mut document)?;
        document.finish().map(|()| config)
    }

    #[test]
    fn nothing_said_is_a_whole_configuration() {
        let config = read("").unwrap();
        assert_eq!(config.server.listen.port(), 7000);
        assert_eq!(config.limits.message_bytes, 4_194_304);
        let location = config.storage.location(Path::new("data")).unwrap();
        assert!(matches!(location, Location::Sqlite { folder } if folder == Path::new("data")));
    }

    #[test]
    fn everything_said_is_heard() {
        let config = read(
            r#"
            [server]
            listen = "0.0.0.0:0"
            tls = { certificate = "server.pem", key = "server.key", client_authority = "ca.pem" }
            [limits]
            message_bytes = 65536
            [storage]
            database_url = "postgres://handsel:hunter2@db/handsel"
            [tokens]
            issuer = "https://login.bank.example"
            audience = "handsel"
            key_set = "keys.json"
            claims = { roles = "realm_access.roles" }
            roles = { teller = "branch.staff" }
            [telemetry]
            endpoint = "http://collector:4317"
            [log]
            format = "json"
            [peers.reward]
            address = "https://reward:7000"
            token_file = "token"
            "#,
        )
        .unwrap();
        assert_eq!(config.peers["reward"].calls_in_flight, 256);
        assert_eq!(config.tokens.as_ref().unwrap().settings().roles["teller"], "branch.staff");
        assert!(!format!("{config:?}").contains("hunter2"), "a password must not show itself");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_where_it_stands() {
        let table = [
            ("[server]\nlisten = \"here\"", "[server]"),
            ("[server]\nlistn = \"127.0.0.1:1\"", "[server]"),
            ("[limits]\nmessage_bytes = 5000000", "[limits]"),
            ("[limits]\ncalls = 0", "[limits]"),
            ("[storage]\nfolder = \"a\"\ndatabase_url_file = \"b\"", "[storage]"),
            ("[peers.reward]\naddress = \"reward:7000\"", "[peers.reward]"),
            ("[peers.reward]\naddress = \"http://reward\"\nkey = \"k\"", "[peers.reward]"),
            ("[tokens]\nissuer = \"i\"", "[tokens]"),
            ("[rewards]", "[rewards]"),
            ("[server", "not TOML"),
        ];
        for (text, place) in table {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(place), "{text}: {error}");
        }
    }
}
