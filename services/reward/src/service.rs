//! What handlers and jobs share.

use crate::{commands::means::Means, config::RewardConfig};
use handsel_outbox::Relay;
use handsel_service::World;
use handsel_storage::{Db, Lanes};
use tokio::sync::Mutex;

/// The running service.
pub(crate) struct Service {
    pub(crate) db: Db,
    pub(crate) lanes: Lanes,
    pub(crate) world: World,
    pub(crate) means: Means,
    pub(crate) config: RewardConfig,
    /// To the log; without it statements wait.
    pub(crate) relay: Option<Relay>,
    /// Held by whoever writes a file of payouts.
    pub(crate) files: Mutex<()>,
}
