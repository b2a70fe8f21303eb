//! What a program is told from outside: a TOML file of sections. Reading it does nothing else: no file is opened, no port bound.
//!
//! The frame's sections are [`Config`]; a service adds its own with [`Document::section`]. A key nobody asks for is refused, so
//! that a slip of the pen is no silent default.

mod document;

pub use document::{ConfigError, Document};

use crate::World;
use handsel_access::{ClaimPaths, KeySource, SetUpError, TokenSettings, Verifier};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// The frame's sections.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[storage]`
    pub storage: StorageConfig,
    /// `[tokens]`; absent: only a development issuer can be used.
    pub tokens: Option<TokensConfig>,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[peers.<service>]`
    pub peers: BTreeMap<String, PeerConfig>,
}

/// `[server]`: where calls arrive, and how the program ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address that is listened on. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// TLS; absent: none, for a mesh or a proxy that brings its own.
    pub tls: Option<TlsConfig>,
    /// How long health says NOT_SERVING before the port closes, so that load balancers look away, in milliseconds.
    pub notice_millis: u64,
    /// How long running calls may take to end after that, in seconds. Then they are cut.
    pub drain_seconds: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 7000).into(), tls: None, notice_millis: 0, drain_seconds: 20 }
    }
}

/// `[server.tls]`: PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority of the clients' certificates; with it, a client without one is refused.
    pub client_authority: Option<PathBuf>,
}

/// `[limits]`: what one process takes on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// The largest message that is read, in bytes: at most 4 MiB.
    pub message_bytes: u32,
    /// Calls that may wait for their answer to begin; one more is refused with RESOURCE_EXHAUSTED.
    pub calls: usize,
    /// Streams open on one connection.
    pub streams_per_connection: u32,
    /// The longest a unary call may take, whatever its caller would wait, in milliseconds.
    pub call_timeout_millis: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            message_bytes: Self::LARGEST_MESSAGE,
            calls: 4096,
            streams_per_connection: 1024,
            call_timeout_millis: 30_000,
        }
    }
}

impl LimitsConfig {
    /// What every gRPC library reads unless told otherwise.
    pub const LARGEST_MESSAGE: u32 = 4 * 1024 * 1024;
}

/// `[storage]`: one of a folder (SQLite) and a database (PostgreSQL).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// The folder of the embedded databases.
    pub folder: Option<PathBuf>,
    /// The PostgreSQL database.
    pub database_url: Option<Secret>,
    /// A file that holds its URL, so that the password stays out of the configuration.
    pub database_url_file: Option<PathBuf>,
}

/// `[tokens]`: whose tokens are believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The issuer's keys, a JSON Web Key Set; read again when it changes.
    pub key_set: PathBuf,
    /// How far the issuer's clock may differ, in seconds; default 30.
    pub leeway_seconds: Option<u32>,
    /// Where in a token the claims lie; default `roles`, `branch`, `person`.
    #[serde(default)]
    pub claims: ClaimPaths,
    /// The issuer's role names → Handsel's; default the same names.
    pub roles: Option<BTreeMap<String, String>>,
}

impl TokensConfig {
    /// The settings of the verifier.
    #[must_use]
    pub fn settings(&self) -> TokenSettings {
        let mut settings = TokenSettings::new(&self.issuer, &self.audience);
        settings.claims = self.claims.clone();
        if let Some(seconds) = self.leeway_seconds {
            settings.leeway_seconds = seconds;
        }
        if let Some(roles) = &self.roles {
            settings.roles.clone_from(roles);
        }
        settings
    }

    /// The verifier of these tokens, by the system's time.
    ///
    /// # Errors
    /// Settings that do not fit, or a key file that cannot be used.
    pub fn verifier(&self, world: &World) -> Result<Verifier, SetUpError> {
        Verifier::new(&self.settings(), KeySource::File(self.key_set.clone()), world.token_clock())
    }
}

/// `[telemetry]`: where traces and metrics go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The OpenTelemetry collector's gRPC address, e.g. `http://collector:4317`; absent: nothing is exported.
    pub endpoint: Option<String>,
}

/// `[log]`: the log on standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `auto` writes for people on a terminal and JSON elsewhere.
    pub format: LogFormat,
    /// What is logged, as `tracing` filters say it: `info`, `warn,handsel_reward=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info".into() }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// By where it goes.
    Auto,
    /// For people.
    Human,
    /// For machines: one JSON object a line.
    Json,
}

/// `[peers.<service>]`: another service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeerConfig {
    /// `http://host:port`, or `https://` with TLS.
    pub address: String,
    /// The file of the token to call it with.
    pub token_file: Option<PathBuf>,
    /// The authority of its certificate (PEM).
    pub authority: Option<PathBuf>,
    /// Our certificate, where it asks for one (PEM), together with `key`.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// The longest a connection may take to stand, in milliseconds.
    pub connect_timeout_millis: u64,
    /// The longest an answer may take to begin, in milliseconds.
    pub call_timeout_millis: u64,
    /// Calls under way at once; more wait.
    pub calls_in_flight: usize,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self {
            address: String::new(),
            token_file: None,
            authority: None,
            certificate: None,
            key: None,
            connect_timeout_millis: 3_000,
            call_timeout_millis: 10_000,
            calls_in_flight: 256,
        }
    }
}

/// A text that does not show itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
