//! What a program is put together from: a service as its library gives it.

use crate::{Job, Routes};
use futures::future::BoxFuture;

/// One service inside a program. The frame serves any number of them on one port.
pub trait Part: Send + Sync {
    /// The service's name, as in its package `handsel.<name>.v1`: health is reported for each gRPC service of that package.
    fn name(&self) -> &'static str;

    /// Adds its gRPC services.
    fn add_to(&self, routes: &mut Routes);

    /// Its loops: relays, due dates, deadlines.
    fn jobs(&self) -> Vec<Job>;

    /// Finishes what it has accepted (its lanes). Called once, after the last call has ended and the jobs have stopped.
    fn drain(&self) -> BoxFuture<'_, ()>;
}
