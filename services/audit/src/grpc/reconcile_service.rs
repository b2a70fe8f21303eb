//! `ReconcileService`.

use super::{messages, refused};
use crate::{
    domain::reconciliation::{Difference, Flow, Side, Tally, Total},
    log::Log,
    queries::payouts::{Period, SOURCE},
    reconcile::{Compared, reconcile},
};
use handsel_access::Caller;
use handsel_money::{Currency, Money};
use handsel_proto::handsel::audit::v1::{
    ReconcileRequest, Reconciliation,
    reconcile_service_server::ReconcileService,
    reconciliation::{self as wire, Outcome},
};
use handsel_service::{
    Peer,
    status::{OUT_OF_RANGE, Violation, refusal},
    wire::{timestamp_from, to_money, to_timestamp},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tonic::{Code, Request, Response, Status};

/// The longest period.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// Differences that are listed at most.
const LISTED: usize = 100;

/// Serves `ReconcileService`.
pub(crate) struct ReconcileApi {
    log: Arc<Log>,
    reward: Option<Peer>,
}

impl ReconcileApi {
    pub(crate) fn new(log: Arc<Log>, reward: Option<Peer>) -> Self {
        Self { log, reward }
    }

    fn period(&self, asked: &ReconcileRequest) -> Result<Period, Violation> {
        let from = timestamp_from(asked.from_time.as_ref(), "from_time")?;
        let to = timestamp_from(asked.to_time.as_ref(), "to_time")?;
        if to <= from {
            return Err(Violation::new("to_time", "not after from_time"));
        }
        if to.saturating_since(from) > LONGEST {
            return Err(Violation::new("to_time", "more than 366 days after from_time"));
        }
        if to > self.log.world.business.now() {
            return Err(Violation::new("to_time", "in the future"));
        }
        Ok(Period { from, to })
    }
}

#[tonic::async_trait]
impl ReconcileService for ReconcileApi {
    async fn reconcile(&self, request: Request<ReconcileRequest>) -> Result<Response<Reconciliation>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        if asked.source != SOURCE {
            return Err(Violation::new("source", "no source that pays").into());
        }
        let period = self.period(&asked)?;
        let reward = self.reward.as_ref().ok_or_else(|| Status::unavailable("no reward service is configured"))?;
        let by = caller.person_or_subject().to_owned();
        let compared = reconcile(&self.log, reward, period, (messages::actor(&caller), by)).await;
        let compared = compared.map_err(|error| error.status(refused::not_taken))?;
        Ok(Response::new(reconciliation(compared)?))
    }
}

fn reconciliation(compared: Compared) -> Result<Reconciliation, Status> {
    let Compared { ledger, log, differences, stated, kept } = compared;
    let outcome = match &kept {
        None => Outcome::Incomplete,
        Some(kept) if kept.finding.is_some() => Outcome::Different,
        Some(_) => Outcome::Matched,
    };
    let left_out = differences.len().saturating_sub(LISTED);
    Ok(Reconciliation {
        outcome: outcome.into(),
        totals: totals(&ledger, &log)?,
        differences: differences.into_iter().take(LISTED).map(difference).collect(),
        differences_left_out: i64::try_from(left_out).unwrap_or(i64::MAX),
        finding: kept.and_then(|kept| kept.finding).map(|number| format!("findings/{number}")).unwrap_or_default(),
        record_index: kept.map(|kept| kept.index),
        stated_time: Some(to_timestamp(stated)),
    })
}

fn totals(ledger: &Tally, log: &Tally) -> Result<Vec<wire::Total>, Status> {
    let keys: BTreeSet<_> = ledger.totals.keys().chain(log.totals.keys()).copied().collect();
    let total = |key: (&'static str, Flow)| {
        let side = |tally: &Tally| tally.totals.get(&key).copied().unwrap_or_default();
        let (ledger, log) = (side(ledger), side(log));
        Ok(wire::Total {
            flow: flow(key.1).into(),
            ledger_count: i64::try_from(ledger.count).unwrap_or(i64::MAX),
            ledger_sum: Some(sum(key.0, ledger)?),
            log_count: i64::try_from(log.count).unwrap_or(i64::MAX),
            log_sum: Some(sum(key.0, log)?),
        })
    };
    keys.into_iter().map(total).collect()
}

fn sum(currency: &str, total: Total) -> Result<handsel_proto::google::r#type::Money, Status> {
    let beyond = || refusal(Code::OutOfRange, OUT_OF_RANGE, "a sum that is larger than money can hold");
    let currency: Currency = currency.parse().map_err(|_| beyond())?;
    Money::checked_new(currency, total.sum_minor).map(to_money).map_err(|_| beyond())
}

fn difference(difference: Difference) -> wire::Difference {
    let Difference { transfer, reward, ledger, log } = difference;
    wire::Difference {
        reward,
        transfer_id: transfer,
        ledger: ledger.map(side),
        log: log.first().copied().map(side),
        log_count: i64::try_from(log.len()).unwrap_or(i64::MAX),
    }
}

fn side(Side { flow: way, amount }: Side) -> wire::Side {
    wire::Side { flow: flow(way).into(), amount: Some(to_money(amount)) }
}

fn flow(flow: Flow) -> wire::Flow {
    match flow {
        Flow::Paid => wire::Flow::Paid,
        Flow::Returned => wire::Flow::Returned,
    }
}
