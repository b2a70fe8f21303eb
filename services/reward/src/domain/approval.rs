//! Four eyes over rewards: who may check what, and whether he checks what he saw.

use super::{
    refusal::Refusal,
    reward::{Onward, Reward},
    terms::{ApprovalBand, band_of},
};
use handsel_money::Money;

/// Who made what a reward rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Makers {
    /// Who registered the referral; empty: nobody.
    pub registrar: String,
    /// Who made the plan that pays.
    pub plan_maker: String,
}

/// Where a due reward goes: to people where it falls into one of the plan's bands, to nobody below.
pub fn onward(reward: &Reward, bands: &[ApprovalBand]) -> Onward {
    match band_of(bands, reward.entitlement.amounts.reward) {
        Some(_) => Onward::People,
        None => Onward::Nobody,
    }
}

/// Refuses a check by whoever registered the referral or made the plan.
///
/// # Errors
/// [`Refusal::MakerIsChecker`].
pub fn second_person(reward: &Reward, makers: &Makers, person: &str) -> Result<(), Refusal> {
    if person == makers.registrar || person == makers.plan_maker {
        return Err(Refusal::MakerIsChecker(reward.name()));
    }
    Ok(())
}

/// Refuses an approval of other amounts than the approver saw.
///
/// # Errors
/// In this order: [`Refusal::CurrencyMismatch`], [`Refusal::OutOfRange`], [`Refusal::ControlSumMismatch`].
pub fn control(rewards: &[Reward], control_sum: Money) -> Result<(), Refusal> {
    let mut sum = Money::zero(control_sum.currency());
    for reward in rewards {
        let net = reward.entitlement.amounts.net;
        if net.currency() != sum.currency() {
            return Err(Refusal::CurrencyMismatch("control_sum"));
        }
        sum = sum.checked_add(net).map_err(|_| Refusal::OutOfRange("the sum"))?;
    }
    if sum != control_sum {
        return Err(Refusal::ControlSumMismatch { seen: control_sum.to_string(), actual: sum.to_string() });
    }
    Ok(())
}
