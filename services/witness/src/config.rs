//! What a witness is told: its name, its logs, its folder.

use anyhow::{Context as _, Result, ensure};
use handsel_service::config::{Document, LogConfig};
use handsel_tlog::VerifierKey;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// A witness's configuration.
#[derive(Debug, Clone)]
pub struct WitnessConfig {
    /// The cosigner's name, by convention a URL without its scheme. Part of its key's id, so it never changes.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The folder of its key and of what it has seen. One process at a time.
    pub folder: PathBuf,
    /// The keys of the logs it knows; a log whose key is being replaced has two.
    pub logs: Vec<VerifierKey>,
    /// How it logs.
    pub log: LogConfig,
}

/// `[witness]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    name: String,
    listen: SocketAddr,
    folder: PathBuf,
    logs: Vec<String>,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            name: String::new(),
            listen: (Ipv4Addr::LOCALHOST, 7420).into(),
            folder: PathBuf::from("handsel-witness"),
            logs: Vec::new(),
        }
    }
}

impl WitnessConfig {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// A key nobody asks for, a value that does not fit; no name, no log, a log's key that is none.
    pub fn read(file: &Path) -> Result<Self> {
        Self::from_document(Document::read(file)?).with_context(|| file.display().to_string())
    }

    fn from_document(mut document: Document) -> Result<Self> {
        let Section { name, listen, folder, logs } = document.section("witness")?;
        let log = document.section("log")?;
        document.finish()?;
        ensure!(!name.is_empty(), "[witness]: `name` is missing");
        ensure!(!logs.is_empty(), "[witness]: `logs` is empty, so there is nothing to witness");
        let key = |text: &String| VerifierKey::parse(text).with_context(|| format!("[witness]: `logs`: {text}"));
        let logs = logs.iter().map(key).collect::<Result<_>>()?;
        Ok(Self { name, listen, folder, logs, log })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_understood_and_what_is_missing_is_named() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/witness/witness.toml");
        let read = WitnessConfig::read(&sample).unwrap();
        assert_eq!((read.logs.len(), read.listen.port()), (1, 7420));
        let table = [
            ("", "`name` is missing"),
            ("[witness]\nname = 'w'", "nothing to witness"),
            ("[witness]\nname = 'w'\nlogs = ['x']", "`logs`: x"),
            ("[witness]\nname = 'w'\nlog = ['x']", "unknown field `log`"),
        ];
        for (text, says) in table {
            let told = format!("{:#}", WitnessConfig::from_document(Document::parse(text).unwrap()).unwrap_err());
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
