//! Sends instructions to a bank that does not pull, and takes what it knows at once. The same attempt is sent again until its
//! outcome is known: the bank recognises it by its end-to-end id.

use crate::{
    commands::{
        hand_out::HandOut,
        report_outcomes::{ReportOutcomes, Taken},
    },
    domain::{channel::Channel, outcome::Outcome},
    service::Service,
    wire::settlement::{outcome_from, to_instruction},
};
use anyhow::Context;
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_proto::{
    codec,
    handsel::corebank::v1::{
        ExecuteInstructionsRequest, PayoutOutcome, core_banking_service_client::CoreBankingServiceClient,
    },
};
use handsel_service::{Job, Peer, Worked};
use prost::Message;
use std::sync::Arc;

/// The lane of settlement, as where the bank pulls.
const SETTLEMENT: &str = "settlement";
/// The contract's limit on one call.
const PAGE: usize = 500;

pub(super) fn job(service: &Arc<Service>, bank: Peer) -> Job {
    let own = Arc::clone(service);
    Job::new("reward push", service.config.pace.push_period, move || {
        let (service, bank) = (Arc::clone(&own), bank.clone());
        async move {
            let mut after = None;
            while let Some(last) = push_page(&service, &bank, after).await? {
                after = Some(last);
            }
            Ok(Worked::Idle)
        }
    })
}

/// Sends one page; the position of its last instruction where another page follows.
async fn push_page(
    service: &Service,
    bank: &Peer,
    after: Option<(Timestamp, String)>,
) -> anyhow::Result<Option<(Timestamp, String)>> {
    let actor = Actor::system("reward/push");
    let limit = i64::try_from(PAGE)?;
    let now = service.world.business.now();
    let hand_out = HandOut {
        means: service.means.clone(),
        after,
        limit,
        channel: Channel::Push,
        in_use: true,
        actor: actor.clone(),
        now,
    };
    let open = service.lanes.run(SETTLEMENT, hand_out).await?;
    let Some(last) = open.last() else { return Ok(None) };
    let next = (open.len() == PAGE).then(|| (last.instructed_at, last.end_to_end_id.clone()));

    let request = ExecuteInstructionsRequest { instructions: open.iter().map(to_instruction).collect() };
    let answer = CoreBankingServiceClient::new(bank.clone()).execute_instructions(request).await;
    let said = answer.context("core banking did not take the instructions")?.into_inner().outcomes;
    let outcomes: Vec<Outcome> = said.iter().enumerate().filter_map(|(at, one)| takeable(at, one)).collect();
    for outcomes in outcomes.chunks(PAGE) {
        let (means, outcomes, actor) = (service.means.clone(), outcomes.to_vec(), actor.clone());
        let report = ReportOutcomes { means, outcomes, actor, now: service.world.business.now() };
        let taken = service.lanes.run(SETTLEMENT, report).await?;
        taken.iter().for_each(warn_of_refusal);
    }
    Ok(next)
}

/// One outcome, held to the rules of a bank that reports by itself: answers pass no other check. One that cannot be taken holds
/// up no other; its attempt stays unknown and is asked for again.
fn takeable(at: usize, said: &PayoutOutcome) -> Option<Outcome> {
    let path = format!("outcomes[{at}]");
    let ruled =
        codec::check::<PayoutOutcome>(said.encode_to_vec().into()).map_err(|broken| broken.message().to_owned());
    let read = ruled.and_then(|()| {
        outcome_from(said, &path).map_err(|violation| format!("{}: {}", violation.field, violation.description))
    });
    read.inspect_err(|why| tracing::warn!(path, why, "core banking answered what cannot be taken")).ok()
}

/// A bank that reports by itself reads its receipts; of this one nobody else would hear.
fn warn_of_refusal(taken: &Taken) {
    if let Err(refusal) = &taken.result {
        let (end_to_end_id, reason) = (&taken.end_to_end_id, refusal.reason());
        tracing::warn!(end_to_end_id, reason, "what core banking says of a payment was refused");
    }
}
