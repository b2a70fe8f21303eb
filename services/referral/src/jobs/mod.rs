//! The loops of the service: relays, referrals whose time runs out, and what is kept only for a while. Each does a
//! limited portion a run, and may run twice.

mod erasures;

use crate::{
    Peers, Referral,
    commands::{Act, ExpireReferrals, PurgeSuppressions, PurgeUnmatched},
    means::Means,
    queries,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, AuditDeliver, AuditRelay, Notice, PurgeSent, Relay, RelaySettings, deliver_by};
use handsel_proto::handsel::reward::v1::{DeliverRequest, reward_inbox_service_client::RewardInboxServiceClient};
use handsel_service::{Job, Peer, Worked};
use handsel_storage::{Command, Fault, PurgeRequests};
use std::{sync::Arc, time::Duration};

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
pub(crate) fn all(means: &Arc<Means>, relays: &[Relay]) -> Vec<Job> {
    let mut jobs = vec![
        expiry(means),
        settle_keys(means),
        erasures::course(means),
        erasures::run_out(means),
        erasures::keep_erased(means),
        purge(means, "referral purge suppressions", |means| PurgeSuppressions {
            now: means.world.business.now(),
            limit: PORTION,
        }),
        purge(means, "referral purge requests", |means| PurgeRequests {
            before: earlier(means.world.system.now(), REMEMBERED),
            limit: PORTION,
        }),
        purge(means, "referral purge unmatched facts", |means| PurgeUnmatched {
            before: earlier(means.world.business.now(), UNMATCHED),
            limit: PORTION,
        }),
        purge_sent(means, "reward"),
        purge_sent(means, "audit"),
    ];
    jobs.extend(relays.iter().map(Relay::job));
    jobs
}

/// The relays, to be kept and given back at the end.
pub(crate) fn relays(means: &Means, peers: Peers, settings: RelaySettings) -> Vec<Relay> {
    let Peers { reward, audit } = peers;
    let audit = audit.map(|audit| to_audit(means, audit));
    let watch = Arc::new(Notice::new(means.outbox.clone(), means.world.clone()));
    let relays = [Some(to_reward(means, reward)), audit].into_iter().flatten();
    relays.map(|relay| relay.watched_by(watch.clone()).paced(settings)).collect()
}

fn to_reward(means: &Means, reward: Peer) -> Relay {
    let client = RewardInboxServiceClient::new(reward);
    let greeter = client.clone();
    let greet = move |greeting| {
        let mut client = greeter.clone();
        async move { Ok(client.greet(greeting).await?.into_inner()) }
    };
    let deliver = deliver_by(greet, move |origin, messages| {
        let mut client = client.clone();
        async move {
            let request = DeliverRequest { origin: Some(origin), messages };
            Ok(client.deliver(request).await?.into_inner().receipts)
        }
    });
    Relay::new(means.db.clone(), Referral::NAME, "reward", deliver).woken_by(means.lanes.after_commit())
}

fn to_audit(means: &Means, audit: Peer) -> Relay {
    let deliver = Arc::new(AuditDeliver::new(audit));
    AuditRelay::new(means.db.clone(), Referral::NAME, deliver).woken_by(means.lanes.after_commit())
}

/// Ends referrals whose time has run out.
fn expiry(means: &Arc<Means>) -> Job {
    let means = Arc::clone(means);
    Job::new("referral expiry", Duration::from_secs(60), move || {
        let means = means.clone();
        async move {
            let act = system_act(&means, "referral/expiry");
            let expired = means.db.transact(&ExpireReferrals { act, limit: PORTION }).await?;
            Ok(more_if(i64::try_from(expired)? == PORTION))
        }
    })
}

/// Keeps the keys of subjects on record, forgets those of requests that came to nothing.
fn settle_keys(means: &Arc<Means>) -> Job {
    let means = means.clone();
    Job::new("referral settle keys", Duration::from_secs(600), move || {
        let means = means.clone();
        async move {
            let before = earlier(means.world.system.now(), KEY_SETTLES);
            let unsettled = means.registry.unsettled(before, PORTION).await?;
            let on_record = queries::subjects::on_record(&means.db, unsettled.clone()).await?;
            let (known, unknown): (Vec<_>, Vec<_>) =
                unsettled.into_iter().partition(|subject| on_record.contains(subject));
            let settled = i64::try_from(known.len().saturating_add(unknown.len()))?;
            means.registry.settle(known, unknown).await?;
            Ok(more_if(settled == PORTION))
        }
    })
}

/// What the service does by itself, in the name of one of its jobs.
fn system_act(means: &Means, name: &str) -> Act {
    let actor = Actor::system(name);
    Act {
        by: actor.subject.clone(),
        actor,
        now: means.world.business.now(),
        traceparent: None,
        outbox: means.outbox.clone(),
    }
}

fn purge_sent(means: &Arc<Means>, destination: &'static str) -> Job {
    let name = match destination {
        "reward" => "referral purge sent to reward",
        _ => "referral purge sent to audit",
    };
    // What was sent is dated by the database, as is the machine's time.
    purge(means, name, move |means| PurgeSent {
        destination,
        before: earlier(means.world.system.now(), REMEMBERED),
        limit: PORTION,
    })
}

fn purge<C, F>(means: &Arc<Means>, name: &'static str, command: F) -> Job
where
    C: Command<Output = u64>,
    F: Fn(&Means) -> C + Clone + Send + Sync + 'static,
{
    let means = means.clone();
    Job::new(name, DAY, move || {
        let (means, command) = (means.clone(), command.clone());
        async move {
            let purged = means.db.transact(&command(&means)).await.map_err(|fault: Fault| anyhow::anyhow!(fault))?;
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
