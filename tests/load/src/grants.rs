//! Calls for grants, a fixed number of them under way at all times.

use crate::bank::{Bank, Case, REWARD_CROWNS};
use crate::latency::Waits;
use crate::service::{Service, Token, authorized};
use anyhow::{Context as _, Result, bail, ensure};
use handsel_access::Role;
use handsel_proto::handsel::reward::v1::reward_service_client::RewardServiceClient;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Code;
use tonic::transport::Channel;

/// How long a referral is tried again before the run gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before it is.
const PAUSE: Duration = Duration::from_millis(5);

/// How hard, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pressure {
    /// Calls under way.
    pub(crate) in_flight: u32,
    /// Connections that they share.
    pub(crate) connections: u32,
    /// Before the measurement.
    pub(crate) warm_up: Duration,
    /// The measurement.
    pub(crate) measure: Duration,
}

/// What came of it.
pub(crate) struct Granted {
    /// Referrals granted, warm-up and the last ones included, by plan.
    pub(crate) by_plan: Vec<i64>,
    /// The calls that were answered during the measurement.
    pub(crate) waits: Waits,
    /// Calls that had to be sent again.
    pub(crate) sent_again: u64,
}

/// The time in which answers count.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Instant,
    until: Instant,
}

/// Grants referrals of the bank under these plans. Each is granted in the end: the natural key makes it safe to ask again.
///
/// # Errors
/// A refusal, or a service that is gone.
pub(crate) async fn grant(
    service: &Service,
    bank: &Arc<Bank>,
    plans: &Arc<[String]>,
    pressure: Pressure,
) -> Result<Granted> {
    let token = service.token(Role::Service, None)?;
    let mut channels = Vec::new();
    for _ in 0..pressure.connections {
        channels.push(service.connect().await?);
    }
    let from = Instant::now() + pressure.warm_up;
    let span = Span { from, until: from + pressure.measure };
    let mut callers = JoinSet::new();
    for (channel, _) in channels.iter().cycle().zip(0..pressure.in_flight) {
        let caller = Caller { client: RewardServiceClient::new(channel.clone()), token: token.clone() };
        callers.spawn(caller.run(Arc::clone(bank), Arc::clone(plans), span));
    }
    let mut all = Granted { by_plan: vec![0; plans.len()], waits: Waits::default(), sent_again: 0 };
    while let Some(one) = callers.join_next().await {
        let Granted { by_plan, waits, sent_again } = one??;
        all.waits.join(waits);
        all.sent_again += sent_again;
        for (sum, part) in all.by_plan.iter_mut().zip(by_plan) {
            *sum += part;
        }
    }
    Ok(all)
}

/// One of those who call.
struct Caller {
    client: RewardServiceClient<Channel>,
    token: Token,
}

impl Caller {
    async fn run(mut self, bank: Arc<Bank>, plans: Arc<[String]>, span: Span) -> Result<Granted> {
        let mut granted = Granted { by_plan: vec![0; plans.len()], waits: Waits::default(), sent_again: 0 };
        while Instant::now() < span.until {
            let case = bank.next(&plans);
            let sent = Instant::now();
            granted.sent_again += self.one(&case, sent).await?;
            let answered = Instant::now();
            if span.from <= answered && answered < span.until {
                granted.waits.note(answered - sent);
            }
            *granted.by_plan.get_mut(case.plan).context("a plan that there is not")? += 1;
        }
        Ok(granted)
    }

    /// Grants one referral, however often it has to ask; how often it had to ask again.
    async fn one(&mut self, case: &Case, sent: Instant) -> Result<u64> {
        let mut again = 0;
        loop {
            let request = authorized(case.request.clone(), &self.token);
            match self.client.grant_rewards(request).await {
                Ok(answer) => {
                    let rewards = answer.into_inner().rewards;
                    let amounts = rewards.iter().filter_map(|reward| Some(reward.reward_amount.as_ref()?.units));
                    ensure!(amounts.eq([REWARD_CROWNS]), "a referral was granted {rewards:?}");
                    return Ok(again);
                }
                Err(status) if may_pass(status.code()) && sent.elapsed() < PATIENCE => {
                    again += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(status) => bail!("a grant failed: {status}"),
            }
        }
    }
}

fn may_pass(code: Code) -> bool {
    matches!(code, Code::ResourceExhausted | Code::Aborted | Code::Unavailable | Code::DeadlineExceeded | Code::Unknown)
}
