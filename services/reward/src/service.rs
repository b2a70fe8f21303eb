//! What handlers and jobs share.

use crate::{
    commands::means::Means,
    config::{RewardConfig, RewardPeers},
};
use handsel_service::World;
use handsel_storage::{Db, Lanes};

/// The running service.
pub(crate) struct Service {
    pub(crate) db: Db,
    pub(crate) lanes: Lanes,
    pub(crate) world: World,
    pub(crate) means: Means,
    pub(crate) config: RewardConfig,
    pub(crate) peers: RewardPeers,
}
