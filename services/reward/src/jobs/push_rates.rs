//! Tells a bank that does not pull of rate grants, and takes its answers. The same instruction is sent again until it is answered.

use crate::{
    commands::{hand_out_rates::HandOutRates, report_rates::ReportRates},
    domain::rate_instruction::Receipt,
    service::Service,
    wire::rate_grant::{receipt_from, to_instruction},
};
use anyhow::Context;
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_proto::{
    codec,
    handsel::corebank::v1::{
        ApplyRateGrantsRequest, RateReceipt, core_banking_rate_service_client::CoreBankingRateServiceClient,
    },
};
use handsel_service::{Job, Peer, Worked};
use prost::Message;
use std::sync::Arc;

/// The lane of what core banking is told of rates, as where the bank pulls.
const RATES: &str = "rates";
/// The contract's limit on one call.
const PAGE: usize = 500;

pub(super) fn job(service: &Arc<Service>, bank: Peer) -> Job {
    let own = Arc::clone(service);
    Job::new("reward push rates", service.config.pace.push_period, move || {
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

/// Sends one page; the position of its last instruction where another page follows. Nobody is called where there is none.
async fn push_page(
    service: &Service,
    bank: &Peer,
    after: Option<(Timestamp, String)>,
) -> anyhow::Result<Option<(Timestamp, String)>> {
    let actor = Actor::system("reward/push-rates");
    let limit = i64::try_from(PAGE)?;
    let now = service.world.business.now();
    let hand_out = HandOutRates { means: service.means.clone(), after, limit, actor: actor.clone(), now };
    let told = service.lanes.run(RATES, hand_out).await?;
    let Some((last, _)) = told.last() else { return Ok(None) };
    let next = (told.len() == PAGE).then(|| (last.created_at, last.id.clone()));

    let request = ApplyRateGrantsRequest { instructions: told.iter().map(to_instruction).collect() };
    let answer = CoreBankingRateServiceClient::new(bank.clone()).apply_rate_grants(request).await;
    let said = answer.context("core banking did not take notice of rate grants")?.into_inner().receipts;
    let receipts: Vec<Receipt> = said.iter().enumerate().filter_map(|(at, one)| takeable(at, one)).collect();
    for receipts in receipts.chunks(PAGE) {
        let (means, receipts, actor) = (service.means.clone(), receipts.to_vec(), actor.clone());
        let report = ReportRates { means, receipts, actor, now: service.world.business.now() };
        for answered in service.lanes.run(RATES, report).await? {
            if let Err(refusal) = &answered.result {
                let (instruction, reason) = (&answered.id, refusal.reason());
                tracing::warn!(instruction, reason, "what core banking answers on a rate grant was refused");
            }
        }
    }
    Ok(next)
}

/// One answer, held to the rules of a bank that reports by itself. One that cannot be taken holds up no other.
fn takeable(at: usize, said: &RateReceipt) -> Option<Receipt> {
    let path = format!("receipts[{at}]");
    let ruled = codec::check::<RateReceipt>(said.encode_to_vec().into()).map_err(|broken| broken.message().to_owned());
    let read = ruled.and_then(|()| {
        receipt_from(said, &path).map_err(|violation| format!("{}: {}", violation.field, violation.description))
    });
    read.inspect_err(|why| tracing::warn!(path, why, "core banking answered what cannot be taken")).ok()
}
