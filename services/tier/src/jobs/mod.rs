//! The tier service's loops: it tells the reward and the referral service of new tiers, and the log of everything.

use crate::NAME;
use handsel_outbox::{AuditDeliver, AuditRelay, PurgeSent, Relay, RelaySettings, deliver_by};
use handsel_proto::handsel::{
    referral::v1 as referral, referral::v1::referral_inbox_service_client::ReferralInboxServiceClient,
    reward::v1 as reward, reward::v1::reward_inbox_service_client::RewardInboxServiceClient,
};
use handsel_service::{Job, Peer, Worked, World};
use handsel_storage::{Command, Db, Fault, Lanes, PurgeRequests};
use std::time::Duration;

/// Request ids and sent messages are kept this long: longer than any backup.
const KEPT: Duration = Duration::from_secs(40 * 24 * 3600);
/// How often what is older is looked for.
const PURGE_PERIOD: Duration = Duration::from_secs(3600);
/// Rows that one transaction forgets.
const PURGE_LIMIT: i64 = 1_000;

/// Tells the reward service of new tiers.
pub(crate) fn to_reward(db: &Db, lanes: &Lanes, peer: Peer, settings: RelaySettings) -> Relay {
    let client = RewardInboxServiceClient::new(peer);
    let greeter = client.clone();
    let greet = move |greeting| {
        let mut client = greeter.clone();
        async move { Ok(client.greet(greeting).await?.into_inner()) }
    };
    let deliver = deliver_by(greet, move |origin, messages: Vec<reward::deliver_request::Message>| {
        let mut client = client.clone();
        async move {
            let request = reward::DeliverRequest { origin: Some(origin), messages };
            Ok(client.deliver(request).await?.into_inner().receipts)
        }
    });
    Relay::new(db.clone(), NAME, "reward", deliver).woken_by(lanes.after_commit()).paced(settings)
}

/// Tells the referral service of new tiers.
pub(crate) fn to_referral(db: &Db, lanes: &Lanes, peer: Peer, settings: RelaySettings) -> Relay {
    let client = ReferralInboxServiceClient::new(peer);
    let greeter = client.clone();
    let greet = move |greeting| {
        let mut client = greeter.clone();
        async move { Ok(client.greet(greeting).await?.into_inner()) }
    };
    let deliver = deliver_by(greet, move |origin, messages: Vec<referral::deliver_request::Message>| {
        let mut client = client.clone();
        async move {
            let request = referral::DeliverRequest { origin: Some(origin), messages };
            Ok(client.deliver(request).await?.into_inner().receipts)
        }
    });
    Relay::new(db.clone(), NAME, "referral", deliver).woken_by(lanes.after_commit()).paced(settings)
}

/// Tells the log of everything.
pub(crate) fn to_audit(db: &Db, lanes: &Lanes, peer: Peer, settings: RelaySettings) -> Relay {
    let deliver = std::sync::Arc::new(AuditDeliver::new(peer));
    AuditRelay::new(db.clone(), NAME, deliver).woken_by(lanes.after_commit()).paced(settings)
}

/// Forgets request ids and sent messages that are too old to come back.
pub(crate) fn purge(db: &Db, world: &World) -> Job {
    let (db, world) = (db.clone(), world.clone());
    Job::new("tier purge", PURGE_PERIOD, move || {
        let (db, world) = (db.clone(), world.clone());
        async move {
            let before = world.system.now().checked_sub(KEPT);
            let mut full = false;
            if let Some(before) = before {
                full |= forget(&db, &PurgeRequests { before, limit: PURGE_LIMIT }).await?;
                for destination in ["reward", "referral", "audit"] {
                    full |= forget(&db, &PurgeSent { destination, before, limit: PURGE_LIMIT }).await?;
                }
            }
            Ok(if full { Worked::More } else { Worked::Idle })
        }
    })
}

/// True if there may be more.
async fn forget<C: Command<Output = u64>>(db: &Db, command: &C) -> Result<bool, Fault> {
    Ok(db.transact(command).await? >= PURGE_LIMIT.unsigned_abs())
}
