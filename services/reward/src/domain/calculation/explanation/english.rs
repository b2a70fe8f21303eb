//! The sentences in English. Those that every quote of a reward has are put together from their parts, which takes a tenth of the formatter's
//! time.

use std::borrow::Cow;

use super::dates_and_amounts::percent;
use super::sentence::{Item, Left, OfRates, OfReward, OfRows, Rule, Sentence, Taxation, Worth};

pub(super) fn say(sentence: &Sentence<'_>) -> String {
    match sentence {
        Sentence::Reward(sentence) => of_reward(sentence),
        Sentence::Rates(sentence) => of_rates(sentence),
        Sentence::Rows(sentence) => of_rows(sentence),
    }
}

fn of_reward(sentence: &OfReward<'_>) -> String {
    match sentence {
        OfReward::Pays { bracket, rule, base } => pays(*bracket, rule, base),
        OfReward::Tier { tier, multiplier, tiered } => {
            ["Tier ", tier, " multiplies that by ", multiplier, ", which makes ", &worth(tiered), "."].concat()
        }
        OfReward::AtLeast(bound) => ["The plan pays at least ", &worth(bound), "."].concat(),
        OfReward::AtMost(bound) => ["The plan pays at most ", &worth(bound), "."].concat(),
        OfReward::Gross(gross) => ["Before caps and budget that makes ", &worth(gross), "."].concat(),
        OfReward::CountCap(cap, window) => {
            let window = within(*window);
            format!("The plan grants one person at most {cap} rewards{window}, and those have been granted.")
        }
        OfReward::AmountCap(window, room) => {
            format!("For one person{} the plan has {}.", within(*window), left(room))
        }
        OfReward::Budget(room) => ["The plan's budget has ", &left(room), "."].concat(),
        OfReward::Reward(reward) => ["The reward is ", &worth(reward), "."].concat(),
        OfReward::Tax(taxation) => tax(taxation),
    }
}

fn of_rates(sentence: &OfRates<'_>) -> String {
    match sentence {
        OfRates::Deposit(principal, start, maturity) => {
            format!("{principal} are deposited from {start} to {maturity}.")
        }
        OfRates::Loan(principal, drawdown, instalments) => {
            format!("A loan of {principal} is drawn on {drawdown} and repaid in {instalments} monthly instalments.")
        }
        OfRates::BaseRate(rate) => format!("The base rate is {} percent a year.", percent(rate)),
        OfRates::Uplift(source, asked, applied) => {
            format!("The uplift for {source} adds {}.", points_left(asked, applied))
        }
        OfRates::Discount(source, asked, applied) => {
            format!("The discount for {source} takes off {}.", points_left(asked, applied))
        }
        OfRates::Rate(rate) => format!("That makes a preferential rate of {} percent a year.", percent(rate)),
        OfRates::DiscountMonths(months) => {
            format!("It holds for the first {months} instalments; the base rate applies after that.")
        }
        OfRates::UpliftOn(slice) => format!("It is earned on {slice}; the rest earns the base rate."),
        OfRates::Earns(with, without) => {
            format!("The deposit earns {with} in interest; at the base rate it would earn {without}.")
        }
        OfRates::Benefit(benefit) => format!("The preferential rate is worth {benefit}."),
        OfRates::Costs(with, Some(without)) => {
            format!("The loan costs {with} in interest; at the base rate it would cost {without}.")
        }
        OfRates::Costs(with, None) => {
            format!("The loan costs {with} in interest; at the base rate its instalments would not cover the interest.")
        }
        OfRates::Saving(saving) if saving.starts_with('-') => {
            format!("By rounding, the preferential rate costs {} more.", saving.trim_start_matches('-'))
        }
        OfRates::Saving(saving) => format!("The preferential rate saves {saving}."),
        OfRates::YearlyCost(nominal, effective) => format!(
            "A year, the loan costs {} percent nominally and {} percent effectively.",
            percent(nominal),
            percent(effective)
        ),
        OfRates::CashSide(benefit, cost) => {
            format!("Taken in cash, the customer receives {benefit}, which costs the bank {cost}.")
        }
        OfRates::RateSide(Some(benefit)) => {
            format!("Taken as a preferential rate, it is worth {benefit} over the whole term.")
        }
        OfRates::RateSide(None) => {
            "What the preferential rate is worth cannot be said: without it the instalments would not cover the interest."
                .to_owned()
        }
        OfRates::YearlyCosts(with, Some(without)) => format!(
            "Effectively the loan costs {} percent a year with the rate and {} percent without.",
            percent(with),
            percent(without)
        ),
        OfRates::YearlyCosts(with, None) => {
            format!("Effectively the loan costs {} percent a year with the rate.", percent(with))
        }
        OfRates::Better(side) => match *side {
            "CASH" => "The cash leaves the customer more.".to_owned(),
            "RATE" => "The preferential rate leaves the customer more.".to_owned(),
            _ => "Both leave the customer the same.".to_owned(),
        },
        OfRates::Dearer(side) => match *side {
            "CASH" => "The cash is dearer for the bank.".to_owned(),
            "RATE" => "The preferential rate is dearer for the bank.".to_owned(),
            _ => "Both cost the bank the same.".to_owned(),
        },
    }
}

fn of_rows(sentence: &OfRows<'_>) -> String {
    match sentence {
        OfRows::Undone { reward, settled_on, triggered_on, days } => format!(
            "The reward of {reward} was settled on {settled_on}; what it was paid for was undone on {triggered_on}, {days} days later."
        ),
        OfRows::NothingReversed => "Nothing is taken back.".to_owned(),
        OfRows::Reversed(amount, Some(points), tax) => {
            format!("{points} points, worth {amount}, are taken back, and {tax} of the tax.")
        }
        OfRows::Reversed(amount, None, tax) => format!("{amount} are taken back, and {tax} of the tax."),
        OfRows::Split(total, parts) => format!("{total} are split into {parts} shares."),
        OfRows::Share(at, share) => format!("Share {at} is {share}."),
        OfRows::Granted { reward, window, gross, amount, reasons: "" } => {
            format!("Reward {reward} of {gross} is granted in full, {amount}{}.", within(named(window)))
        }
        OfRows::Granted { reward, window, gross, amount, reasons } => {
            let reasons = limits(reasons);
            format!("Of reward {reward} of {gross}, {reasons} leave {amount}{}.", within(named(window)))
        }
        OfRows::GivenBack(reward, amount) => format!("Reward {reward} gives back {amount}."),
        OfRows::GrantedInAll(amount) => format!("In the end {amount} are granted in all."),
        OfRows::Counts(referral, count, window) => {
            format!("Referral {referral} qualified; {count} count{}.", within(named(window)))
        }
        OfRows::ReferralReversed(referral) => format!("Referral {referral} was taken back."),
        OfRows::Fires(milestone) => format!("Milestone {milestone} is reached."),
        OfRows::RowPays(None, amount) => format!("The referral pays {amount}."),
        OfRows::RowPays(Some(milestone), amount) => format!("Milestone {milestone} pays {amount}."),
        OfRows::Flagged(payout, total, threshold) => {
            format!("Payout {payout} is to be reported: with it the year's rewards come to {total}, above {threshold}.")
        }
        OfRows::NothingFlagged(threshold) => {
            format!("No year's payouts exceed {threshold}: nothing is to be reported.")
        }
    }
}

fn pays(bracket: Option<(&str, &str)>, rule: &Rule<'_>, base: &Worth<'_>) -> String {
    let base = worth(base);
    let bracket = bracket.map_or(String::new(), |(qualifying, lower)| {
        format!("The qualifying amount of {qualifying} falls into the bracket from {lower}. ")
    });
    match rule {
        Rule::Fixed => [&bracket, "The plan pays ", &base, "."].concat(),
        Rule::Percent(rate, of) => {
            [&bracket, "The plan pays ", &percent(rate), " percent of ", of, ", which is ", &base, "."].concat()
        }
        Rule::Brackets(qualifying, entered) => {
            let entered = match entered {
                0 => "none of them".to_owned(),
                1 => "one of them".to_owned(),
                several => format!("{several} of them"),
            };
            format!(
                "The plan pays by brackets: the qualifying amount of {qualifying} enters {entered}, which together pay {base}."
            )
        }
    }
}

fn worth<'a>(worth: &'a Worth<'_>) -> Cow<'a, str> {
    match worth {
        Worth::Money(amount) => Cow::Borrowed(amount),
        Worth::Items(quantity, item, None) => Cow::Owned(format!("{quantity} {}", name(*item))),
        Worth::Items(quantity, item, Some(value)) => Cow::Owned(format!("{quantity} {}, worth {value}", name(*item))),
    }
}

const fn name(item: Item) -> &'static str {
    match item {
        Item::Points => "points",
        Item::Voucher => "voucher",
        Item::Gift => "gift",
        Item::FeeWaiver => "fee waiver",
        Item::ServiceUpgrade => "service upgrade",
        Item::Badge => "badge",
    }
}

fn named(window: &str) -> Option<&str> {
    (window != "LIFETIME" && !window.is_empty()).then_some(window)
}

fn within(window: Option<&str>) -> String {
    window.map_or(String::new(), |window| format!(" in {window}"))
}

fn left(left: &Left<'_>) -> String {
    match left {
        Left::Nothing => "nothing left".to_owned(),
        Left::TooLittle(room) => format!("{room} left, too little for this reward"),
        Left::Some(room) => format!("{room} left"),
    }
}

fn tax(taxation: &Taxation<'_>) -> String {
    match taxation {
        Taxation::Free(net) => ["It is free of tax, so ", net, " is received."].concat(),
        Taxation::Withheld(rate, taxable, tax, net) => {
            let percent = percent(rate);
            ["Tax of ", &percent, " percent on ", taxable, " is withheld: ", tax, ". ", net, " is received."].concat()
        }
        Taxation::OnTop(tax, net) => format!("The bank pays the tax of {tax} on top, so {net} is received in full."),
    }
}

fn points_left(asked: &str, applied: &str) -> String {
    if asked == applied {
        format!("{applied} basis points")
    } else {
        format!("{applied} of {asked} basis points: the rest is above what the product allows")
    }
}

fn limits(reasons: &str) -> String {
    let names: Vec<&str> = reasons
        .split(", ")
        .map(|reason| match reason {
            "COUNT_CAP" => "the cap on the number",
            "AMOUNT_CAP" => "the cap on the amount",
            "BUDGET" => "the budget",
            other => other,
        })
        .collect();
    names.join(" and ")
}
