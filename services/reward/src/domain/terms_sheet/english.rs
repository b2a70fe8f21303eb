//! A terms sheet in English.

use super::{Clause, Gift, Number, percent, percent_of_bps};
use crate::domain::{
    calculation::{
        milestones::Fires,
        reversal::Clawback,
        tax::{Basis, BorneBy},
        window::Window,
    },
    profile::{Introducers, QualifyingFact},
    reward::Role,
};

pub(super) fn say(clause: &Clause) -> String {
    match clause {
        Clause::Title { name, plan, version } => format!("{name} (terms {plan}, version {version})"),
        Clause::Counts(fact) => format!("What counts: {}.", fact.map_or("what the program asks for", counts)),
        Clause::Introducers(who) => format!("Who may introduce: {}.", introducers(*who)),
        Clause::Gets { role, stage } if stage.is_empty() => format!("{}:", gets(*role)),
        Clause::Gets { role, stage } => format!("{}, for the stage {stage}:", gets(*role)),
        Clause::Milestone { fires: Fires::At(n), window } => {
            format!("With the referral number {n} {}, who introduces also receives:", within(*window))
        }
        Clause::Milestone { fires: Fires::Every(n), window } => {
            format!("With every {n} referrals {}, who introduces also receives:", within(*window))
        }
        Clause::Gift(gift) => format!("- {}", of_gift(gift)),
        Clause::Multiplier { tier, times } => format!("- times {times} for customers of tier {tier}"),
        Clause::Minimum(least) => format!("- at least {}", number(least)),
        Clause::Maximum(most) => format!("- at most {}", number(most)),
        Clause::OrRate { days } => format!("- or, if chosen within {days} days of the grant, instead of it:"),
        Clause::CountCap { count, window } => {
            format!("One person receives at most {count} rewards {}.", within(*window))
        }
        Clause::AmountCap { amount, window } => format!("One person receives at most {amount} {}.", within(*window)),
        Clause::FirstCome { by_season: None } => {
            "Rewards are limited by a budget: who qualifies first is served first.".to_owned()
        }
        Clause::FirstCome { by_season: Some(window) } => {
            format!("Rewards are limited by a budget for each {}: who qualifies first is served first.", unit(*window))
        }
        Clause::Untaxed => "Nothing is withheld for tax; what the law asks of the recipient is his own.".to_owned(),
        Clause::Taxed { rate, exempt_up_to, basis, borne_by } => {
            let above = if exempt_up_to.is_zero() { String::new() } else { format!(" above {exempt_up_to}") };
            let of = match basis {
                Basis::Whole => "the whole reward",
                Basis::Excess => "the part",
            };
            match borne_by {
                BorneBy::Recipient => format!("Tax of {} percent of {of}{above} is withheld.", percent(*rate)),
                BorneBy::Bank => format!("The bank pays a tax of {} percent of {of}{above} on top.", percent(*rate)),
            }
        }
        Clause::PaidAfter { days: 0 } => "Rewards are given on the day of qualification, through the bank.".to_owned(),
        Clause::PaidAfter { days } => format!("Rewards are given {days} days after qualification, through the bank."),
        Clause::ExpiresAfter { days } => format!("What could not be given within {days} days after that lapses."),
        Clause::TakenBack(Clawback::Full(days)) => {
            format!("If what a reward rests on falls away within {days} days of payment, all of it is taken back.")
        }
        Clause::TakenBack(Clawback::ProRata(days)) => format!(
            "If what a reward rests on falls away within {days} days of payment, it is taken back for the days that are left."
        ),
        Clause::TakenBack(Clawback::None) => "Nothing that was paid is taken back.".to_owned(),
        Clause::Days { zone } => format!("Days, months and years are those of {zone}."),
    }
}

fn counts(fact: QualifyingFact) -> &'static str {
    match fact {
        QualifyingFact::Deposit => "a deposit",
        QualifyingFact::Loan => "a loan",
        QualifyingFact::Account => "an account",
        QualifyingFact::Card => "a card",
        QualifyingFact::Other => "another product of the bank",
    }
}

fn introducers(who: Introducers) -> &'static str {
    match who {
        Introducers::Customers => "customers and staff of the bank",
        Introducers::Anybody => "anybody",
    }
}

fn gets(role: Role) -> &'static str {
    match role {
        Role::Referrer => "Who introduces receives",
        Role::Referee => "Who is introduced receives",
        Role::Staff => "The member of staff receives",
        Role::Team => "The staff who had a part in it share",
    }
}

fn within(window: Window) -> String {
    match window {
        Window::Lifetime => "in all".to_owned(),
        Window::Month | Window::Quarter | Window::Year => format!("in a calendar {}", unit(window)),
    }
}

fn unit(window: Window) -> &'static str {
    match window {
        Window::Month => "month",
        Window::Quarter => "quarter",
        Window::Year => "year",
        Window::Lifetime => "lifetime",
    }
}

fn number(number: &Number) -> String {
    match number {
        Number::Money(amount) => amount.to_string(),
        Number::Items { count, item } => format!("{count} × {item}"),
    }
}

fn share(of: handsel_money::Rate, item: Option<&String>) -> String {
    match item {
        None => format!("{} percent", percent(of)),
        Some(item) => format!("{of} × {item} for each unit of currency"),
    }
}

fn of_gift(gift: &Gift) -> String {
    match gift {
        Gift::Fixed(fixed) => number(fixed),
        Gift::Share { of, item } => format!("{} of the qualifying amount", share(*of, item.as_ref())),
        Gift::Bracket { from, number: given } => format!("from {from}: {}", number(given)),
        Gift::BracketShare { from, of, item } => {
            format!("from {from}: {} of the qualifying amount", share(*of, item.as_ref()))
        }
        Gift::PartFrom { from, of, number: fixed, item } => {
            let share = of.map(|of| format!("{} of the part above", share(of, item.as_ref())));
            let parts: Vec<String> = share.into_iter().chain(fixed.as_ref().map(number)).collect();
            format!("above {from}: {}", parts.join(" and "))
        }
        Gift::Uplift { bps, cap, limit } => {
            let cap = cap.map(|cap| format!(" on at most {cap}")).unwrap_or_default();
            let limit = limit.map(|limit| format!(", up to a rate of {} percent", percent(limit))).unwrap_or_default();
            format!("{} percent a year more on a deposit{cap}{limit}", percent_of_bps(*bps))
        }
        Gift::Discount { bps, limit } => {
            let limit =
                limit.map(|limit| format!(", down to a rate of {} percent", percent(limit))).unwrap_or_default();
            format!("{} percent a year less on a loan{limit}", percent_of_bps(*bps))
        }
    }
}
