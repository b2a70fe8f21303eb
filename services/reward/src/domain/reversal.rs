//! What it means for a reward that the fact it rests on fell away: by the plan's terms, and by where the reward stands.

use super::{
    calculation::{
        error::CalculationError,
        reversal::{self, Clawback, Given, Settled},
        rule::Quantity,
        trace::Step,
    },
    refusal::{Fault, Refusal},
    reward::{Kind, Reward},
    state::{State, TakenBack, Unpaid},
};
use handsel_money::{Class, Money, Rounding, Timestamp, Zone};
use uuid::Uuid;

super::codes! {
    /// What a reversal means for its reward.
    pub enum Effect {
        /// A payment is under way: its outcome decides.
        Waiting = "WAITING",
        /// The plan takes nothing back, or too late, or nothing is left to take.
        Nothing = "NOTHING",
        /// It was not paid, and is owed no more.
        Cancelled = "CANCELLED",
        /// It was paid, and a part of it or all is taken back.
        TakenBack = "TAKEN_BACK",
    }
}

/// What fell away, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Why: a code, e.g. `ACCOUNT_CLOSED`.
    pub reason: String,
    /// When that happened.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
}

/// One reversal of one reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Its id.
    pub id: Uuid,
    /// The reward.
    pub reward: Uuid,
    /// What fell away.
    pub trigger: Trigger,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// What it means.
    pub decision: Decision,
}

/// What a reversal means, with what is known then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A payment is under way.
    Wait,
    /// Nothing is taken back.
    Nothing(Vec<Step>),
    /// It is owed no more.
    Cancel(Vec<Step>),
    /// So much is taken back.
    TakeBack(TakenBack, Vec<Step>),
}

impl Decision {
    /// Its name.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Wait => Effect::Waiting,
            Self::Nothing(_) => Effect::Nothing,
            Self::Cancel(_) => Effect::Cancelled,
            Self::TakeBack(..) => Effect::TakenBack,
        }
    }

    /// What it takes back of a paid reward.
    pub fn taken_back(&self) -> Option<TakenBack> {
        match self {
            Self::TakeBack(part, _) => Some(*part),
            Self::Wait | Self::Nothing(_) | Self::Cancel(_) => None,
        }
    }

    /// Every input and step of its calculation; none while it waits.
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Wait => &[],
            Self::Nothing(steps) | Self::Cancel(steps) | Self::TakeBack(_, steps) => steps,
        }
    }
}

/// What a plan says of reversals, and how it counts.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// What it takes back.
    pub clawback: Clawback,
    /// Days are counted in it.
    pub zone: &'a Zone,
    /// For what is taken back.
    pub rounding: Rounding,
}

/// What this trigger means for the reward as it stands. Before settlement no day has passed, so the whole is taken or nothing.
///
/// # Errors
/// [`Refusal::StateConflict`] where it is over without having been paid, or something of it is taken back already;
/// [`Refusal::OutOfRange`].
pub fn decide(reward: &Reward, rule: Rule<'_>, triggered_at: Timestamp) -> Result<Decision, Refusal> {
    match &reward.state {
        State::Paying(_) => Ok(Decision::Wait),
        State::Paid(paid) if paid.taken_back.is_none() => {
            let (part, steps) = computed(reward, rule, paid.settled_at, triggered_at)?;
            Ok(if part.reward.is_positive() { Decision::TakeBack(part, steps) } else { Decision::Nothing(steps) })
        }
        unpaid if Unpaid::of(unpaid.clone()).is_some() => {
            let (part, steps) = computed(reward, rule, triggered_at, triggered_at)?;
            Ok(if part.reward.is_positive() { Decision::Cancel(steps) } else { Decision::Nothing(steps) })
        }
        over => {
            let state = over.standing().code();
            Err(Refusal::StateConflict { name: reward.name(), state, act: "be reversed" })
        }
    }
}

fn computed(
    reward: &Reward,
    rule: Rule<'_>,
    settled_at: Timestamp,
    triggered_at: Timestamp,
) -> Result<(TakenBack, Vec<Step>), Refusal> {
    let amounts = &reward.entitlement.amounts;
    let settled = Settled { given: given(reward), reward: amounts.reward, tax: amounts.tax, at: settled_at };
    let reversal = reversal::decide(rule.clawback, &settled, triggered_at, rule.zone, rule.rounding)
        .map_err(|error| refused(&error))?;
    Ok((TakenBack { reward: reversal.reversed, tax: reversal.tax_reversed }, reversal.steps))
}

fn given(reward: &Reward) -> Given {
    let of = &reward.entitlement;
    let value = of.amounts.reward;
    match of.kind {
        Kind::Cash | Kind::Rate => Given::Cash,
        Kind::Item => Given::Item,
        // What points are worth together is their number times what one is worth.
        Kind::Points => match value.minor().checked_div(of.quantity) {
            Some(one) => Given::Points {
                quantity: Quantity::new(of.quantity),
                value_per_unit: Money::new(value.currency(), one),
            },
            None => Given::Item,
        },
    }
}

fn refused(error: &CalculationError) -> Refusal {
    match error.class() {
        Class::OutOfRange => Refusal::OutOfRange("the reversal"),
        Class::InvalidArgument | Class::FailedPrecondition => {
            Refusal::FieldInvalid(vec![Fault::new("trigger_time", error.to_string())])
        }
    }
}
