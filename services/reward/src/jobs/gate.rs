//! Asks the bank of those who are to be paid, before their instructions are made: outside any transaction, and fail closed. What it
//! does not say, cannot be asked or does not know keeps the reward where it is.

use crate::{
    commands::record_gate::{self, RecordGate},
    config::PayoutGate,
    domain::gate::{NO_ANSWER, NOT_CONFIGURED, Round, UNREACHABLE},
    queries::gate::{Question, questions},
    service::Service,
    wire::gate::{Said, said_from, to_check_payouts},
};
use handsel_proto::handsel::corebank::v1::core_banking_service_client::CoreBankingServiceClient;
use handsel_service::{Job, Worked};
use std::sync::Arc;

/// The lane of jobs that move payouts, as the others'.
const PAYOUTS: &str = "payouts";
/// The contract's limit on one call.
const PAGE: i64 = 500;

pub(super) fn job(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward gate", service.config.pace.period, move || {
        let service = Arc::clone(&own);
        async move {
            let now = service.world.business.now();
            let limit = service.config.pace.batch.min(PAGE);
            let asked = questions(&service.db, &service.means, now, limit).await?;
            if asked.is_empty() {
                return Ok(Worked::Idle);
            }
            let (said, missing) = ask(&service, &asked).await;
            let patience = service.config.pace.gate;
            let of = |question: &Question| {
                let id = question.reward.entitlement.id;
                let round = Round::of(id, &question.checks, said.answers(id), missing, patience, now);
                record_gate::Said { revision: question.reward.revision, round }
            };
            let said = asked.iter().map(of).collect();
            let record = RecordGate { means: service.means.clone(), said, now };
            service.lanes.run(PAYOUTS, record).await?;
            let full = i64::try_from(asked.len()).is_ok_and(|count| count >= limit);
            Ok(if full { Worked::More } else { Worked::Idle })
        }
    })
}

/// What the bank says, and why it says nothing of the rest.
async fn ask(service: &Service, asked: &[Question]) -> (Said, &'static str) {
    let bank = match &service.config.gate {
        PayoutGate::None => return (Said::default(), NOT_CONFIGURED),
        PayoutGate::Bank(bank) => bank.clone(),
    };
    let request = to_check_payouts(asked);
    match CoreBankingServiceClient::new(bank).check_payouts(request).await {
        Ok(answer) => (said_from(&answer.into_inner(), service.world.business.now()), NO_ANSWER),
        Err(status) => {
            tracing::warn!(code = ?status.code(), "core banking could not be asked of payouts: they wait");
            (Said::default(), UNREACHABLE)
        }
    }
}
