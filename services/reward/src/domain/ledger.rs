//! The ledger: which accounts there are, which events move them, and from which to which.
//!
//! Every movement is one transfer from a debit account to a credit account, so the books balance by shape. An event has one debit
//! and one credit account; the schema holds the same table. What each act of a reward writes down stands in [`postings`].

mod postings;
mod share;

pub use postings::{
    Ending, Form, accrual, claim, claim_netted, claim_written_off, ending, instruction, late_settlement, netting,
    recovery, recovery_after_write_off, refusal, rejection, return_of_funds, reversal, settlement, tax_remittance,
    write_off, write_off_undone,
};
pub use share::Share;

use handsel_money::Money;

super::codes! {
    /// The chart of accounts, in the order in which a trial balance shows them.
    pub enum Account {
        /// What the program has cost. An expense.
        PlanExpense = "PLAN_EXPENSE",
        /// What beneficiaries are owed. A liability, with a sub-ledger by customer.
        CustomerPayable = "CUSTOMER_PAYABLE",
        /// Tax withheld or borne, owed to the state. A liability; a debit balance is a claim on the state, to be set off.
        TaxPayable = "TAX_PAYABLE",
        /// Payouts whose outcome is unknown. Returns to zero.
        Clearing = "CLEARING",
        /// What core banking has paid for us, less what it took in: the bank's own money.
        Settled = "SETTLED",
        /// What was given in kind, at its declared value: the stock of points and items.
        Fulfilled = "FULFILLED",
        /// What beneficiaries owe back. An asset, with a sub-ledger by customer.
        ClawbackReceivable = "CLAWBACK_RECEIVABLE",
        /// Between the plan whose claim is netted and the plan whose reward it is netted with. Zero over all plans, always.
        Netting = "NETTING",
        /// Claims given up. A loss.
        WriteOff = "WRITE_OFF",
        /// What was owed and nobody will ever take, and what came in on claims given up. Income.
        Recoveries = "RECOVERIES",
    }
}

super::codes! {
    /// What moves accounts.
    pub enum Event {
        /// The net amount is owed from now on.
        Accrual = "ACCRUAL",
        /// The tax is owed from now on.
        AccrualTax = "ACCRUAL_TAX",
        /// An approver refused the reward: the accrual, mirrored.
        Rejection = "REJECTION",
        /// The tax's accrual with it.
        RejectionTax = "REJECTION_TAX",
        /// It fell away before it was paid: the accrual, mirrored.
        Cancellation = "CANCELLATION",
        /// The tax's accrual with it.
        CancellationTax = "CANCELLATION_TAX",
        /// Nobody took it in time: the accrual, mirrored.
        Expiry = "EXPIRY",
        /// The tax's accrual with it.
        ExpiryTax = "EXPIRY_TAX",
        /// What is owed cannot be paid and is given up: the cost stays, and the bank has gained it.
        PayableWriteOff = "WRITE_OFF",
        /// It was never paid, so no tax was ever due on it.
        PayableWriteOffTax = "WRITE_OFF_TAX",
        /// A write-off taken back: what was given up was paid after all.
        WriteOffUndone = "WRITE_OFF_UNDONE",
        /// The tax with it.
        WriteOffUndoneTax = "WRITE_OFF_UNDONE_TAX",
        /// The bank was told to pay.
        Instruction = "INSTRUCTION",
        /// The beneficiary has the money.
        Settlement = "SETTLEMENT",
        /// The beneficiary has what was given in kind.
        Delivery = "DELIVERY",
        /// The bank will never pay this attempt.
        Refusal = "REFUSAL",
        /// An attempt that was refused has paid after all: its refusal had already emptied clearing.
        LateSettlement = "LATE_SETTLEMENT",
        /// The same in kind.
        LateDelivery = "LATE_DELIVERY",
        /// The money came back from where it was paid to: it is owed as before.
        FundsReturned = "RETURN",
        /// What was given in kind came back.
        DeliveryReturned = "DELIVERY_RETURN",
        /// What was earned is taken back, in whole or part: that share of the accrual, mirrored.
        Reversal = "REVERSAL",
        /// That share of the tax with it.
        ReversalTax = "REVERSAL_TAX",
        /// What had been paid of it is claimed back.
        Claim = "CLAIM",
        /// A part of what is owed stays here for a claim on the same beneficiary.
        Netting = "NETTING",
        /// A claim is met out of another reward.
        ClaimNetted = "CLAIM_NETTED",
        /// A claim is met in money.
        Recovery = "RECOVERY",
        /// A claim is given up.
        ClaimWriteOff = "CLAIM_WRITE_OFF",
        /// Money came in on a claim that had been given up.
        LateRecovery = "LATE_RECOVERY",
        /// Tax was paid to the state.
        TaxRemittance = "TAX_REMITTANCE",
    }
}

/// How often an event may befall one reward. The schema's unique key is (reward, event, number).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// Once for ever: its number is 0. What mirrors an accrual is of these.
    Once,
    /// Once for each attempt to pay: its number is the attempt's.
    ByAttempt,
    /// Once for each change of the reward: its number is the revision that it makes.
    ByRevision,
}

/// Which way money went between the bank and a beneficiary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// To him.
    Paid,
    /// Back.
    Returned,
}

impl Event {
    /// Which way a payout went with it; none for what moves no money of a beneficiary's.
    pub fn flow(self) -> Option<Flow> {
        match self {
            Self::Settlement | Self::LateSettlement => Some(Flow::Paid),
            Self::FundsReturned => Some(Flow::Returned),
            _ => None,
        }
    }

    /// The account that it debits, and the one that it credits.
    pub fn accounts(self) -> (Account, Account) {
        use Account as A;
        match self {
            Self::Accrual => (A::PlanExpense, A::CustomerPayable),
            Self::AccrualTax => (A::PlanExpense, A::TaxPayable),
            Self::Rejection | Self::Cancellation | Self::Expiry => (A::CustomerPayable, A::PlanExpense),
            Self::RejectionTax | Self::CancellationTax | Self::ExpiryTax => (A::TaxPayable, A::PlanExpense),
            Self::PayableWriteOff => (A::CustomerPayable, A::Recoveries),
            Self::PayableWriteOffTax => (A::TaxPayable, A::Recoveries),
            Self::WriteOffUndone => (A::Recoveries, A::CustomerPayable),
            Self::WriteOffUndoneTax => (A::Recoveries, A::TaxPayable),
            Self::Instruction => (A::CustomerPayable, A::Clearing),
            Self::Settlement => (A::Clearing, A::Settled),
            Self::Delivery => (A::Clearing, A::Fulfilled),
            Self::Refusal => (A::Clearing, A::CustomerPayable),
            Self::LateSettlement => (A::CustomerPayable, A::Settled),
            Self::LateDelivery => (A::CustomerPayable, A::Fulfilled),
            Self::FundsReturned => (A::Settled, A::CustomerPayable),
            Self::DeliveryReturned => (A::Fulfilled, A::CustomerPayable),
            Self::Reversal => (A::CustomerPayable, A::PlanExpense),
            Self::ReversalTax => (A::TaxPayable, A::PlanExpense),
            Self::Claim => (A::ClawbackReceivable, A::CustomerPayable),
            Self::Netting => (A::CustomerPayable, A::Netting),
            Self::ClaimNetted => (A::Netting, A::ClawbackReceivable),
            Self::Recovery => (A::Settled, A::ClawbackReceivable),
            Self::ClaimWriteOff => (A::WriteOff, A::ClawbackReceivable),
            Self::LateRecovery => (A::Settled, A::Recoveries),
            Self::TaxRemittance => (A::TaxPayable, A::Settled),
        }
    }

    /// How often it may befall one reward.
    pub fn recurrence(self) -> Recurrence {
        match self {
            Self::Accrual
            | Self::AccrualTax
            | Self::Rejection
            | Self::RejectionTax
            | Self::Cancellation
            | Self::CancellationTax
            | Self::Expiry
            | Self::ExpiryTax
            | Self::PayableWriteOff
            | Self::PayableWriteOffTax
            | Self::WriteOffUndone
            | Self::WriteOffUndoneTax
            | Self::TaxRemittance => Recurrence::Once,
            Self::Instruction
            | Self::Settlement
            | Self::Delivery
            | Self::Refusal
            | Self::LateSettlement
            | Self::LateDelivery
            | Self::FundsReturned
            | Self::DeliveryReturned => Recurrence::ByAttempt,
            Self::Reversal
            | Self::ReversalTax
            | Self::Claim
            | Self::Netting
            | Self::ClaimNetted
            | Self::Recovery
            | Self::ClaimWriteOff
            | Self::LateRecovery => Recurrence::ByRevision,
        }
    }

    /// The number it has where it is about this attempt, on a reward whose change made this revision.
    pub fn number(self, attempt: i64, revision: i64) -> i64 {
        match self.recurrence() {
            Recurrence::Once => 0,
            Recurrence::ByAttempt => attempt,
            Recurrence::ByRevision => revision,
        }
    }
}

/// One movement that is to be written down, from the accounts of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What happened.
    pub event: Event,
    /// How much, above 0.
    pub amount: Money,
}

impl Posting {
    /// The account debited.
    pub fn debit(&self) -> Account {
        self.event.accounts().0
    }

    /// The account credited.
    pub fn credit(&self) -> Account {
        self.event.accounts().1
    }
}
