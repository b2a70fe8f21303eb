//! The loops of the service: relays, referrals whose time runs out, and what is kept only for a while. Each does a limited
//! portion a run, and may run twice.

use crate::{
    Peers, Referral,
    commands::{Act, ExpireReferrals, PurgeUnmatched},
    grpc::{Desk, Means},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, AuditDeliver, AuditRelay, PurgeSent, Relay, RelaySettings, deliver_by};
use handsel_proto::handsel::reward::v1::{DeliverRequest, reward_inbox_service_client::RewardInboxServiceClient};
use handsel_service::{Job, Peer, Worked};
use handsel_storage::{Command, Fault, PurgeRequests};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// How long a request id is remembered, and a message after its answer: longer than any backup lives.
const REMEMBERED: Duration = Duration::from_secs(40 * 86_400);
/// How long the digest of a fact that matched nothing is kept.
const UNMATCHED: Duration = Duration::from_secs(30 * 86_400);
/// How old a data key must be before it is asked whether its subject is on record: longer than any call takes.
const KEY_SETTLES: Duration = Duration::from_secs(3_600);
/// Rows of one run.
const PORTION: i64 = 500;

/// Every loop.
pub(crate) fn all(desk: &Desk, relays: &[Relay]) -> Vec<Job> {
    let mut jobs = vec![
        expiry(desk),
        settle_keys(desk),
        purge(desk, "referral purge requests", |desk| PurgeRequests {
            before: earlier(desk.0.world.system.now(), REMEMBERED),
            limit: PORTION,
        }),
        purge(desk, "referral purge unmatched facts", |desk| PurgeUnmatched {
            before: earlier(desk.0.world.business.now(), UNMATCHED),
            limit: PORTION,
        }),
        purge_sent(desk, "reward"),
        purge_sent(desk, "audit"),
    ];
    jobs.extend(relays.iter().map(Relay::job));
    jobs
}

/// The relays, to be kept and given back at the end.
pub(crate) fn relays(means: &Means, peers: Peers, settings: RelaySettings) -> Vec<Relay> {
    let Peers { reward, audit } = peers;
    let audit = audit.map(|audit| to_audit(means, audit));
    [Some(to_reward(means, reward)), audit].into_iter().flatten().map(|relay| relay.paced(settings)).collect()
}

fn to_reward(means: &Means, reward: Peer) -> Relay {
    let deliver = deliver_by(move |origin, messages| {
        let mut client = RewardInboxServiceClient::new(reward.clone());
        async move {
            let request = DeliverRequest { origin: Some(origin), messages };
            Ok(client.deliver(request).await?.into_inner().receipts)
        }
    });
    Relay::new(means.db.clone(), Referral::NAME, "reward", deliver).woken_by(means.lanes.after_commit())
}

fn to_audit(means: &Means, audit: Peer) -> Relay {
    let deliver = std::sync::Arc::new(AuditDeliver::new(audit));
    AuditRelay::new(means.db.clone(), Referral::NAME, deliver).woken_by(means.lanes.after_commit())
}

/// Ends referrals whose time has run out.
fn expiry(desk: &Desk) -> Job {
    let desk = desk.clone();
    Job::new("referral expiry", Duration::from_secs(60), move || {
        let desk = desk.clone();
        async move {
            let actor = Actor::system("referral/expiry");
            let act = Act {
                by: actor.subject.clone(),
                actor,
                now: desk.0.world.business.now(),
                traceparent: None,
                outbox: desk.0.outbox.clone(),
            };
            let expired = desk.0.db.transact(&ExpireReferrals { act, limit: PORTION }).await?;
            Ok(more_if(i64::try_from(expired)? == PORTION))
        }
    })
}

/// Keeps the keys of subjects on record, forgets those of requests that came to nothing.
fn settle_keys(desk: &Desk) -> Job {
    let desk = desk.clone();
    Job::new("referral settle keys", Duration::from_secs(600), move || {
        let desk = desk.clone();
        async move {
            let before = earlier(desk.0.world.system.now(), KEY_SETTLES);
            let unsettled = desk.0.registry.unsettled(before, PORTION).await?;
            let on_record = store::subject::on_record(&desk.0.db, unsettled.clone()).await?;
            let (known, unknown): (Vec<_>, Vec<_>) =
                unsettled.into_iter().partition(|subject| on_record.contains(subject));
            let settled = i64::try_from(known.len().saturating_add(unknown.len()))?;
            desk.0.registry.settle(known, unknown).await?;
            Ok(more_if(settled == PORTION))
        }
    })
}

fn purge_sent(desk: &Desk, destination: &'static str) -> Job {
    let name = match destination {
        "reward" => "referral purge sent to reward",
        _ => "referral purge sent to audit",
    };
    // What was sent is dated by the database, as is the machine's time.
    purge(desk, name, move |desk| PurgeSent {
        destination,
        before: earlier(desk.0.world.system.now(), REMEMBERED),
        limit: PORTION,
    })
}

fn purge<C, F>(desk: &Desk, name: &'static str, command: F) -> Job
where
    C: Command<Output = u64>,
    F: Fn(&Desk) -> C + Clone + Send + Sync + 'static,
{
    let desk = desk.clone();
    Job::new(name, DAY, move || {
        let (desk, command) = (desk.clone(), command.clone());
        async move {
            let purged = desk.0.db.transact(&command(&desk)).await.map_err(|fault: Fault| anyhow::anyhow!(fault))?;
            Ok(more_if(i64::try_from(purged)? == PORTION))
        }
    })
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn more_if(full: bool) -> Worked {
    if full { Worked::More } else { Worked::Idle }
}
