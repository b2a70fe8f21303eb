//! The frame every program starts in: configuration, bind, serve, drain; health, reflection, telemetry; and what every
//! service says in the same way: values on the wire, refusals, pages, digests, calls to its peers.
//!
//! Never here: a business rule, a table, the name of a service.

pub mod config;
mod digest;
mod frame;
mod jobs;
mod layers;
pub mod page;
mod part;
mod peer;
mod routes;
pub mod status;
pub mod telemetry;
pub mod wire;
mod world;

pub use digest::digest;
pub use frame::{Frame, FrameError, stop_on_signal};
pub use jobs::{Job, Jobs, Run, Worked};
pub use layers::{Deadline, Draining};
pub use part::Part;
pub use peer::{Peer, PeerError, TokenSource};
pub use routes::Routes;
pub use world::{
    Clock, ClockError, Entropy, Ids, SeededEntropy, SettableClock, SystemClock, SystemEntropy, TimedIds, World,
};
