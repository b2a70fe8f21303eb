//! Payouts, as the reward service's ledger has them.

use crate::{
    domain::reconciliation::{Flow, Payout, Side},
    queries::payouts::Period,
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ListPayoutsRequest, ledger_service_client::LedgerServiceClient, list_payouts_response as wire,
};
use handsel_service::{
    Peer,
    wire::{money_from, timestamp_from, to_timestamp},
};
use tonic::Status;

/// Payouts of one page.
const PAGE: i32 = 1_000;

/// Hands each payout of a period that the ledger has to `take`, a page at a time; before which instant everything is stated to the log.
pub(crate) async fn payouts(
    reward: &Peer,
    Period { from, to }: Period,
    mut take: impl FnMut(Payout),
) -> Result<Timestamp, Status> {
    let mut client = LedgerServiceClient::new(reward.clone());
    let mut asked = ListPayoutsRequest {
        start_time: Some(to_timestamp(from)),
        end_time: Some(to_timestamp(to)),
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut stated = Timestamp::MAX;
    loop {
        let page = client.list_payouts(asked.clone()).await?.into_inner();
        stated = stated.min(timestamp_from(page.stated_time.as_ref(), "stated_time")?);
        for payout in page.payouts {
            take(payout_from(payout)?);
        }
        if page.next_page_token.is_empty() {
            return Ok(stated);
        }
        asked.page_token = page.next_page_token;
    }
}

fn payout_from(payout: wire::Payout) -> Result<Payout, Status> {
    let flow = match payout.flow() {
        wire::Flow::Paid => Flow::Paid,
        wire::Flow::Returned => Flow::Returned,
        wire::Flow::Unspecified => return Err(Status::internal("a payout that goes no way")),
    };
    let amount = money_from(payout.amount.as_ref(), "payouts.amount")?;
    Ok(Payout { transfer: payout.transfer_id, reward: payout.reward, side: Side { flow, amount } })
}
