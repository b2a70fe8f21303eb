//! One process of an installation: started, killed, asked to stop, started again.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a process that was asked to stop may take. Its drain is bounded by 20 seconds; without work it needs none of them.
const STOPPING: Duration = Duration::from_secs(15);

/// A process, whether it runs or not.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    running: Option<Child>,
}

impl Process {
    /// A process that does not run yet. What it says goes to the end of a file.
    #[must_use]
    pub fn new(name: &'static str, program: PathBuf, arguments: Vec<String>, log: PathBuf) -> Self {
        Self { name, program, arguments, log, running: None }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Starts it, and waits for nothing.
    ///
    /// # Panics
    /// If it cannot be started, or runs already.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "{} runs already", self.name);
        let log = OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a second handle")).stderr(log).kill_on_drop(true);
        self.running = Some(command.spawn().expect("the program starts"));
    }

    /// Ends it at once, wherever it is (SIGKILL).
    ///
    /// # Panics
    /// If it has ended by itself: it may not, whatever becomes of the others.
    pub async fn kill(&mut self) {
        let mut child = self.alive();
        child.start_kill().expect("killed");
        child.wait().await.expect("gone");
    }

    /// Asks it to stop, as an operator does (SIGTERM), and says how it ended.
    ///
    /// # Panics
    /// If it has ended by itself, or does not end in time.
    pub async fn stop(&mut self) -> ExitStatus {
        let mut child = self.alive();
        self.signal(&child, "-TERM").await;
        let ended = tokio::time::timeout(STOPPING, child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("{} does not stop; its log: {}", self.name, self.log.display()))
            .expect("waited")
    }

    /// Has it sleep where it stands (SIGSTOP): it notices nothing, as on a machine that hangs.
    ///
    /// # Panics
    /// If it has ended by itself.
    pub async fn pause(&mut self) {
        let child = self.alive();
        self.signal(&child, "-STOP").await;
        self.running = Some(child);
    }

    /// Wakes it where it slept (SIGCONT).
    ///
    /// # Panics
    /// If it has ended by itself.
    pub async fn resume(&mut self) {
        let child = self.alive();
        self.signal(&child, "-CONT").await;
        self.running = Some(child);
    }

    async fn signal(&self, child: &Child, signal: &str) {
        let id = child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await.expect("kill runs");
        assert!(sent.success(), "{}: no {signal}", self.name);
    }

    /// Everything that it has said so far, in all its lives.
    ///
    /// # Panics
    /// If its log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    fn alive(&mut self) -> Child {
        let mut child = self.running.take().unwrap_or_else(|| panic!("{} does not run", self.name));
        if let Some(status) = child.try_wait().expect("its state") {
            panic!("{} has ended by itself with {status}; its log: {}", self.name, self.log.display());
        }
        child
    }
}
