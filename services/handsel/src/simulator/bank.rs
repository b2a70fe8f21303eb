//! What the simulated core bank does with an instruction: a pure function of what it knows of it and what goes wrong.

use super::faults::{Fault, Faults};
use handsel_money::{Money, Timestamp};

/// A payment order as the bank keeps it, by its end-to-end id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) end_to_end_id: String,
    pub(crate) reward: String,
    pub(crate) payee: String,
    pub(crate) amount: Money,
    /// How often it was asked for.
    pub(crate) asked: i64,
    pub(crate) standing: Standing,
    /// When it came to stand so.
    pub(crate) stands_since: Timestamp,
}

/// Where a payment order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Received; nothing was said yet.
    Received,
    /// Will be tried.
    Accepted,
    /// Paid: the money has moved, once.
    Paid,
    /// Will never be paid.
    Refused,
}

/// What the bank says when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing: the answer is lost, or there is none yet.
    Silence,
    /// How the order stands.
    Standing,
    /// The same, twice over.
    StandingTwice,
}

/// An order that comes for the first time, or again. Asked again for what is final, the bank answers for what it did then.
pub(crate) fn asked(mut order: Order, faults: Faults, now: Timestamp) -> (Order, Answer) {
    let strikes = |fault| faults.strike(fault, &order.end_to_end_id);
    let first = order.asked == 0;
    let (late, delayed) = (strikes(Fault::LateAcceptance), strikes(Fault::Delay));
    let (lost, twice) = (strikes(Fault::LostAnswer), strikes(Fault::Duplicate));
    let next = match order.standing {
        Standing::Received if first && late => Standing::Received,
        Standing::Received if late || (first && delayed) => Standing::Accepted,
        Standing::Received | Standing::Accepted if strikes(Fault::Reject) => Standing::Refused,
        Standing::Received | Standing::Accepted => Standing::Paid,
        fixed @ (Standing::Paid | Standing::Refused) => fixed,
    };
    if next != order.standing {
        order.stands_since = now;
    }
    order.standing = next;
    order.asked = order.asked.saturating_add(1);
    let answer = match next {
        Standing::Received => Answer::Silence,
        Standing::Paid if first && lost => Answer::Silence,
        _ if twice => Answer::StandingTwice,
        _ => Answer::Standing,
    };
    (order, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said each time the same order is asked for, and how it stands after.
    fn told(faults: Faults) -> Vec<(Standing, Answer)> {
        let at = Timestamp::from_micros(0);
        let mut order = Order {
            end_to_end_id: "E1".to_owned(),
            reward: "rewards/1".to_owned(),
            payee: "customers/1".to_owned(),
            amount: Money::new("CZK".parse().unwrap(), 100),
            asked: 0,
            standing: Standing::Received,
            stands_since: at,
        };
        (0..3)
            .map(|_| {
                let answer;
                (order, answer) = asked(order.clone(), faults, at);
                (order.standing, answer)
            })
            .collect()
    }

    #[test]
    fn each_fault_tells_its_story() {
        use Answer::{Silence, Standing as Says, StandingTwice};
        use Standing::{Accepted, Paid, Received, Refused};
        let none = Faults::default();
        assert_eq!(told(none), [(Paid, Says), (Paid, Says), (Paid, Says)]);
        assert_eq!(told(Faults { delay: 100, ..none }), [(Accepted, Says), (Paid, Says), (Paid, Says)]);
        assert_eq!(told(Faults { lost_answer: 100, ..none }), [(Paid, Silence), (Paid, Says), (Paid, Says)]);
        assert_eq!(
            told(Faults { late_acceptance: 100, ..none }),
            [(Received, Silence), (Accepted, Says), (Paid, Says)]
        );
        assert_eq!(told(Faults { reject: 100, ..none }), [(Refused, Says), (Refused, Says), (Refused, Says)]);
        assert_eq!(told(Faults { duplicate: 100, ..none })[0], (Paid, StandingTwice));
        assert_eq!(told(Faults { delay: 100, reject: 100, ..none })[..2], [(Accepted, Says), (Refused, Says)]);
    }
}
