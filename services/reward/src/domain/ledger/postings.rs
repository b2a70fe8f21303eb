//! What each act of a reward writes down. Nothing moves where an amount is 0: no tax, or a tax that takes all.

use super::{Event, Posting, Share};
use crate::domain::reward::Amounts;
use handsel_money::Money;

/// What is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Money, which core banking pays out.
    Money,
    /// Points or an item, at the declared value.
    InKind,
}

/// How a reward ends without having been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An approver refused it.
    Rejection,
    /// It fell away: its referral was reversed or the other side of a choice was taken.
    Cancellation,
    /// Nobody took it in time.
    Expiry,
    /// It cannot be paid, and is given up.
    WriteOff,
}

/// A reward is granted.
pub fn accrual(amounts: &Amounts) -> Vec<Posting> {
    postings([(Event::Accrual, amounts.net), (Event::AccrualTax, amounts.tax)])
}

/// An approver refuses it: its accrual, mirrored.
pub fn rejection(amounts: &Amounts) -> Vec<Posting> {
    ending(Ending::Rejection, &Share::whole(amounts))
}

/// What is left of a reward is owed no more. `left` is its accrual less what was reversed and netted before.
pub fn ending(how: Ending, left: &Share) -> Vec<Posting> {
    match how {
        Ending::Rejection => postings([(Event::Rejection, left.net), (Event::RejectionTax, left.tax)]),
        Ending::Cancellation => postings([(Event::Cancellation, left.net), (Event::CancellationTax, left.tax)]),
        Ending::Expiry => postings([(Event::Expiry, left.net), (Event::ExpiryTax, left.tax)]),
        Ending::WriteOff => write_off(left),
    }
}

/// What is left of a reward cannot be paid, and is given up. Withholding falls due with a payment, so its tax goes too.
pub fn write_off(left: &Share) -> Vec<Posting> {
    postings([(Event::PayableWriteOff, left.net), (Event::PayableWriteOffTax, left.tax)])
}

/// The bank has paid a reward that had been given up: that is taken back, and a [`late_settlement`] follows.
pub fn write_off_undone(left: &Share) -> Vec<Posting> {
    postings([(Event::WriteOffUndone, left.net), (Event::WriteOffUndoneTax, left.tax)])
}

/// An attempt to pay this much of what is owed is decided.
pub fn instruction(amount: Money) -> Vec<Posting> {
    postings([(Event::Instruction, amount)])
}

/// The attempt whose outcome was awaited has paid.
pub fn settlement(form: Form, amount: Money) -> Vec<Posting> {
    postings([(form.of(Event::Settlement, Event::Delivery), amount)])
}

/// An attempt that the bank had refused has paid after all: its refusal had already emptied the clearing account.
pub fn late_settlement(form: Form, amount: Money) -> Vec<Posting> {
    postings([(form.of(Event::LateSettlement, Event::LateDelivery), amount)])
}

/// The attempt will never pay: the amount is owed as before.
pub fn refusal(amount: Money) -> Vec<Posting> {
    postings([(Event::Refusal, amount)])
}

/// What a settled attempt paid came back: it is owed as before.
pub fn return_of_funds(form: Form, amount: Money) -> Vec<Posting> {
    postings([(form.of(Event::FundsReturned, Event::DeliveryReturned), amount)])
}

/// A share of what was earned is taken back, before payment or after. `owed` is what the reward's payable stands at: what the
/// share takes beyond it has been paid or netted, and is claimed.
pub fn reversal(owed: Money, share: &Share) -> Vec<Posting> {
    let claimed = share.net.minor().saturating_sub(owed.minor().max(0)).max(0);
    let claim = Money::new(share.net.currency(), claimed);
    postings([(Event::Reversal, share.net), (Event::ReversalTax, share.tax), (Event::Claim, claim)])
}

/// So much was paid of a reward that had fallen away, and is claimed: its ending stands, and a [`late_settlement`] goes before.
pub fn claim(amount: Money) -> Vec<Posting> {
    postings([(Event::Claim, amount)])
}

/// So much of what a reward owes stays here for claims on the same beneficiary; [`claim_netted`] is its other side, on the rewards
/// claimed, in the same transaction.
pub fn netting(amount: Money) -> Vec<Posting> {
    postings([(Event::Netting, amount)])
}

/// So much of a claim is met out of another reward.
pub fn claim_netted(amount: Money) -> Vec<Posting> {
    postings([(Event::ClaimNetted, amount)])
}

/// So much of a claim was paid back in money.
pub fn recovery(amount: Money) -> Vec<Posting> {
    postings([(Event::Recovery, amount)])
}

/// So much of a claim is given up.
pub fn claim_written_off(amount: Money) -> Vec<Posting> {
    postings([(Event::ClaimWriteOff, amount)])
}

/// Money came in on a claim that had been given up.
pub fn recovery_after_write_off(amount: Money) -> Vec<Posting> {
    postings([(Event::LateRecovery, amount)])
}

/// Tax was paid to the state.
pub fn tax_remittance(amount: Money) -> Vec<Posting> {
    postings([(Event::TaxRemittance, amount)])
}

impl Form {
    fn of(self, money: Event, in_kind: Event) -> Event {
        match self {
            Self::Money => money,
            Self::InKind => in_kind,
        }
    }
}

fn postings<const N: usize>(moved: [(Event, Money); N]) -> Vec<Posting> {
    let above_zero = moved.into_iter().filter(|(_, amount)| amount.is_positive());
    above_zero.map(|(event, amount)| Posting { event, amount }).collect()
}
