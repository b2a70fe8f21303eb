//! A reward in plain words, for a teller to read aloud: who, for what, how it was computed, where it is now and until when.

mod chinese;

use super::{
    calculation::explanation::{self, Language, Subject},
    grant::NOTHING_EARNED,
    outcome::{Attempt, Status},
    record::Record,
    reward::{Reward, Role},
    reward_choice::{self, RewardChoice},
    state::Standing,
};

/// The whole story, a sentence or two each.
pub fn tell(reward: &Reward, newest: Option<&Attempt>, record: &Record<'_>, language: Language) -> Vec<String> {
    let (first, last) = match language {
        Language::English => (who(reward, record), now(reward, newest, record)),
        Language::Chinese => (chinese::who(reward, record), chinese::now(reward, newest, record)),
    };
    let mut sentences = vec![first];
    sentences.extend(explanation::explain(Subject::Reward, &record.steps, language));
    sentences.push(last);
    sentences
}

fn who(reward: &Reward, record: &Record<'_>) -> String {
    let entitlement = &reward.entitlement;
    let did = match entitlement.role {
        Role::Referrer => "introduced a new customer",
        Role::Referee => "was introduced as a new customer",
        Role::Staff => "looked after a new customer",
        Role::Team => "had a part in winning a new customer",
    };
    let who = match entitlement.beneficiary.split_once('/') {
        Some(("staff", number)) => format!("Staff member {number}"),
        Some((_, number)) => format!("Customer {number}"),
        None => entitlement.beneficiary.clone(),
    };
    format!("{who} {did} in referral {}, which qualified on {}.", entitlement.referral, record.days.qualified_on)
}

/// Where it is now, and until when where that is known.
fn now(reward: &Reward, newest: Option<&Attempt>, record: &Record<'_>) -> String {
    let net = reward.entitlement.amounts.net;
    match reward.state.standing() {
        Standing::Accrued => {
            format!("It is held back until {} ({}), and goes into payment then.", record.days.due_on, record.days.zone)
        }
        Standing::Due => "It is due, and waits for what its beneficiary has still to say.".to_owned(),
        Standing::PendingApproval => "It is due, and waits for people of the bank to approve it.".to_owned(),
        Standing::Approved => "It is approved, and goes to core banking with the next payment run.".to_owned(),
        Standing::Paying => match newest {
            Some(attempt) if attempt.status == Status::Accepted => {
                format!("Core banking has accepted the payment of {net} and has not settled it yet.")
            }
            Some(attempt) if attempt.first_sent_at.is_some() => {
                format!("The payment of {net} has been handed to core banking, whose answer is awaited.")
            }
            _ => format!("The payment of {net} waits to be handed to core banking."),
        },
        Standing::Paid => match newest {
            Some(attempt) => format!("{net} has been paid, under the bank's reference {}.", attempt.bank_reference),
            None => "After tax nothing is left to pay, so it is done.".to_owned(),
        },
        Standing::Failed => {
            let code = newest.map(|attempt| attempt.reason_code.as_str()).filter(|code| !code.is_empty());
            let code = code.map(|code| format!(" (reason {code})")).unwrap_or_default();
            format!("Core banking refused the payment{code}. A person of the bank decides whether to try again.")
        }
        Standing::Returned => {
            format!("The payment of {net} came back. People of the bank decide whether to try again.")
        }
        Standing::WrittenOff => "It could not be paid, and two people of the bank have given it up.".to_owned(),
        Standing::Rejected => rejected(reward),
        Standing::Cancelled => "What it was granted for fell away before it was paid: nothing is owed.".to_owned(),
        Standing::Expired => "It was due for too long without being paid: nothing is owed any more.".to_owned(),
        Standing::Reversed => "It was paid, and all of it is taken back.".to_owned(),
    }
}

fn rejected(reward: &Reward) -> String {
    if !reward.state.approver().is_empty() {
        let reason = reward.reasons.last().map(String::as_str).unwrap_or_default();
        return format!("It was refused at approval (reason {reason}): nothing is owed.");
    }
    match reward.reasons.last().map(String::as_str) {
        Some(NOTHING_EARNED) | None => "The plan pays nothing for this qualifying amount.".to_owned(),
        Some(_) => "There was no room for it, so nothing is owed.".to_owned(),
    }
}

/// That it waits for its beneficiary to choose, and until when; none where nothing is left to choose.
pub fn to_be_chosen(reward: &Reward, choice: &RewardChoice) -> Option<String> {
    let open = choice.state == reward_choice::State::Open && reward.state.standing() == Standing::Accrued;
    open.then(|| format!("its beneficiary's choice between money and rate, until {}", choice.until))
}

/// What it waits for, in words; empty when nothing.
pub fn waiting_for(reward: &Reward, newest: Option<&Attempt>) -> String {
    let awaited = match reward.state.standing() {
        Standing::Accrued => return format!("its due time, {}", reward.entitlement.due_at),
        Standing::Due => "what its beneficiary has to say",
        Standing::PendingApproval => "the approval of a second person",
        Standing::Approved => "the next payment run",
        Standing::Paying => match newest {
            Some(attempt) if attempt.status == Status::Accepted => "core banking to settle the payment",
            Some(attempt) if attempt.first_sent_at.is_some() => "core banking's answer",
            _ => "core banking to take the instruction",
        },
        Standing::Failed | Standing::Returned => "a person to have the payout tried again",
        Standing::Paid
        | Standing::WrittenOff
        | Standing::Rejected
        | Standing::Cancelled
        | Standing::Expired
        | Standing::Reversed => "",
    };
    awaited.to_owned()
}
