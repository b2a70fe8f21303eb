//! The terms sheet of a plan version: what a customer reads, generated from the terms and nothing else.
//!
//! One list of clauses, and one rendering for each language. The same version reads the same for ever: it is kept, with its digest,
//! when the version comes into force.

mod chinese;
mod english;

use super::{
    calculation::{
        explanation::Language,
        milestones::Fires,
        reversal::Clawback,
        rule::{Base, Payable, Pays, Rule},
        tax::{Basis, BorneBy, Tax},
        window::Window,
    },
    plan::Plan,
    profile::{Introducers, QualifyingFact},
    rate_rule::{Change, RateRule},
    reward::Role,
    terms::{Gives, Terms},
};
use handsel_money::{Decimal, Money, Rate};

/// The format of the sheets that are generated here. A change of wording gets the next number; sheets that were kept stand.
pub const SHEET_FORMAT: u32 = 1;

/// One thing that a sheet says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Clause {
    Title { name: String, plan: String, version: i64 },
    Counts(Option<QualifyingFact>),
    Introducers(Introducers),
    Gets { role: Role, stage: String },
    Milestone { fires: Fires, window: Window },
    Gift(Gift),
    Multiplier { tier: String, times: Rate },
    Minimum(Number),
    Maximum(Number),
    OrRate { days: i32 },
    CountCap { count: i64, window: Window },
    AmountCap { amount: Money, window: Window },
    FirstCome { by_season: Option<Window> },
    Taxed { rate: Rate, exempt_up_to: Money, basis: Basis, borne_by: BorneBy },
    Untaxed,
    PaidAfter { days: i32 },
    ExpiresAfter { days: i32 },
    TakenBack(Clawback),
    Days { zone: String },
}

/// How much is given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gift {
    Fixed(Number),
    Share { of: Rate, item: Option<String> },
    Bracket { from: Money, number: Number },
    BracketShare { from: Money, of: Rate, item: Option<String> },
    PartFrom { from: Money, of: Option<Rate>, number: Option<Number>, item: Option<String> },
    Uplift { bps: Decimal, cap: Option<Money>, limit: Option<Rate> },
    Discount { bps: Decimal, limit: Option<Rate> },
}

/// An amount, or so many of something.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Number {
    Money(Money),
    Items { count: i64, item: String },
}

/// The sheet of a plan version: a line a clause, each ended.
pub fn sheet(plan: &Plan, language: Language) -> String {
    let say = match language {
        Language::English => english::say,
        Language::Chinese => chinese::say,
    };
    clauses(plan).iter().map(|clause| say(clause) + "\n").collect()
}

fn clauses(plan: &Plan) -> Vec<Clause> {
    let terms = &plan.terms;
    let mut clauses = vec![
        Clause::Title { name: plan.display_name.clone(), plan: plan.id.clone(), version: plan.version },
        Clause::Counts(terms.standing.fact),
        Clause::Introducers(terms.standing.introducers),
    ];
    for role in &terms.roles {
        clauses.push(Clause::Gets { role: role.role, stage: role.stage.clone() });
        clauses.extend(given(&role.gives));
    }
    if let Some(milestones) = &terms.milestones {
        for one in &milestones.list {
            clauses.push(Clause::Milestone { fires: one.fires, window: milestones.window });
            clauses.extend(given(&one.gives));
        }
    }
    clauses.extend(limits(terms));
    clauses.extend(payment(terms));
    clauses
}

fn given(gives: &Gives) -> Vec<Clause> {
    match gives {
        Gives::Cash { rule, choice } => {
            let mut clauses = of_rule(rule, &Number::Money, None);
            if let Some(choice) = choice {
                clauses.push(Clause::OrRate { days: choice.deadline_days });
                clauses.push(Clause::Gift(of_rate(&choice.rate)));
            }
            clauses
        }
        Gives::NonCash(rule) => {
            let items = |count: super::calculation::rule::Quantity| Number::Items {
                count: count.get(),
                item: rule.label.clone(),
            };
            of_rule(&rule.rule, &items, Some(&rule.label))
        }
        Gives::Rate(rate) => vec![Clause::Gift(of_rate(rate))],
    }
}

fn of_rate(rule: &RateRule) -> Gift {
    match rule.change {
        Change::Uplift(bps) => Gift::Uplift { bps, cap: rule.principal_cap, limit: rule.limit },
        Change::Discount(bps) => Gift::Discount { bps, limit: rule.limit },
    }
}

fn of_rule<A: Payable>(rule: &Rule<A>, number: &dyn Fn(A) -> Number, item: Option<&str>) -> Vec<Clause> {
    let Rule { base, multipliers, minimum, maximum } = rule;
    let item = || item.map(str::to_owned);
    let gifts: Vec<Gift> = match base {
        Base::Fixed { amount } => vec![Gift::Fixed(number(*amount))],
        Base::Percent { rate } => vec![Gift::Share { of: *rate, item: item() }],
        Base::Slab { brackets } => brackets
            .iter()
            .map(|bracket| match bracket.pays {
                Pays::Fixed(fixed) => Gift::Bracket { from: bracket.lower, number: number(fixed) },
                Pays::Rate(rate) => Gift::BracketShare { from: bracket.lower, of: rate, item: item() },
            })
            .collect(),
        Base::Graduated { brackets } => brackets
            .iter()
            .map(|bracket| Gift::PartFrom {
                from: bracket.lower,
                of: bracket.rate,
                number: bracket.fixed.map(number),
                item: item(),
            })
            .collect(),
    };
    let gifts = gifts.into_iter().map(Clause::Gift);
    let times = multipliers.iter().map(|(tier, times)| Clause::Multiplier { tier: tier.clone(), times: *times });
    let bounds = minimum.map(number).map(Clause::Minimum).into_iter().chain(maximum.map(number).map(Clause::Maximum));
    gifts.chain(times).chain(bounds).collect()
}

fn limits(terms: &Terms) -> Vec<Clause> {
    let mut clauses = Vec::new();
    if let Some(window) = terms.window {
        clauses.extend(terms.limits.count_cap.map(|count| Clause::CountCap { count, window }));
        clauses.extend(terms.limits.amount_cap.map(|amount| Clause::AmountCap { amount, window }));
    }
    if terms.limits.budget.is_some() || terms.budgets.any() {
        clauses.push(Clause::FirstCome { by_season: terms.budgets.season.map(|season| season.window) });
    }
    clauses
}

fn payment(terms: &Terms) -> Vec<Clause> {
    let tax = match &terms.tax {
        Tax::None => Clause::Untaxed,
        Tax::Flat(flat) => Clause::Taxed {
            rate: flat.rate,
            exempt_up_to: flat.exempt_up_to,
            basis: flat.basis,
            borne_by: flat.borne_by,
        },
    };
    let mut clauses = vec![tax, Clause::PaidAfter { days: terms.holding_days }];
    clauses.extend(terms.payment.expiry_days.map(|days| Clause::ExpiresAfter { days }));
    if terms.payment.reversal != Clawback::None {
        clauses.push(Clause::TakenBack(terms.payment.reversal));
    }
    clauses.push(Clause::Days { zone: terms.zone.name().to_owned() });
    clauses
}

/// `0.0125` as `1.25`: the number before "percent".
fn percent(rate: Rate) -> String {
    rate.exact().times(&handsel_money::Exact::whole(100)).to_string()
}

/// Basis points as a percentage: `25` as `0.25`.
fn percent_of_bps(bps: Decimal) -> String {
    handsel_money::Exact::from(bps).times(&handsel_money::Exact::from(Decimal::new(1, 2))).to_string()
}
