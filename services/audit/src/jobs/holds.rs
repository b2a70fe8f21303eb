//! Telling the reward service what compliance keeps from being paid, and writing down what it answers.

use crate::{
    Audit,
    commands::{AnswerHold, REWARD, RecordOwed},
    log::Log,
    queries::hold,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Notice, PurgeSent, Relay, RelaySettings, deliver_by};
use handsel_proto::handsel::reward::v1::{DeliverRequest, reward_inbox_service_client::RewardInboxServiceClient};
use handsel_service::{Job, Peer, Worked};
use handsel_storage::{Command, PurgeRequests};
use std::{sync::Arc, time::Duration};

/// How often an answer is looked for: how much later than payments an officer knows that they are stopped.
const LOOK: Duration = Duration::from_millis(500);
const DAY: Duration = Duration::from_secs(86_400);
/// How long a request id is remembered, and a message after its answer: longer than any backup lives.
const REMEMBERED: Duration = Duration::from_secs(40 * 86_400);
/// Rows of one run.
const PORTION: i64 = 500;

/// The relay to the reward service.
pub(crate) fn to_reward(log: &Arc<Log>, reward: Peer, settings: RelaySettings) -> Relay {
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
    Relay::new(log.db.clone(), Audit::NAME, REWARD, deliver)
        .woken_by(log.lanes.after_commit())
        .watched_by(Arc::new(Notice::new(log.outbox.clone(), log.world.clone())))
        .paced(settings)
}

/// Writes down what the reward service has answered, and what the relay to it has found.
pub(crate) fn answers(log: &Arc<Log>) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move {
            for id in hold::unanswered(&log.db, PORTION).await? {
                let act = log.act(Actor::system("audit/holds"));
                // Where another replica writes the log, or nothing may be written, it is written down later.
                let _written: Result<bool, _> = log.run(AnswerHold { act, id }).await?;
            }
            if hold::owes_statements(&log.db).await? {
                let act = log.act(Actor::system("audit/relay"));
                log.run(RecordOwed { act }).await?;
            }
            Ok(Worked::Idle)
        }
    };
    Job::new("audit.holds", LOOK, run)
}

/// Forgets request ids, and messages that were answered long ago.
pub(crate) fn purges(log: &Arc<Log>) -> [Job; 2] {
    [
        purge(log, "audit.purge_requests", |before| PurgeRequests { before, limit: PORTION }),
        purge(log, "audit.purge_sent", |before| PurgeSent { destination: REWARD, before, limit: PORTION }),
    ]
}

fn purge<C, F>(log: &Arc<Log>, name: &'static str, command: F) -> Job
where
    C: Command<Output = u64>,
    F: Fn(Timestamp) -> C + Clone + Send + Sync + 'static,
{
    let log = Arc::clone(log);
    Job::new(name, DAY, move || {
        let (log, command) = (Arc::clone(&log), command.clone());
        async move {
            let before = log.now().checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
            let purged = log.db.transact(&command(before)).await?;
            Ok(if i64::try_from(purged)? == PORTION { Worked::More } else { Worked::Idle })
        }
    })
}
