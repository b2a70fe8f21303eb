//! The rule of one role, both ways.

use super::{
    noncash::{non_cash_from, to_non_cash},
    rate_rule::{rate_choice_from, rate_rule_from, to_rate_choice, to_rate_rule},
    terms::Faults,
};
use crate::domain::{
    calculation::rule::{Base, GraduatedBracket, Pays, RoleRule, SlabBracket},
    reward::Role,
    terms::{Gives, RoleTerms},
};
use handsel_money::{Money, Rate};
use handsel_proto::handsel::reward::v1::{
    self as wire, graduated_rule, role_rule, slab_rule, slab_rule::bracket::Pays as WirePays,
};
use handsel_service::wire::{to_decimal, to_money};
use std::collections::BTreeMap;

/// The terms of one role; none where a fault was found, which `faults` has then.
pub(super) fn role_terms_from(rule: &wire::RoleRule, path: &str, faults: &mut Faults) -> Option<RoleTerms> {
    let role = role_from(rule.role());
    if role.is_none() {
        faults.note(format!("{path}.role"), "a role is required");
    }
    let gives = gives_from(rule, path, faults);
    Some(RoleTerms { role: role?, stage: rule.stage.clone(), gives: gives? })
}

/// The rule of a role that is paid money, and nothing to choose instead; none where a fault was found.
pub(super) fn cash_rule_from(rule: &wire::RoleRule, path: &str, faults: &mut Faults) -> Option<RoleRule> {
    match role_terms_from(rule, path, faults)?.gives {
        Gives::Cash { rule, choice: None } => Some(rule),
        Gives::Cash { .. } | Gives::NonCash(_) | Gives::Rate(_) => {
            faults.note(format!("{path}.base"), "a rule of money, without a choice, is required");
            None
        }
    }
}

/// What a rule gives; none where a fault was found, which `faults` has then.
pub(super) fn gives_from(rule: &wire::RoleRule, path: &str, faults: &mut Faults) -> Option<Gives> {
    let multipliers = multipliers_from(&rule.tier_multipliers, path, faults);
    if matches!(rule.base, Some(role_rule::Base::NonCash(_) | role_rule::Base::Rate(_))) {
        for (field, set) in [
            ("minimum", rule.minimum.is_some()),
            ("maximum", rule.maximum.is_some()),
            ("choice", rule.choice.is_some()),
        ] {
            if set {
                faults.note(format!("{path}.{field}"), "it goes with money only");
            }
        }
    }
    match rule.base.as_ref() {
        Some(role_rule::Base::NonCash(non_cash)) => {
            if !multipliers.is_empty() {
                faults.note(format!("{path}.tier_multipliers"), "those of points and items stand in non_cash");
            }
            non_cash_from(non_cash, &format!("{path}.non_cash"), faults).map(Gives::NonCash)
        }
        Some(role_rule::Base::Rate(rate)) => {
            if !multipliers.is_empty() {
                faults.note(format!("{path}.tier_multipliers"), "they do not go with a rate");
            }
            rate_rule_from(rate, &format!("{path}.rate"), faults).map(Gives::Rate)
        }
        base => cash_from(base, multipliers, rule, path, faults),
    }
}

fn cash_from(
    base: Option<&role_rule::Base>,
    multipliers: BTreeMap<String, Rate>,
    rule: &wire::RoleRule,
    path: &str,
    faults: &mut Faults,
) -> Option<Gives> {
    let base = base_from(base, path, faults);
    let minimum = faults.optional_money(rule.minimum.as_ref(), format_args!("{path}.minimum"));
    let maximum = faults.optional_money(rule.maximum.as_ref(), format_args!("{path}.maximum"));
    let choice = match &rule.choice {
        Some(choice) => Some(rate_choice_from(choice, &format!("{path}.choice"), faults)?),
        None => None,
    };
    Some(Gives::Cash { rule: RoleRule { base: base?, multipliers, minimum, maximum }, choice })
}

fn base_from(base: Option<&role_rule::Base>, path: &str, faults: &mut Faults) -> Option<Base<Money>> {
    match base {
        None | Some(role_rule::Base::NonCash(_) | role_rule::Base::Rate(_)) => {
            faults
                .note(format!("{path}.base"), "one of fixed, percent, slab, graduated, non_cash and rate is required");
            None
        }
        Some(role_rule::Base::Fixed(fixed)) => {
            let amount = faults.money(fixed.amount.as_ref(), format_args!("{path}.fixed.amount"))?;
            Some(Base::Fixed { amount })
        }
        Some(role_rule::Base::Percent(percent)) => {
            let rate = faults.rate(percent.rate.as_ref(), format_args!("{path}.percent.rate"))?;
            Some(Base::Percent { rate })
        }
        Some(role_rule::Base::Slab(slab)) => {
            let brackets: Vec<_> = slab
                .brackets
                .iter()
                .enumerate()
                .map(|(at, bracket)| slab_bracket_from(bracket, &format!("{path}.slab.brackets[{at}]"), faults))
                .collect();
            Some(Base::Slab { brackets: brackets.into_iter().collect::<Option<_>>()? })
        }
        Some(role_rule::Base::Graduated(graduated)) => {
            let brackets: Vec<_> = graduated
                .brackets
                .iter()
                .enumerate()
                .map(|(at, bracket)| {
                    graduated_bracket_from(bracket, &format!("{path}.graduated.brackets[{at}]"), faults)
                })
                .collect();
            Some(Base::Graduated { brackets: brackets.into_iter().collect::<Option<_>>()? })
        }
    }
}

fn slab_bracket_from(bracket: &slab_rule::Bracket, path: &str, faults: &mut Faults) -> Option<SlabBracket<Money>> {
    let lower = faults.money(bracket.lower.as_ref(), format_args!("{path}.lower"));
    let pays = match &bracket.pays {
        None => {
            faults.note(format!("{path}.pays"), "either fixed or rate is required");
            None
        }
        Some(WirePays::Fixed(fixed)) => faults.money(Some(fixed), format_args!("{path}.fixed")).map(Pays::Fixed),
        Some(WirePays::Rate(rate)) => faults.rate(Some(rate), format_args!("{path}.rate")).map(Pays::Rate),
    };
    Some(SlabBracket { lower: lower?, pays: pays? })
}

fn graduated_bracket_from(
    bracket: &graduated_rule::Bracket,
    path: &str,
    faults: &mut Faults,
) -> Option<GraduatedBracket<Money>> {
    let lower = faults.money(bracket.lower.as_ref(), format_args!("{path}.lower"));
    let rate = faults.optional_rate(bracket.rate.as_ref(), format_args!("{path}.rate"));
    let fixed = faults.optional_money(bracket.fixed.as_ref(), format_args!("{path}.fixed"));
    Some(GraduatedBracket { lower: lower?, rate, fixed })
}

/// Those that can be read: the others are faults.
pub(super) fn multipliers_from(
    multipliers: &[wire::TierMultiplier],
    path: &str,
    faults: &mut Faults,
) -> BTreeMap<String, Rate> {
    let mut by_tier = BTreeMap::new();
    for (at, multiplier) in multipliers.iter().enumerate() {
        let field = format_args!("{path}.tier_multipliers[{at}].multiplier");
        let Some(rate) = faults.rate(multiplier.multiplier.as_ref(), field) else { continue };
        if by_tier.insert(multiplier.tier.clone(), rate).is_some() {
            faults.note(format!("{path}.tier_multipliers[{at}].tier"), "each tier has one multiplier at most");
        }
    }
    by_tier
}

pub(super) fn to_role_rule(terms: &RoleTerms) -> wire::RoleRule {
    let RoleTerms { role, stage, gives } = terms;
    wire::RoleRule { role: to_role(*role).into(), stage: stage.clone(), ..to_gives(gives) }
}

/// A rule of what is given, of nobody's role.
pub(super) fn to_gives(gives: &Gives) -> wire::RoleRule {
    match gives {
        Gives::Cash { rule: RoleRule { base, multipliers, minimum, maximum }, choice } => wire::RoleRule {
            base: Some(to_base(base)),
            tier_multipliers: to_multipliers(multipliers),
            minimum: minimum.map(to_money),
            maximum: maximum.map(to_money),
            choice: choice.as_ref().map(to_rate_choice),
            ..wire::RoleRule::default()
        },
        Gives::NonCash(rule) => {
            wire::RoleRule { base: Some(role_rule::Base::NonCash(to_non_cash(rule))), ..wire::RoleRule::default() }
        }
        Gives::Rate(rule) => {
            wire::RoleRule { base: Some(role_rule::Base::Rate(to_rate_rule(rule))), ..wire::RoleRule::default() }
        }
    }
}

pub(super) fn to_multipliers(multipliers: &BTreeMap<String, Rate>) -> Vec<wire::TierMultiplier> {
    let one = |(tier, rate): (&String, &Rate)| wire::TierMultiplier {
        tier: tier.clone(),
        multiplier: Some(to_decimal(*rate)),
    };
    multipliers.iter().map(one).collect()
}

fn to_base(base: &Base<Money>) -> role_rule::Base {
    match base {
        Base::Fixed { amount } => role_rule::Base::Fixed(wire::FixedRule { amount: Some(to_money(*amount)) }),
        Base::Percent { rate } => role_rule::Base::Percent(wire::PercentRule { rate: Some(to_decimal(*rate)) }),
        Base::Slab { brackets } => {
            let brackets = brackets.iter().map(|SlabBracket { lower, pays }| slab_rule::Bracket {
                lower: Some(to_money(*lower)),
                pays: Some(match pays {
                    Pays::Fixed(fixed) => WirePays::Fixed(to_money(*fixed)),
                    Pays::Rate(rate) => WirePays::Rate(to_decimal(*rate)),
                }),
            });
            role_rule::Base::Slab(wire::SlabRule { brackets: brackets.collect() })
        }
        Base::Graduated { brackets } => {
            let brackets = brackets.iter().map(|GraduatedBracket { lower, rate, fixed }| graduated_rule::Bracket {
                lower: Some(to_money(*lower)),
                rate: rate.map(to_decimal),
                fixed: fixed.map(to_money),
            });
            role_rule::Base::Graduated(wire::GraduatedRule { brackets: brackets.collect() })
        }
    }
}

pub(super) fn role_from(role: wire::BeneficiaryRole) -> Option<Role> {
    match role {
        wire::BeneficiaryRole::Unspecified => None,
        wire::BeneficiaryRole::Referrer => Some(Role::Referrer),
        wire::BeneficiaryRole::Referee => Some(Role::Referee),
        wire::BeneficiaryRole::Staff => Some(Role::Staff),
        wire::BeneficiaryRole::Team => Some(Role::Team),
    }
}

pub(super) fn to_role(role: Role) -> wire::BeneficiaryRole {
    match role {
        Role::Referrer => wire::BeneficiaryRole::Referrer,
        Role::Referee => wire::BeneficiaryRole::Referee,
        Role::Staff => wire::BeneficiaryRole::Staff,
        Role::Team => wire::BeneficiaryRole::Team,
    }
}
