//! Checks in English.

use super::Found;
use crate::domain::{
    approval::Needed,
    gate::{Answer, Verdict},
    grant::NOTHING_EARNED,
    latch::{Cause, Stop},
    outcome::{Attempt, Status},
    terms::GateCheck,
};

pub(super) fn detail(found: &Found) -> String {
    match found {
        Found::Past => "Its way does not lead past this any more.".to_owned(),
        Found::Uncut => "Neither caps nor the budget cut it.".to_owned(),
        Found::Cut(reasons) => format!("It was cut by {}; the rest is owed.", reasons.join(", ")),
        Found::NothingLeft(reason) if reason == NOTHING_EARNED => {
            "The plan pays nothing for this qualifying amount.".to_owned()
        }
        Found::NothingLeft(reason) => format!("There was no room for it ({reason})."),
        Found::NoChoice => "It was offered without a choice.".to_owned(),
        Found::MayChoose(until) => format!("Its beneficiary may choose until {until}."),
        Found::ChoiceOver => "The choice is made, or its time is over.".to_owned(),
        Found::DueAt(at) => format!("It is due at {at}."),
        Found::DueSince(at) => format!("It is due since {at}."),
        Found::NotHeld => "Nobody holds it.".to_owned(),
        Found::Held { name, reason, placed_by, proposed_by } if proposed_by.is_empty() => {
            format!("{placed_by} placed {name} ({reason}); two people release it.")
        }
        Found::Held { name, reason, placed_by, proposed_by } => {
            format!(
                "{placed_by} placed {name} ({reason}); {proposed_by} would release it, a second person has to confirm."
            )
        }
        Found::NobodyAsked => "The plan asks nobody to approve it.".to_owned(),
        Found::Asked { needed, given } => {
            let said = format!("{} of {} have approved", given.len(), needed.approvers);
            let who: Vec<String> = given.iter().map(|one| format!("{} as {}", one.person, one.role.code())).collect();
            let who = if who.is_empty() { String::new() } else { format!(" ({})", who.join(", ")) };
            match missing(needed, given.len()) {
                Some(missing) => format!("{said}{who}; missing: {missing}."),
                None => format!("{said}{who}."),
            }
        }
        Found::Refused { by, reason } => format!("{by} refused it ({reason})."),
        Found::OwnAccount => "Nobody named another account than the beneficiary's own.".to_owned(),
        Found::NamedAccount { reference, by } => format!("It goes to the account {reference}, which {by} named."),
        Found::NothingAsked => "The plan asks the bank nothing.".to_owned(),
        Found::NotAskedYet(check) => format!("The bank was not asked yet about {}.", subject(*check)),
        Found::Said { answer, lapsed } => said(answer, *lapsed),
        Found::Leaving => "Payouts leave.".to_owned(),
        Found::Stopped(stop, causes) => stopped(*stop, causes),
        Found::AskedOnRetry => "Asked again when a person has the payout tried again.".to_owned(),
        Found::NotInstructed => "The next payment run instructs it.".to_owned(),
        Found::NothingToPay => "Nothing was left to pay.".to_owned(),
        Found::Tried(attempt) => tried(attempt),
        Found::NeverExpires => "It never expires.".to_owned(),
        Found::ExpiresAt(at) => format!("It is owed no more if it has not left by {at}."),
        Found::ExpiryHeld(at) => format!("It would have expired at {at}; what is held does not expire."),
        Found::Expired => "It was due for too long without being paid.".to_owned(),
    }
}

pub(super) fn words(found: &Found) -> String {
    match found {
        Found::DueAt(at) => format!("its due time, {at}"),
        Found::MayChoose(until) => format!("its beneficiary's choice between money and rate, until {until}"),
        Found::Held { name, reason, proposed_by, .. } if proposed_by.is_empty() => {
            format!("two people to release {name} ({reason})")
        }
        Found::Held { name, reason, proposed_by, .. } => {
            format!("a second person, besides {proposed_by}, to release {name} ({reason})")
        }
        Found::Asked { needed, given } => {
            let missing = missing(needed, given.len()).unwrap_or_default();
            format!("the approval of {missing} ({} of {} given)", given.len(), needed.approvers)
        }
        Found::NotAskedYet(check) => format!("the bank's word on {}", subject(*check)),
        Found::Said { answer, lapsed: true } => format!("the bank's word on {}, asked again", subject(answer.check)),
        Found::Said { answer, lapsed: false } if answer.verdict == Verdict::Fail => {
            format!("{} to be in order{}", subject(answer.check), code(&answer.reason_code))
        }
        Found::Said { answer, lapsed: false } => {
            format!("the bank's word on {}{}", subject(answer.check), code(&answer.reason_code))
        }
        Found::Stopped(Stop::Latched, _) => "two people to lift the settlement latch".to_owned(),
        Found::Stopped(Stop::LogNotMet | Stop::LogBehind, _) => "the audit log, which payouts wait for".to_owned(),
        Found::NotInstructed => "the next payment run".to_owned(),
        Found::Tried(attempt) => match (attempt.status, attempt.first_sent_at) {
            (Status::Rejected | Status::Returned, _) => "a person to have the payout tried again".to_owned(),
            (Status::Accepted, _) => "core banking to settle the payment".to_owned(),
            (Status::Unknown, Some(_)) => "core banking's answer".to_owned(),
            (Status::Unknown, None) => "core banking to take the instruction".to_owned(),
            (Status::Settled, _) => String::new(),
        },
        Found::Expired => "the next run, which writes down that it has expired".to_owned(),
        other => detail(other),
    }
}

fn missing(needed: &Needed, given: usize) -> Option<String> {
    let missing = needed.approvers.saturating_sub(given);
    let roles: Vec<&str> = needed.roles.iter().map(|role| role.code()).collect();
    (missing > 0).then(|| format!("{missing} in the role {}", roles.join(" or ")))
}

fn subject(check: GateCheck) -> &'static str {
    match check {
        GateCheck::Standing => "the beneficiary's good standing",
        GateCheck::Arrears => "the beneficiary's arrears",
        GateCheck::Sanctions => "sanctions lists",
        GateCheck::AccountStatus => "the account to be credited",
    }
}

fn code(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" ({code})") }
}

fn said(answer: &Answer, lapsed: bool) -> String {
    let (subject, code) = (subject(answer.check), code(&answer.reason_code));
    match answer.verdict {
        Verdict::Pass if lapsed => {
            format!("Asked about {subject}, the bank had nothing against it; that is too long ago.")
        }
        Verdict::Pass => format!("Asked about {subject}, the bank has nothing against it."),
        Verdict::Unknown => format!("Asked about {subject}, the bank's answer is not known{code}."),
        Verdict::Fail => format!("Asked about {subject}, the bank says no{code}."),
    }
}

fn stopped(stop: Stop, causes: &[Cause]) -> String {
    match stop {
        Stop::Latched => {
            let causes: Vec<&str> = causes.iter().map(|cause| cause.code()).collect();
            format!("The settlement latch is down ({}): no payout leaves until two people lift it.", causes.join(", "))
        }
        Stop::LogNotMet => "The audit log was not asked yet what it knows of us: no payout leaves before.".to_owned(),
        Stop::LogBehind => "The audit log is too far behind: no payout leaves until it has caught up.".to_owned(),
    }
}

fn tried(attempt: &Attempt) -> String {
    let (number, amount) = (attempt.number, attempt.amount);
    let sent = match attempt.first_sent_at {
        Some(at) => format!("was handed to core banking at {at}"),
        None => "was not handed to core banking yet".to_owned(),
    };
    let known = match attempt.status {
        Status::Unknown => "its outcome is not known".to_owned(),
        Status::Accepted => "it is accepted and not settled".to_owned(),
        Status::Settled => format!("it is settled under the bank's reference {}", attempt.bank_reference),
        Status::Rejected => format!("core banking refused it{}", code(&attempt.reason_code)),
        Status::Returned => "the money came back".to_owned(),
    };
    format!("Attempt {number} over {amount} {sent}; {known}.")
}
