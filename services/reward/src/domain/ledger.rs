//! The ledger: which accounts there are, and which transfers each event of a reward makes.
//!
//! Every movement is one transfer from a debit account to a credit account, so the books balance by shape.

use super::reward::Amounts;
use handsel_money::Money;

super::codes! {
    /// The chart of accounts.
    pub enum Account {
        /// What the program has cost.
        PlanExpense = "PLAN_EXPENSE",
        /// What beneficiaries are owed.
        CustomerPayable = "CUSTOMER_PAYABLE",
        /// Tax withheld or borne, owed to the state.
        TaxPayable = "TAX_PAYABLE",
        /// Payouts whose outcome is unknown. Returns to zero.
        Clearing = "CLEARING",
        /// What core banking has paid out for us.
        Settled = "SETTLED",
    }
}

super::codes! {
    /// What happened to a reward, as its transfers name it.
    pub enum Event {
        /// The net amount is owed from now on.
        Accrual = "ACCRUAL",
        /// The tax is owed from now on.
        AccrualTax = "ACCRUAL_TAX",
        /// The bank was told to pay.
        Instruction = "INSTRUCTION",
        /// The beneficiary has the money.
        Settlement = "SETTLEMENT",
        /// The bank will never pay this attempt.
        Refusal = "REFUSAL",
        /// An approver refused the reward: the accrual is taken back.
        Rejection = "REJECTION",
        /// The tax's accrual is taken back with it.
        RejectionTax = "REJECTION_TAX",
    }
}

/// One movement that is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What happened.
    pub event: Event,
    /// The account debited.
    pub debit: Account,
    /// The account credited.
    pub credit: Account,
    /// How much, above 0.
    pub amount: Money,
}

/// A reward is granted.
pub fn accrual(amounts: &Amounts) -> Vec<Posting> {
    above_zero([
        posting(Event::Accrual, Account::PlanExpense, Account::CustomerPayable, amounts.net),
        posting(Event::AccrualTax, Account::PlanExpense, Account::TaxPayable, amounts.tax),
    ])
}

/// An approver refuses it: its accrual, mirrored.
pub fn rejection(amounts: &Amounts) -> Vec<Posting> {
    above_zero([
        posting(Event::Rejection, Account::CustomerPayable, Account::PlanExpense, amounts.net),
        posting(Event::RejectionTax, Account::TaxPayable, Account::PlanExpense, amounts.tax),
    ])
}

/// An attempt to pay it is decided.
pub fn instruction(amounts: &Amounts) -> Vec<Posting> {
    above_zero([posting(Event::Instruction, Account::CustomerPayable, Account::Clearing, amounts.net)])
}

/// The attempt whose outcome was awaited has paid.
pub fn settlement(amounts: &Amounts) -> Vec<Posting> {
    above_zero([posting(Event::Settlement, Account::Clearing, Account::Settled, amounts.net)])
}

/// An attempt that the bank had refused has paid after all: its refusal had already emptied the clearing account.
pub fn late_settlement(amounts: &Amounts) -> Vec<Posting> {
    above_zero([posting(Event::Settlement, Account::CustomerPayable, Account::Settled, amounts.net)])
}

/// The attempt will never pay: the amount is owed as before.
pub fn refusal(amounts: &Amounts) -> Vec<Posting> {
    above_zero([posting(Event::Refusal, Account::Clearing, Account::CustomerPayable, amounts.net)])
}

fn posting(event: Event, debit: Account, credit: Account, amount: Money) -> Posting {
    Posting { event, debit, credit, amount }
}

/// Nothing moves where an amount is 0: no tax, or a tax that takes all.
fn above_zero<const N: usize>(postings: [Posting; N]) -> Vec<Posting> {
    postings.into_iter().filter(|posting| posting.amount.minor() > 0).collect()
}
