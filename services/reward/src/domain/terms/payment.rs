//! What a plan says of the way from granted to paid, and back: who approves, what is asked of the bank, when it is too late,
//! what is taken back.

use super::super::{
    calculation::{error::CalculationError, reversal::Clawback, rule::Payable as _},
    codes,
    refusal::Fault,
};
use handsel_money::{Currency, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The part of a plan's terms that computes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Who approves what, by rising amounts; below the first, nobody is asked.
    pub approval_bands: Vec<ApprovalBand>,
    /// What the bank is asked of the beneficiary before he is paid.
    pub gate: BTreeSet<GateCheck>,
    /// Whole days after which what is due and has not been paid is owed no more; absent: never.
    pub expiry_days: Option<i32>,
    /// What is taken back of a paid reward.
    pub reversal: Clawback,
}

/// From an amount on, who approves a reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalBand {
    /// The least reward, before tax, for which it holds.
    pub from: Money,
    /// Who may approve.
    pub roles: BTreeSet<Approver>,
    /// How many people must, 1 to 3.
    pub approvers: i32,
}

codes! {
    /// A role that may approve rewards, as access rules name it.
    pub enum Approver {
        /// Approves payouts.
        FinanceApprover = "finance.approver",
        /// Runs programs.
        ProgramAdmin = "program.admin",
        /// Watches over compliance.
        ComplianceOfficer = "compliance.officer",
        /// Runs a branch.
        BranchManager = "branch.manager",
    }
}

codes! {
    /// What the bank is asked of a beneficiary before he is paid.
    pub enum GateCheck {
        /// He is a customer in good standing.
        Standing = "STANDING",
        /// He owes nothing overdue.
        Arrears = "ARREARS",
        /// He is on no sanctions list.
        Sanctions = "SANCTIONS",
        /// The account to be credited takes payments.
        AccountStatus = "ACCOUNT_STATUS",
    }
}

/// The band that an amount falls into; none: nobody is asked. Bands rise.
pub fn band_of(bands: &[ApprovalBand], reward: Money) -> Option<&ApprovalBand> {
    bands.iter().rev().find(|band| reward.minor() >= band.from.minor())
}

impl Payment {
    /// Nobody is asked, nothing expires, nothing is taken back.
    pub fn plain() -> Self {
        Self { approval_bands: Vec::new(), gate: BTreeSet::new(), expiry_days: None, reversal: Clawback::None }
    }

    /// Everything wrong with it in a plan of this currency.
    pub(super) fn faults(&self, currency: Currency) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut before: Option<Money> = None;
        for (at, band) in self.approval_bands.iter().enumerate() {
            let fault =
                |field: &str, description: String| Fault::new(format!("approval_bands[{at}].{field}"), description);
            if let Err(error) = band.from.check(currency) {
                faults.push(fault("from_amount", error.to_string()));
            } else if before.is_some_and(|before| band.from.minor() <= before.minor()) {
                faults.push(fault("from_amount", "the amounts of the bands do not rise".to_owned()));
            }
            before = Some(band.from);
        }
        if let Clawback::Full(days) | Clawback::ProRata(days) = self.reversal
            && days < 1
        {
            faults.push(Fault::new("reversal", CalculationError::NoDays.to_string()));
        }
        faults
    }
}
