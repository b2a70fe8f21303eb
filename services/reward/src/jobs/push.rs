//! Sends instructions to a bank that does not pull, and takes what it knows at once. The same attempt is sent again until its
//! outcome is known: the bank recognises it by its end-to-end id.

use crate::{
    commands::{hand_out::HandOut, report_outcomes::ReportOutcomes},
    service::Service,
    wire::settlement::{outcomes_from, to_instruction},
};
use anyhow::{Context, anyhow};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_proto::handsel::corebank::v1::{
    ExecuteInstructionsRequest, core_banking_service_client::CoreBankingServiceClient,
};
use handsel_service::{Job, Peer, Worked};
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
    let hand_out = HandOut { means: service.means.clone(), after, limit, actor: actor.clone(), now };
    let open = service.lanes.run(SETTLEMENT, hand_out).await?;
    let Some(last) = open.last() else { return Ok(None) };
    let next = (open.len() == PAGE).then(|| (last.instructed_at, last.end_to_end_id.clone()));

    let request = ExecuteInstructionsRequest { instructions: open.iter().map(to_instruction).collect() };
    let answer = CoreBankingServiceClient::new(bank.clone()).execute_instructions(request).await;
    let said = answer.context("core banking did not take the instructions")?.into_inner().outcomes;
    let outcomes = outcomes_from(&said).map_err(|violations| {
        let fields: Vec<String> = violations.into_iter().map(|one| one.field).collect();
        anyhow!("core banking answered what cannot be taken: {}", fields.join(", "))
    })?;
    if !outcomes.is_empty() {
        let report =
            ReportOutcomes { means: service.means.clone(), outcomes, actor, now: service.world.business.now() };
        service.lanes.run(SETTLEMENT, report).await?;
    }
    Ok(next)
}
