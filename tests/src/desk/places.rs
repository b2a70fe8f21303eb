//! Where a desk stands: before the reward service of an installation, or before a suite in one process over embedded files.

use super::Desk;
use crate::installation::{Installation, free_port};
use crate::patience::Patience;
use crate::process::Process;
use crate::{Store, program, system_seconds};
use handsel_access::DevIssuer;
use std::path::PathBuf;
use tempfile::TempDir;

impl Installation {
    /// A desk before its reward service.
    #[must_use]
    pub fn desk(&self, patience: Patience) -> Desk {
        Desk::at(&self.reward_address(), self.issuer(), self.data(), patience)
    }
}

/// A suite in one process with its core bank, over embedded files, told on the command line; it may be killed and started again.
#[derive(Debug)]
pub struct OneProcess {
    folder: TempDir,
    port: u16,
    faults: String,
}

impl OneProcess {
    /// One that does not run yet, its core bank with these faults.
    ///
    /// # Panics
    /// If there is no place for its data.
    #[must_use]
    pub fn new(faults: &str) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), port: free_port(), faults: faults.to_owned() }
    }

    /// Where its data lies.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its process, over its own data.
    #[must_use]
    pub fn process(&self) -> Process {
        let listen = format!("127.0.0.1:{}", self.port);
        let data = self.data().display().to_string();
        let arguments = ["up", "--data", &data, "--listen", &listen, "--json", "--simulator", "--faults", &self.faults];
        let log = self.folder.path().join("suite.log");
        Process::new("suite", program(), arguments.map(str::to_owned).into(), log)
    }

    /// A desk before it.
    ///
    /// # Panics
    /// If the key of its tokens can be neither read nor made.
    #[must_use]
    pub fn desk(&self, patience: Patience) -> Desk {
        std::fs::create_dir_all(self.data().join("secrets")).expect("a folder of keys");
        let issuer = DevIssuer::open(&self.data().join("secrets"), &[9; 32], system_seconds()).expect("a key");
        let files = ["reward", "corebank"].map(|name| (name, self.data().join(format!("{name}.db"))));
        Desk::at(&format!("http://127.0.0.1:{}", self.port), issuer, (Store::Sqlite, files.to_vec()), patience)
    }
}
