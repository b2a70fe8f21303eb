//! What is on record as the contract shows it. Each conversion names every field, so that a new one fails to compile.

use crate::{
    domain::{
        checks::{CheckResult, Rule, Verdict},
        code::Code,
        contact::ContactKind,
        erasure::{Erasure, Purpose, Reason, Stage},
        fact::FactKind,
        program::{Program, ProgramDraft, ProgramState, etag},
        referral::{Channel, Consent, ConsentMeans, Referral, State},
        success::{Evidence, SuccessRule},
    },
    queries::{erasures::ErasureView, referrals::ReferralView},
    registry::{MaskedSubject, RevealedSubject},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::referral::v1 as proto;
use handsel_service::wire::{to_money, to_timestamp};

/// A count that the schema keeps within what the contract holds.
fn narrow<N: TryInto<i32>>(number: N) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// A program.
pub(super) fn program(program: Program) -> proto::Program {
    let (name, etag) = (program.name(), program.etag());
    let Program {
        id: _,
        terms,
        state,
        version,
        plan_version,
        maker,
        submitter: _,
        checker,
        created_at,
        updated_at,
        revision: _,
    } = program;
    let ProgramDraft { display_name, plan, starts_at, ends_at, success, referrer_limit, follow_up } = terms;
    proto::Program {
        name,
        display_name,
        state: match state {
            ProgramState::Draft => proto::program::State::Draft,
            ProgramState::InReview => proto::program::State::InReview,
            ProgramState::Active => proto::program::State::Active,
        }
        .into(),
        version: narrow(version),
        plan,
        plan_version: narrow(plan_version),
        start_time: Some(to_timestamp(starts_at)),
        end_time: ends_at.map(to_timestamp),
        success: Some(success_rule(success)),
        eligibility: Some(proto::Eligibility { max_referrals_per_referrer: narrow(referrer_limit) }),
        follow_up: follow_up.map(|rule| proto::FollowUpRule {
            core_hours: narrow(rule.core_hours),
            other_hours: narrow(rule.other_hours),
        }),
        etag,
        maker,
        checker,
        create_time: Some(to_timestamp(created_at)),
        update_time: Some(to_timestamp(updated_at)),
    }
}

fn success_rule(rule: SuccessRule) -> proto::SuccessRule {
    let SuccessRule { requirements, within_days, grace_days, qualifying_amount, reversal_days, plan_currency: _ } =
        rule;
    let requirements = requirements.into_iter().map(|requirement| proto::Requirement {
        any_of: requirement
            .any_of
            .into_iter()
            .map(|condition| proto::Condition {
                kind: kind(condition.kind).into(),
                minimum: condition.minimum.map(to_money),
            })
            .collect(),
    });
    proto::SuccessRule {
        requirements: requirements.collect(),
        within_days: narrow(within_days),
        grace_days: narrow(grace_days),
        qualifying_amount: qualifying_amount.map_or(proto::FactKind::Unspecified, kind).into(),
        reversal_days: narrow(reversal_days),
    }
}

fn kind(kind: FactKind) -> proto::FactKind {
    match kind {
        FactKind::AccountOpened => proto::FactKind::AccountOpened,
        FactKind::FirstDeposit => proto::FactKind::FirstDeposit,
        FactKind::CardIssued => proto::FactKind::CardIssued,
        FactKind::LoanDrawn => proto::FactKind::LoanDrawn,
        FactKind::AccountClosed => proto::FactKind::AccountClosed,
    }
}

/// A code.
pub(super) fn code(code: Code) -> proto::Code {
    let Code { text, terms, usage_count, created_at } = code;
    proto::Code {
        name: format!("codes/{text}"),
        program: format!("programs/{}", terms.program),
        referrer: terms.referrer,
        branch: terms.branch,
        expire_time: terms.expires_at.map(to_timestamp),
        usage_limit: narrow(terms.usage_limit),
        usage_count: narrow(usage_count),
        create_time: Some(to_timestamp(created_at)),
    }
}

/// A referral, its referee masked.
pub(super) fn referral(view: ReferralView) -> proto::Referral {
    let ReferralView { referral, referee, evidence } = view;
    let Referral {
        id,
        subject: _,
        program,
        program_version,
        plan,
        plan_version,
        branch,
        channel: by,
        referrer,
        code,
        consent,
        state: stands,
        checks,
        follow_up,
        referee_customer,
        qualifying_amount,
        registrar,
        created_at,
        expires_at,
        qualified_at,
        reversed_at,
        updated_at,
        revision,
    } = referral;
    proto::Referral {
        name: format!("referrals/{id}"),
        program: format!("programs/{program}"),
        program_version: narrow(program_version),
        plan,
        plan_version: narrow(plan_version),
        branch,
        channel: channel(by).into(),
        referrer,
        code: code.map(|text| format!("codes/{text}")).unwrap_or_default(),
        referee: Some(masked(referee)),
        consent: Some(consented(consent)),
        state: state(stands).into(),
        checks: checks.into_iter().map(check).collect(),
        evidence: evidence.into_iter().map(counted).collect(),
        follow_up: Some(proto::FollowUp { core: follow_up.core, due_time: Some(to_timestamp(follow_up.due_at)) }),
        referee_customer: referee_customer.unwrap_or_default(),
        qualifying_amount: qualifying_amount.map(to_money),
        registrar,
        create_time: Some(to_timestamp(created_at)),
        expire_time: Some(to_timestamp(expires_at)),
        qualify_time: qualified_at.map(to_timestamp),
        update_time: Some(to_timestamp(updated_at)),
        etag: etag(revision),
        reverse_time: reversed_at.map(to_timestamp),
    }
}

/// A state.
pub(super) fn state(state: State) -> proto::referral::State {
    match state {
        State::Registered => proto::referral::State::Registered,
        State::Converting => proto::referral::State::Converting,
        State::Qualified => proto::referral::State::Qualified,
        State::Expired => proto::referral::State::Expired,
        State::Rejected => proto::referral::State::Rejected,
        State::Reversed => proto::referral::State::Reversed,
    }
}

/// A channel.
pub(super) fn channel(channel: Channel) -> proto::Channel {
    match channel {
        Channel::BranchForm => proto::Channel::BranchForm,
        Channel::WordOfMouth => proto::Channel::WordOfMouth,
        Channel::CustomerCode => proto::Channel::CustomerCode,
    }
}

fn masked(subject: MaskedSubject) -> proto::Referee {
    let MaskedSubject { display_name, contact_kind, contact } = subject;
    proto::Referee { display_name, contact: Some(reached_by(contact_kind, contact)) }
}

/// A referee in plain text.
pub(super) fn revealed(subject: RevealedSubject) -> proto::Referee {
    let RevealedSubject { display_name, contact } = subject;
    proto::Referee { display_name, contact: Some(reached_by(contact.kind(), contact.canonical().to_owned())) }
}

fn reached_by(kind: ContactKind, contact: String) -> proto::referee::Contact {
    match kind {
        ContactKind::Phone => proto::referee::Contact::Phone(contact),
        ContactKind::Email => proto::referee::Contact::Email(contact),
    }
}

fn consented(consent: Consent) -> proto::Consent {
    let Consent { text_version, given_at, means } = consent;
    let means = match means {
        ConsentMeans::Signed => proto::consent::Means::Signed,
        ConsentMeans::Spoken => proto::consent::Means::Spoken,
        ConsentMeans::Online => proto::consent::Means::Online,
    };
    proto::Consent { text_version, give_time: Some(to_timestamp(given_at)), means: means.into() }
}

fn check(check: CheckResult) -> proto::Check {
    let CheckResult { rule, verdict, detail } = check;
    let rule = match rule {
        Rule::ProgramActive => proto::check::Rule::ProgramActive,
        Rule::ConsentGiven => proto::check::Rule::ConsentGiven,
        Rule::CodeNotExpired => proto::check::Rule::CodeNotExpired,
        Rule::CodeNotExhausted => proto::check::Rule::CodeNotExhausted,
        Rule::NotSelfReferral => proto::check::Rule::NotSelfReferral,
        Rule::ReferrerWithinLimit => proto::check::Rule::ReferrerWithinLimit,
        Rule::NotACustomer => proto::check::Rule::NotACustomer,
        Rule::NotReferredBefore => proto::check::Rule::NotReferredBefore,
    };
    let verdict = match verdict {
        Verdict::Pass => proto::check::Verdict::Pass,
        Verdict::Fail => proto::check::Verdict::Fail,
        Verdict::NotApplicable => proto::check::Verdict::NotApplicable,
    };
    proto::Check { rule: rule.into(), verdict: verdict.into(), detail }
}

fn counted((evidence, requirement): (Evidence, u32)) -> proto::Evidence {
    let Evidence { fact_id, kind: happened, amount, occurred_at, received_at, counted: _ } = evidence;
    proto::Evidence {
        fact_id,
        kind: kind(happened).into(),
        amount: amount.map(to_money),
        occur_time: Some(to_timestamp(occurred_at)),
        receive_time: Some(to_timestamp(received_at)),
        requirement: narrow(requirement),
    }
}

/// An erasure, with a step for each stage that it has reached.
pub(super) fn erasure(view: ErasureView) -> proto::Erasure {
    let ErasureView { erasure, standings } = view;
    let (name, steps) = (erasure.name(), steps(&erasure));
    let Erasure { id: _, referral, purposes, reason, stage, proposer, confirmer, .. } = erasure;
    proto::Erasure {
        name,
        referral: format!("referrals/{referral}"),
        referrals: standings.iter().map(|standing| format!("referrals/{}", standing.referral)).collect(),
        purposes: purposes.into_iter().map(|purpose| self::purpose(purpose).into()).collect(),
        reason: self::reason(reason).into(),
        stage: self::stage(stage).into(),
        proposer,
        confirmer: confirmer.unwrap_or_default(),
        steps,
    }
}

fn steps(erasure: &Erasure) -> Vec<proto::erasure::Step> {
    let step = |service: &str, stage: Stage, at: Option<Timestamp>, receipt: String| {
        let (stage, service) = (self::stage(stage).into(), service.to_owned());
        at.map(|at| proto::erasure::Step { service, stage, time: Some(to_timestamp(at)), receipt })
    };
    let clearance = erasure.clearance.map(|record| format!("records/{record}")).unwrap_or_default();
    let keys = erasure.keys.map(|keys| format!("{keys} keys")).unwrap_or_default();
    let (by, held) = (erasure.confirmer.clone().unwrap_or_default(), erasure.hold.clone());
    let ended = match &held {
        Some(hold) => step("audit", Stage::Held, erasure.ended_at, hold.clone()),
        None => step("referral", Stage::Erased, erasure.ended_at, erasure.name()),
    };
    [
        step("referral", Stage::Proposed, Some(erasure.proposed_at), erasure.proposer.clone()),
        step("referral", Stage::Decided, erasure.decided_at, by),
        step("audit", Stage::Cleared, erasure.cleared_at, clearance),
        step("key store", Stage::Destroyed, erasure.destroyed_at, keys),
        ended,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn purpose(purpose: Purpose) -> proto::Purpose {
    match purpose {
        Purpose::Marketing => proto::Purpose::Marketing,
        Purpose::Contract => proto::Purpose::Contract,
        Purpose::Tax => proto::Purpose::Tax,
    }
}

fn reason(reason: Reason) -> proto::ErasureReason {
    match reason {
        Reason::DataSubjectRequest => proto::ErasureReason::DataSubjectRequest,
        Reason::ConsentWithdrawn => proto::ErasureReason::ConsentWithdrawn,
        Reason::RetentionOver => proto::ErasureReason::RetentionOver,
        Reason::UnlawfulProcessing => proto::ErasureReason::UnlawfulProcessing,
    }
}

fn stage(stage: Stage) -> proto::erasure::Stage {
    match stage {
        Stage::Proposed => proto::erasure::Stage::Proposed,
        Stage::Decided => proto::erasure::Stage::Decided,
        Stage::Cleared => proto::erasure::Stage::Cleared,
        Stage::Destroyed => proto::erasure::Stage::Destroyed,
        Stage::Erased => proto::erasure::Stage::Erased,
        Stage::Held => proto::erasure::Stage::Held,
    }
}
