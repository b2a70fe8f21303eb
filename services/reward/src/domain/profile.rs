//! Jurisdiction profiles: what a regulator forbids, as a table of named rules that a plan is held to when it is submitted.
//!
//! Counsel confirms a profile before it is used; the table says what it was understood to be, and where that was read.

use super::{
    calculation::{
        noncash::NonCashKind,
        tax::{Basis, FlatTax, Tax},
    },
    codes,
    rate_rule::{Change, RateRule},
    refusal::Fault,
    reward::Role,
    terms::{Gives, Terms},
};
use handsel_money::Rate;

codes! {
    /// Whose rules a plan is held to.
    #[derive(Default)]
    pub enum Profile {
        /// Nothing is forbidden: for trying things out.
        #[default]
        Open = "open",
        /// Mainland China.
        Cn = "cn",
    }
}

codes! {
    /// What a referral has to lead to.
    pub enum QualifyingFact {
        /// A deposit, or a balance that is kept.
        Deposit = "DEPOSIT",
        /// A loan.
        Loan = "LOAN",
        /// An account, whatever it holds.
        Account = "ACCOUNT",
        /// A card, or its use.
        Card = "CARD",
        /// Another product of the bank.
        Other = "OTHER",
    }
}

codes! {
    /// Who may introduce under a plan.
    #[derive(Default)]
    pub enum Introducers {
        /// Customers of the bank, and its staff.
        #[default]
        Customers = "CUSTOMERS",
        /// Anybody, prospects too.
        Anybody = "ANYBODY",
    }
}

/// A rule of a profile.
struct Rule {
    profile: Profile,
    /// Its name, by which it is refused. Stable.
    name: &'static str,
    /// What it forbids, for the person who submits.
    forbids: &'static str,
    /// The fields of a plan that break it.
    broken_by: fn(&Terms) -> Vec<String>,
}

/// A rule that a plan breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule's name.
    pub rule: &'static str,
    /// Where the plan breaks it, and what the rule forbids.
    pub fault: Fault,
}

/// Every rule there is. The deposit rules are those of the notice of 2018 on the deviation of commercial banks' deposits (no cash,
/// securities or goods to attract deposits; no intermediaries); the tax is that on incidental income.
const RULES: [Rule; 5] = [
    Rule {
        profile: Profile::Cn,
        name: "CN_NO_CASH_FOR_DEPOSITS",
        forbids: "deposits are not attracted with money, points, vouchers or gifts",
        broken_by: cash_for_deposits,
    },
    Rule {
        profile: Profile::Cn,
        name: "CN_INTRODUCER_NOT_CUSTOMER",
        forbids: "deposits are introduced by customers only",
        broken_by: introducer_not_customer,
    },
    Rule {
        profile: Profile::Cn,
        name: "CN_INCIDENTAL_TAX",
        forbids: "20 % of the whole reward is taxed as incidental income, unless the plan's tax note says why not",
        broken_by: incidental_tax,
    },
    Rule {
        profile: Profile::Cn,
        name: "CN_NO_FEE_FOR_LOANS",
        forbids: "nobody is paid for bringing loans",
        broken_by: fee_for_loans,
    },
    Rule {
        profile: Profile::Cn,
        name: "CN_DEPOSIT_UPLIFT_CEILING",
        forbids: "a deposit's rate is raised up to a ceiling only",
        broken_by: uplift_without_ceiling,
    },
];

/// Every rule of its profile that a plan breaks, in the table's order, once for each place.
pub fn broken(terms: &Terms) -> Vec<Broken> {
    let rules = RULES.iter().filter(|rule| rule.profile == terms.standing.profile);
    let broken = rules.flat_map(|rule| {
        let places = (rule.broken_by)(terms).into_iter();
        places.map(|place| Broken { rule: rule.name, fault: Fault::new(place, rule.forbids) })
    });
    broken.collect()
}

/// Each role rule and each milestone of a plan with its path.
fn places(terms: &Terms) -> impl Iterator<Item = (String, Role, &Gives)> {
    let roles = terms.roles.iter().enumerate();
    let roles = roles.map(|(at, role)| (format!("role_rules[{at}]"), role.role, &role.gives));
    let list = terms.milestones.iter().flat_map(|milestones| &milestones.list).enumerate();
    roles.chain(list.map(|(at, one)| (format!("milestones[{at}]"), Role::Referrer, &one.gives)))
}

fn cash_for_deposits(terms: &Terms) -> Vec<String> {
    if terms.standing.fact != Some(QualifyingFact::Deposit) {
        return Vec::new();
    }
    let attracts = |role: Role, gives: &Gives| match gives {
        _ if !matches!(role, Role::Referrer | Role::Referee) => false,
        Gives::Cash { .. } => true,
        Gives::NonCash(rule) => matches!(rule.kind, NonCashKind::Points | NonCashKind::Voucher | NonCashKind::Gift),
        Gives::Rate(_) => false,
    };
    places(terms).filter(|(_, role, gives)| attracts(*role, gives)).map(|(path, ..)| path).collect()
}

fn introducer_not_customer(terms: &Terms) -> Vec<String> {
    let standing = &terms.standing;
    let broken = standing.fact == Some(QualifyingFact::Deposit) && standing.introducers == Introducers::Anybody;
    broken.then(|| "introducers".to_owned()).into_iter().collect()
}

fn incidental_tax(terms: &Terms) -> Vec<String> {
    if !terms.standing.tax_note.is_empty() || places(terms).all(|(_, _, gives)| matches!(gives, Gives::Rate(_))) {
        return Vec::new();
    }
    let as_ruled = match &terms.tax {
        Tax::None => false,
        Tax::Flat(FlatTax { rate, exempt_up_to, basis, borne_by: _ }) => {
            Rate::parse("0.2").is_ok_and(|ruled| *rate == ruled) && exempt_up_to.is_zero() && *basis == Basis::Whole
        }
    };
    if as_ruled { Vec::new() } else { vec!["tax".to_owned()] }
}

fn fee_for_loans(terms: &Terms) -> Vec<String> {
    if terms.standing.fact != Some(QualifyingFact::Loan) {
        return Vec::new();
    }
    let paid = |role: Role, gives: &Gives| role != Role::Referee && !matches!(gives, Gives::Rate(_));
    places(terms).filter(|(_, role, gives)| paid(*role, gives)).map(|(path, ..)| path).collect()
}

fn uplift_without_ceiling(terms: &Terms) -> Vec<String> {
    let open = |rate: &RateRule| matches!(rate.change, Change::Uplift(_)) && rate.limit.is_none();
    let broken = places(terms).filter(|(_, _, gives)| gives.rate().is_some_and(open));
    broken.map(|(path, ..)| path).collect()
}
