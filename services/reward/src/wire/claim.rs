//! Claims for the wire.

use crate::domain::claim::Claim;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::wire::{to_money, to_timestamp};

pub(crate) fn to_claim(claim: &Claim) -> wire::Claim {
    let Claim { id: _, reward, beneficiary, reason, claimed, netted, recovered, revision: _, created_at, updated_at } =
        claim;
    wire::Claim {
        name: claim.name(),
        reward: format!("rewards/{reward}"),
        beneficiary: beneficiary.clone(),
        reason: reason.clone(),
        claimed_amount: Some(to_money(*claimed)),
        netted_amount: Some(to_money(*netted)),
        recovered_amount: Some(to_money(*recovered)),
        open_amount: Some(to_money(claim.open())),
        create_time: Some(to_timestamp(*created_at)),
        update_time: Some(to_timestamp(*updated_at)),
    }
}
