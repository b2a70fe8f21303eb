//! Rows of events: rewards under caps, referrals and their milestones, payouts and a reporting threshold.

use super::{Told, language_from, reward::names, told, zone_from};
use crate::{
    domain::calculation::{
        caps::Limits,
        cash::CashTerms,
        explanation::{Language, Subject},
        milestones::{self, Fires, Happened, Milestone, MilestoneRow, Milestones, Payment, Turn},
        reporting::{Payout, Reporting, Threshold},
        rule::RoleRule,
        series::{self, Series, SeriesTerms},
        tax::Tax,
        window::Window,
    },
    wire::{
        campaign::window_from,
        rule::cash_rule_from,
        terms::{Faults, on_exceed_from, rounding_from},
    },
};
use handsel_money::{Currency, Money};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{
        self as wire, milestones_quote, quote_milestones_request as asked, quote_series_request, reporting_quote,
        series_quote,
    },
};
use handsel_service::{
    status::Violation,
    wire::{money_from, timestamp_from, to_money},
};
use std::collections::BTreeMap;

/// A row of rewards to be held against caps.
pub(crate) struct SeriesAsked {
    pub(crate) terms: SeriesTerms,
    pub(crate) events: Vec<series::Event>,
    pub(crate) language: Language,
}

/// The caps and the budget of a row.
struct LimitsSaid<'a> {
    max_count: Option<i32>,
    max_amount: Option<&'a google::Money>,
    budget: Option<&'a google::Money>,
    on_exceed: wire::OnExceed,
}

impl LimitsSaid<'_> {
    fn read(&self, path: &str, faults: &mut Faults) -> Limits {
        let amount_cap = faults.optional_money(self.max_amount, format_args!("{path}max_amount"));
        let budget = faults.optional_money(self.budget, format_args!("{path}budget"));
        let needed = self.max_amount.is_some() || self.budget.is_some();
        let on_exceed = on_exceed_from(self.on_exceed, needed, &format!("{path}on_exceed"), faults);
        Limits { count_cap: self.max_count.map(i64::from), amount_cap, budget, on_exceed }
    }
}

fn window_of(window: wire::Window) -> Result<Window, Violation> {
    window_from(window).ok_or_else(|| Violation::new("window", "a window is required"))
}

/// # Errors
/// Every field of the terms, or the first of the events, that cannot be taken.
pub(crate) fn series_asked(said: &wire::QuoteSeriesRequest) -> Result<SeriesAsked, Vec<Violation>> {
    let mut faults = Faults::default();
    let currency = faults.parsed::<Currency>(&said.currency_code, "currency_code");
    let zone = faults.keep(zone_from(&said.time_zone, "time_zone"));
    let window = faults.keep(window_of(said.window()));
    let language = faults.keep(language_from(&said.language_code));
    let limits = LimitsSaid {
        max_count: said.max_count,
        max_amount: said.max_amount.as_ref(),
        budget: said.budget.as_ref(),
        on_exceed: said.on_exceed(),
    };
    let limits = limits.read("", &mut faults);
    let events = said.events.iter().enumerate();
    let events: Result<_, _> = events.map(|(at, event)| series_event(event, &format!("events[{at}]"))).collect();
    match (currency, zone, window, language, faults.keep(events)) {
        (Some(currency), Some(zone), Some(window), Some(language), Some(events)) if faults.0.is_empty() => {
            Ok(SeriesAsked { terms: SeriesTerms { currency, zone, window, limits }, events, language })
        }
        _ => Err(faults.0),
    }
}

fn series_event(event: &quote_series_request::Event, path: &str) -> Result<series::Event, Violation> {
    let what = match &event.what {
        None => return Err(Violation::new(path, "one of granted, reversed and rejected is required")),
        Some(quote_series_request::event::What::Granted(granted)) => series::What::Granted {
            beneficiary: granted.beneficiary.clone(),
            at: timestamp_from(granted.qualify_time.as_ref(), &format!("{path}.granted.qualify_time"))?,
            gross: money_from(granted.gross_amount.as_ref(), &format!("{path}.granted.gross_amount"))?,
        },
        Some(quote_series_request::event::What::Reversed(amount)) => {
            series::What::Reversed(money_from(Some(amount), &format!("{path}.reversed"))?)
        }
        Some(quote_series_request::event::What::Rejected(())) => series::What::Rejected,
    };
    Ok(series::Event { reward: event.reward_id.clone(), what })
}

pub(crate) fn series_answer(series: Series, language: Language) -> wire::SeriesQuote {
    let Series { rewards, standing, by_plan, steps } = series;
    let Told { version, steps, explanation } = told(Subject::Series, steps, language);
    let rewards = rewards.into_iter().map(|reward| {
        let series::Granted { reward: reward_id, window, amount, reasons } = reward;
        series_quote::Reward { reward_id, window, reward_amount: Some(to_money(amount)), reasons: names(&reasons) }
    });
    let granted = standing.into_iter().map(|((beneficiary, window), (count, amount))| series_quote::Granted {
        beneficiary,
        window,
        count,
        amount: Some(to_money(amount)),
    });
    wire::SeriesQuote {
        rewards: rewards.collect(),
        granted: granted.collect(),
        granted_by_plan: Some(to_money(by_plan)),
        calculation_version: version,
        steps,
        explanation,
    }
}

/// A row of referrals and a plan's milestones.
pub(crate) struct MilestonesAsked {
    pub(crate) milestones: Vec<Milestone>,
    pub(crate) window: Window,
    pub(crate) zone: handsel_money::Zone,
    pub(crate) payment: Option<Payment>,
    pub(crate) events: Vec<milestones::Event>,
    pub(crate) language: Language,
}

/// # Errors
/// Every field of the terms, or the first of the events, that cannot be taken.
pub(crate) fn milestones_asked(said: &wire::QuoteMilestonesRequest) -> Result<MilestonesAsked, Vec<Violation>> {
    let mut faults = Faults::default();
    let zone = faults.keep(zone_from(&said.time_zone, "time_zone"));
    let window = faults.keep(window_of(said.window()));
    let language = faults.keep(language_from(&said.language_code));
    let milestones: Result<Vec<_>, _> = said.milestones.iter().enumerate().map(milestone).collect();
    let milestones = faults.keep(milestones);
    let payment = said.payment.as_ref().map(|payment| payment_from(payment, &said.milestones, &mut faults));
    let events = said.events.iter().enumerate();
    let events: Result<Vec<_>, _> = events.map(|(at, event)| referral(event, &format!("events[{at}]"))).collect();
    let events = faults.keep(events);
    match (zone, window, language, milestones, events) {
        (Some(zone), Some(window), Some(language), Some(milestones), Some(events)) if faults.0.is_empty() => {
            let payment = payment.flatten();
            Ok(MilestonesAsked { milestones, window, zone, payment, events, language })
        }
        _ => Err(faults.0),
    }
}

fn milestone((at, milestone): (usize, &asked::Milestone)) -> Result<Milestone, Violation> {
    let count = |n: i32| u32::try_from(n).map_err(|_| Violation::new(format!("milestones[{at}]"), "counts from 1"));
    let fires = match milestone.fires {
        None => return Err(Violation::new(format!("milestones[{at}].fires"), "one of at and every is required")),
        Some(asked::milestone::Fires::At(n)) => Fires::At(count(n)?),
        Some(asked::milestone::Fires::Every(n)) => Fires::Every(count(n)?),
    };
    Ok(Milestone { id: milestone.milestone_id.clone(), fires })
}

fn payment_from(said: &asked::Payment, milestones: &[asked::Milestone], faults: &mut Faults) -> Option<Payment> {
    let currency = faults.parsed::<Currency>(&said.currency_code, "payment.currency_code");
    let limits = LimitsSaid {
        max_count: said.max_count,
        max_amount: said.max_amount.as_ref(),
        budget: said.budget.as_ref(),
        on_exceed: said.on_exceed(),
    };
    let limits = limits.read("payment.", faults);
    let rule = said.rule.as_ref().and_then(|rule| cash_rule_from(rule, "payment.rule", faults));
    let mut by_milestone: BTreeMap<String, RoleRule> = BTreeMap::new();
    for (at, milestone) in milestones.iter().enumerate() {
        let path = format!("milestones[{at}].rule");
        match &milestone.rule {
            None => faults.note(path, "is required with a payment"),
            Some(rule) => {
                if let Some(rule) = cash_rule_from(rule, &path, faults) {
                    by_milestone.insert(milestone.milestone_id.clone(), rule);
                }
            }
        }
    }
    let terms = CashTerms {
        currency: currency?,
        rounding: rounding_from(said.rounding()),
        rule: rule?,
        limits,
        tax: Tax::None,
    };
    Some(Payment { terms, by_milestone })
}

fn referral(event: &asked::Event, path: &str) -> Result<milestones::Event, Violation> {
    let what = match event.what() {
        asked::What::Unspecified => return Err(Violation::new(format!("{path}.what"), "is required")),
        asked::What::Qualified => Happened::Qualified,
        asked::What::Reversed => Happened::Reversed,
    };
    let at = timestamp_from(event.occur_time.as_ref(), &format!("{path}.occur_time"))?;
    let arrived = event.arrive_time.as_ref();
    let arrived = arrived.map(|time| timestamp_from(Some(time), &format!("{path}.arrive_time"))).transpose()?;
    let amount = event.qualifying_amount.as_ref();
    let amount = amount.map(|amount| money_from(Some(amount), &format!("{path}.qualifying_amount"))).transpose()?;
    let turn = Turn { arrived_at: arrived.unwrap_or(at), at, referral: event.referral_id.clone(), what };
    Ok(milestones::Event { turn, qualifying_amount: amount })
}

/// A milestones question taken apart for the calculation.
impl MilestonesAsked {
    /// The plan's milestones.
    ///
    /// # Errors
    /// Those of [`Milestones::new`].
    pub(crate) fn plan(&self) -> Result<Milestones, crate::domain::calculation::error::CalculationError> {
        Milestones::new(self.milestones.clone(), self.window, self.zone.clone())
    }
}

pub(crate) fn milestones_answer(row: MilestoneRow, language: Language) -> wire::MilestonesQuote {
    let MilestoneRow { fired, counts, paid, steps } = row;
    let Told { version, steps, explanation } = told(Subject::Milestones, steps, language);
    // At most as many as there are events.
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let fired = fired.into_iter().map(|(referral_id, fired)| {
        let milestones::Fired { milestone: milestone_id, window, count } = fired;
        milestones_quote::Fired { milestone_id, referral_id, window, count: number(count) }
    });
    let counts = counts.into_iter().map(|(window, count)| milestones_quote::Count { window, count: number(count) });
    let rewards = paid.into_iter().map(|paid| {
        let milestones::Paid { referral: referral_id, milestone, gross, reward, reasons } = paid;
        milestones_quote::Reward {
            referral_id,
            milestone_id: milestone.unwrap_or_default(),
            gross_amount: Some(to_money(gross)),
            reward_amount: Some(to_money(reward)),
            reasons: names(&reasons),
        }
    });
    wire::MilestonesQuote {
        fired: fired.collect(),
        counts: counts.collect(),
        rewards: rewards.collect(),
        calculation_version: version,
        steps,
        explanation,
    }
}

/// # Errors
/// The first field that cannot be taken.
pub(crate) fn reporting_asked(
    said: &wire::QuoteReportingRequest,
) -> Result<(Threshold, Vec<Payout>, Language), Violation> {
    let amount = money_from(said.threshold.as_ref(), "threshold")?;
    let threshold = Threshold { amount, zone: zone_from(&said.time_zone, "time_zone")? };
    let payouts = said.payouts.iter().enumerate().map(|(at, payout)| {
        let path = format!("payouts[{at}]");
        let reversed = match &payout.reversed_amount {
            None => None,
            Some(amount) => {
                let time = timestamp_from(payout.reverse_time.as_ref(), &format!("{path}.reverse_time"))?;
                Some((time, money_from(Some(amount), &format!("{path}.reversed_amount"))?))
            }
        };
        let reward: Money = money_from(payout.reward_amount.as_ref(), &format!("{path}.reward_amount"))?;
        let at = timestamp_from(payout.pay_time.as_ref(), &format!("{path}.pay_time"))?;
        Ok(Payout { id: payout.payout_id.clone(), at, reward, reversed })
    });
    Ok((threshold, payouts.collect::<Result<_, Violation>>()?, language_from(&said.language_code)?))
}

pub(crate) fn reporting_answer(reporting: Reporting, language: Language) -> wire::ReportingQuote {
    let Reporting { flags, totals, steps } = reporting;
    let Told { version, steps, explanation } = told(Subject::Reporting, steps, language);
    // Years 1 to 9999.
    let year_of = |year: i64| i32::try_from(year).unwrap_or_default();
    let flags = flags.into_iter().map(|(payout_id, flag)| reporting_quote::Flag {
        payout_id,
        year: year_of(flag.year),
        total: Some(to_money(flag.total)),
    });
    let years = totals
        .years()
        .map(|(year, total)| reporting_quote::Year { year: year_of(year), total: Some(to_money(total.total)) })
        .collect();
    wire::ReportingQuote { flags: flags.collect(), years, calculation_version: version, steps, explanation }
}
