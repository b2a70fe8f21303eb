//! Requests as the domain understands them: each fault of a request is one violation at its field's path.

use super::refusal::wire as wire_violation;
use crate::domain::{
    code::{CodeDraft, CodeText},
    contact::Contact,
    fact::{Fact, FactKind, FactRefusal},
    program::{FollowUpRule, ProgramDraft},
    referral::{Channel, Consent, ConsentMeans, Introduction, Referee, State},
    refusal::Refusal,
    success::{Condition, DEFAULT_GRACE_DAYS, Requirement, SuccessRule},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::referral::v1 as proto;
use handsel_service::{
    status::{FIELD_INVALID, Violation},
    wire,
};

/// Gathers the faults of a request.
#[derive(Default)]
struct Faults(Vec<Violation>);

impl Faults {
    /// The value; where it is none, its fault is noted.
    fn keep<T>(&mut self, value: Result<T, Violation>) -> Option<T> {
        value.map_err(|violation| self.0.push(violation)).ok()
    }

    /// As [`Faults::keep`], for what may be absent.
    fn keep_opt<P, T>(
        &mut self,
        given: Option<&P>,
        field: &str,
        convert: impl FnOnce(Option<&P>, &str) -> Result<T, Violation>,
    ) -> Option<T> {
        let given = given?;
        self.keep(convert(Some(given), field))
    }
}

/// The id in a name that the contract's field rules have checked.
pub(super) fn tail(name: &str) -> String {
    name.split_once('/').map_or(name, |(_, id)| id).to_owned()
}

/// Nothing for an empty text.
pub(super) fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A number that the contract's field rules keep at 0 or above.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// A draft, with every fault of it.
pub(super) fn draft_from(program: proto::Program) -> Result<ProgramDraft, Vec<Violation>> {
    let mut faults = Faults::default();
    let starts_at = faults.keep(wire::timestamp_from(program.start_time.as_ref(), "program.start_time"));
    let ends_at = faults.keep_opt(program.end_time.as_ref(), "program.end_time", wire::timestamp_from);
    let success = program.success.and_then(|success| success_from(success, &mut faults));
    let follow_up = program
        .follow_up
        .map(|rule| FollowUpRule { core_hours: count(rule.core_hours), other_hours: count(rule.other_hours) });
    let terms = starts_at.zip(success).map(|(starts_at, success)| ProgramDraft {
        display_name: program.display_name,
        plan: program.plan,
        starts_at,
        ends_at,
        success,
        referrer_limit: count(program.eligibility.unwrap_or_default().max_referrals_per_referrer),
        follow_up,
    });
    faults.0.extend(terms.iter().flat_map(ProgramDraft::violations).map(wire_violation));
    terms.filter(|_| faults.0.is_empty()).ok_or(faults.0)
}

fn success_from(success: proto::SuccessRule, faults: &mut Faults) -> Option<SuccessRule> {
    let qualifying_amount = kind_from(success.qualifying_amount());
    let mut requirements = Vec::new();
    for (outer, requirement) in success.requirements.into_iter().enumerate() {
        let mut any_of = Vec::new();
        for (inner, condition) in requirement.any_of.into_iter().enumerate() {
            let field = format!("program.success.requirements[{outer}].any_of[{inner}]");
            let kind = kind_from(condition.kind());
            let kind = faults.keep(kind.ok_or_else(|| Violation::new(format!("{field}.kind"), "is required")))?;
            let minimum = faults.keep_opt(condition.minimum.as_ref(), &format!("{field}.minimum"), |amount, field| {
                wire::money_from(amount, field)
            });
            any_of.push(Condition { kind, minimum });
        }
        requirements.push(Requirement { any_of });
    }
    let grace_days = if success.grace_days == 0 { DEFAULT_GRACE_DAYS } else { count(success.grace_days) };
    let within_days = count(success.within_days);
    let reversal_days = count(success.reversal_days);
    let plan_currency = None;
    Some(SuccessRule { requirements, within_days, grace_days, qualifying_amount, reversal_days, plan_currency })
}

/// A kind of fact, if it is one.
fn kind_from(kind: proto::FactKind) -> Option<FactKind> {
    match kind {
        proto::FactKind::Unspecified => None,
        proto::FactKind::AccountOpened => Some(FactKind::AccountOpened),
        proto::FactKind::FirstDeposit => Some(FactKind::FirstDeposit),
        proto::FactKind::CardIssued => Some(FactKind::CardIssued),
        proto::FactKind::LoanDrawn => Some(FactKind::LoanDrawn),
        proto::FactKind::AccountClosed => Some(FactKind::AccountClosed),
    }
}

/// What a code is to be.
pub(super) fn code_draft_from(code: &proto::Code) -> Result<CodeDraft, Violation> {
    let expires_at = match &code.expire_time {
        None => None,
        Some(given) => Some(wire::timestamp_from(Some(given), "code.expire_time")?),
    };
    Ok(CodeDraft {
        program: tail(&code.program),
        referrer: code.referrer.clone(),
        branch: code.branch.clone(),
        expires_at,
        usage_limit: count(code.usage_limit),
    })
}

/// The code of a name, however it is written.
pub(super) fn code_text_from(name: &str) -> Result<CodeText, Refusal> {
    tail(name).parse().map_err(|_| Refusal::Mistyped(name.to_owned()))
}

/// What is introduced, and who.
pub(super) fn introduction_from(
    referral: proto::Referral,
    code: Option<CodeText>,
) -> Result<(Introduction, Referee), Vec<Violation>> {
    let mut faults = Faults::default();
    let channel = channel_from(referral.channel());
    let channel = faults.keep(channel.ok_or_else(|| Violation::new("referral.channel", "is required")));
    let consent = faults.keep(consent_from(referral.consent));
    let referee = faults.keep(referee_from(referral.referee));
    let introduction = channel.zip(consent).map(|(channel, consent)| Introduction {
        program: tail(&referral.program),
        branch: referral.branch,
        channel,
        referrer: filled(referral.referrer),
        code,
        consent,
    });
    faults.0.extend(introduction.iter().flat_map(Introduction::violations).map(wire_violation));
    introduction.zip(referee).filter(|_| faults.0.is_empty()).ok_or(faults.0)
}

/// A channel, if it is one.
fn channel_from(channel: proto::Channel) -> Option<Channel> {
    match channel {
        proto::Channel::Unspecified => None,
        proto::Channel::BranchForm => Some(Channel::BranchForm),
        proto::Channel::WordOfMouth => Some(Channel::WordOfMouth),
        proto::Channel::CustomerCode => Some(Channel::CustomerCode),
    }
}

/// A state, if it is one.
pub(super) fn state_from(state: proto::referral::State) -> Option<State> {
    match state {
        proto::referral::State::Unspecified => None,
        proto::referral::State::Registered => Some(State::Registered),
        proto::referral::State::Converting => Some(State::Converting),
        proto::referral::State::Qualified => Some(State::Qualified),
        proto::referral::State::Expired => Some(State::Expired),
        proto::referral::State::Rejected => Some(State::Rejected),
        proto::referral::State::Reversed => Some(State::Reversed),
    }
}

fn consent_from(consent: Option<proto::Consent>) -> Result<Consent, Violation> {
    let consent = consent.unwrap_or_default();
    let means = match consent.means() {
        proto::consent::Means::Unspecified => return Err(Violation::new("referral.consent.means", "is required")),
        proto::consent::Means::Signed => ConsentMeans::Signed,
        proto::consent::Means::Spoken => ConsentMeans::Spoken,
        proto::consent::Means::Online => ConsentMeans::Online,
    };
    let given_at = wire::timestamp_from(consent.give_time.as_ref(), "referral.consent.give_time")?;
    Ok(Consent { text_version: consent.text_version, given_at, means })
}

fn referee_from(referee: Option<proto::Referee>) -> Result<Referee, Violation> {
    let proto::Referee { display_name, contact } = referee.unwrap_or_default();
    if display_name.trim().is_empty() {
        return Err(Violation::new("referral.referee.display_name", "must say something"));
    }
    let contact = match contact {
        None => return Err(Violation::new("referral.referee.contact", "is required")),
        Some(proto::referee::Contact::Phone(phone)) => {
            Contact::phone(&phone).map_err(|fault| Violation::new("referral.referee.phone", fault.to_string()))?
        }
        Some(proto::referee::Contact::Email(email)) => {
            Contact::email(&email).map_err(|fault| Violation::new("referral.referee.email", fault.to_string()))?
        }
    };
    Ok(Referee { display_name, contact })
}

/// A fact. One that cannot be read is refused by itself; the others of its batch are taken.
pub(super) fn fact_from(fact: &proto::Fact) -> Result<Fact, FactRefusal> {
    let invalid = |violation: Violation| match violation.reason {
        FIELD_INVALID => FactRefusal::Invalid(format!("{}: {}", violation.field, violation.description)),
        nearer => FactRefusal::Unfit(nearer, format!("{}: {}", violation.field, violation.description)),
    };
    let referral = match fact.referral.as_str() {
        "" => None,
        name => Some(wire::id_from_name("referrals/", name, "referral").map_err(invalid)?),
    };
    let amount = match &fact.amount {
        None => None,
        Some(amount) => Some(wire::money_from(Some(amount), "amount").map_err(invalid)?),
    };
    Ok(Fact {
        id: fact.fact_id.clone(),
        kind: kind_from(fact.kind()).ok_or_else(|| FactRefusal::Invalid("kind: is required".to_owned()))?,
        customer: fact.customer.clone(),
        referral,
        amount,
        occurred_at: occurred_at(fact).map_err(invalid)?,
    })
}

fn occurred_at(fact: &proto::Fact) -> Result<Timestamp, Violation> {
    wire::timestamp_from(fact.occur_time.as_ref(), "occur_time")
}
