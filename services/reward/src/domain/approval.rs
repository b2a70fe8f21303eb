//! Four eyes over rewards: who may check what, how many must, and whether each checks what he saw.

use super::{
    payee::Payee,
    refusal::Refusal,
    reward::{Onward, Reward},
    terms::{ApprovalBand, Approver, band_of},
};
use handsel_money::{Money, Timestamp};
use std::collections::BTreeSet;

/// Who made what a reward rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Makers {
    /// Who registered the referral; empty: nobody.
    pub registrar: String,
    /// Who made the plan that pays.
    pub plan_maker: String,
}

/// Who acts: by his own name, by his account's, in which of the roles that may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// His own name, or his account's where his token names no human.
    pub name: String,
    /// His account's: whoever made something with a token that named no human is on record by it.
    pub account: String,
    /// His roles.
    pub roles: BTreeSet<Approver>,
    /// The one branch whose rewards he reaches; none: every branch's.
    pub branch: Option<String>,
}

/// What an approval of a reward takes: how many people in which roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Any one of these.
    pub roles: BTreeSet<Approver>,
    /// So many people, none of them twice.
    pub approvers: usize,
}

/// One person's word for a reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who gave it.
    pub person: String,
    /// His account.
    pub account: String,
    /// The role in which he gave it.
    pub role: Approver,
    /// When.
    pub given_at: Timestamp,
}

/// What one more person's word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was the last that was needed.
    Enough(Approver),
    /// Others are still to be asked.
    MoreAreNeeded(Approver),
}

impl Needed {
    /// What a plan's bands ask for this reward. Where a person asked for another account, one approver is asked though no band does.
    pub fn of(reward: &Reward, bands: &[ApprovalBand]) -> Self {
        match band_of(bands, reward.entitlement.amounts.reward) {
            Some(band) => {
                Self { roles: band.roles.clone(), approvers: usize::try_from(band.approvers).unwrap_or(usize::MAX) }
            }
            None => Self { roles: BTreeSet::from([Approver::FinanceApprover]), approvers: 1 },
        }
    }
}

/// Where a due reward goes: to people where it falls into one of the plan's bands, or is to be paid to an account that somebody
/// named; to nobody else; nowhere while its beneficiary has a choice to make.
pub fn onward(reward: &Reward, bands: &[ApprovalBand], payee: Option<&Payee>, now: Timestamp) -> Onward {
    if reward.entitlement.choice.is_some_and(|choice| now < choice.until) {
        return Onward::Stay;
    }
    if payee.is_some() || band_of(bands, reward.entitlement.amounts.reward).is_some() {
        return Onward::People;
    }
    Onward::Nobody
}

/// Refuses a check by whoever registered the referral, made the plan, named the account, or gains by it.
///
/// # Errors
/// [`Refusal::MakerIsChecker`].
pub fn second_person(reward: &Reward, makers: &Makers, payee: Option<&Payee>, person: &str) -> Result<(), Refusal> {
    let named = payee.is_some_and(|payee| person == payee.person || person == payee.account);
    let gains = reward.entitlement.beneficiary.split_once('/').is_some_and(|(_, id)| id == person);
    if person == makers.registrar || person == makers.plan_maker || named || gains {
        return Err(Refusal::MakerIsChecker(reward.name()));
    }
    Ok(())
}

/// What one more person's word does for a reward that others have given theirs for `before`.
///
/// # Errors
/// In this order: [`Refusal::NotFound`] for another branch's; [`Refusal::ApproverRole`] where none of his roles is asked; [`Refusal::MakerIsChecker`] where he has a hand in it,
/// or has given his word already.
pub fn give(
    reward: &Reward,
    needed: &Needed,
    makers: &Makers,
    payee: Option<&Payee>,
    before: &[Approval],
    by: &Person,
) -> Result<Given, Refusal> {
    if by.branch.as_ref().is_some_and(|branch| *branch != reward.entitlement.branch) {
        return Err(Refusal::NotFound(reward.name()));
    }
    let Some(role) = needed.roles.intersection(&by.roles).next().copied() else {
        let roles: Vec<&str> = needed.roles.iter().map(|role| role.code()).collect();
        return Err(Refusal::ApproverRole { name: reward.name(), roles: roles.join(", ") });
    };
    for name in [&by.name, &by.account] {
        second_person(reward, makers, payee, name)?;
        if before.iter().any(|one| *name == one.person || *name == one.account) {
            return Err(Refusal::MakerIsChecker(reward.name()));
        }
    }
    let now_given = before.len().saturating_add(1);
    Ok(if now_given >= needed.approvers { Given::Enough(role) } else { Given::MoreAreNeeded(role) })
}

/// Refuses an approval of another number of rewards, or of other amounts, than the approver saw.
///
/// # Errors
/// In this order: [`Refusal::ControlCountMismatch`], [`Refusal::CurrencyMismatch`], [`Refusal::OutOfRange`],
/// [`Refusal::ControlSumMismatch`].
pub fn control(rewards: &[Reward], control_count: usize, control_sum: Money) -> Result<(), Refusal> {
    if rewards.len() != control_count {
        return Err(Refusal::ControlCountMismatch { seen: control_count, actual: rewards.len() });
    }
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
