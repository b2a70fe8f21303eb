//! A real server on a free port, for as long as a test needs it.

use handsel_access::AccessLayer;
use handsel_service::{Frame, FrameError, Part};
use std::{net::SocketAddr, sync::Arc};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Channel, Endpoint};

/// A running server. Dropped, it begins to drain.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    channel: Channel,
    stop: DropGuard,
    serving: JoinHandle<Result<(), FrameError>>,
}

impl Server {
    pub(crate) fn start(frame: Frame, parts: Vec<Arc<dyn Part>>, access: AccessLayer) -> Self {
        let address = frame.address();
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let stop = CancellationToken::new();
        let serving = tokio::spawn(frame.serve(parts, access, stop.clone()));
        Self { address, channel: endpoint.connect_lazy(), stop: stop.drop_guard(), serving }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A channel to it: `PlanServiceClient::new(server.channel())`.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Drains it, and returns when it has ended.
    ///
    /// # Panics
    /// Where it failed.
    pub async fn stop(self) {
        self.stop.disarm().cancel();
        self.serving.await.expect("a server that does not panic").expect("a server that ends well");
    }
}
