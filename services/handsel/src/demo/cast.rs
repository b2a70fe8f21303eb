//! Who acts in the demo, each with a token of his own: nobody does what his role may not.

use crate::bearer::{Bearer, Caller};
use anyhow::Result;
use handsel_access::DevIssuer;
use handsel_proto::handsel::access::v1::Role;
use std::collections::HashMap;
use tonic::transport::Channel;

/// The people and systems of the story.
pub(crate) struct Cast {
    /// Makes the policy, the plan and the program.
    pub(crate) maker: Caller,
    /// Checks them and puts them in force.
    pub(crate) checker: Caller,
    /// Approves what is above the threshold.
    pub(crate) approver: Caller,
    /// Reads everything and proves it.
    pub(crate) officer: Caller,
    /// Feeds facts.
    pub(crate) core_banking: Caller,
    /// One at each branch.
    tellers: HashMap<String, Caller>,
}

impl Cast {
    /// Gives everybody a token.
    pub(crate) fn assemble<'branch>(
        issuer: &DevIssuer,
        channel: &Channel,
        branches: impl Iterator<Item = &'branch String>,
    ) -> Result<Self> {
        let act = |role, branch: &str, person: Option<&str>| -> Result<Caller> {
            Ok(Bearer::issue(issuer, role, branch, person)?.on(channel))
        };
        let mut tellers = HashMap::new();
        for branch in branches {
            let teller = act(Role::BranchStaff, branch, Some(&format!("teller-{branch}")))?;
            tellers.insert(branch.clone(), teller);
        }
        Ok(Self {
            maker: act(Role::ProgramAdmin, "*", Some("mila"))?,
            checker: act(Role::ProgramAdmin, "*", Some("ota"))?,
            approver: act(Role::FinanceApprover, "*", Some("petra"))?,
            officer: act(Role::ComplianceOfficer, "*", Some("karel"))?,
            core_banking: act(Role::CoreBanking, "*", None)?,
            tellers,
        })
    }

    /// The teller of a branch.
    ///
    /// # Errors
    /// A branch that the bank does not have.
    pub(crate) fn teller(&self, branch: &str) -> Result<Caller> {
        self.tellers.get(branch).cloned().ok_or_else(|| anyhow::anyhow!("the bank has no branch {branch}"))
    }
}
