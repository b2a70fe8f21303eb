//! A hold: what it names is kept from prune and erasure, and from payment where it says so, until two people release it.

use super::refused::Refused;
use handsel_money::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a hold is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every reward of this reward, referral, beneficiary or plan, and every record about it. See [`Scope::payments`].
    Payments(String),
    /// Every record about this, by its resource name.
    Subject(String),
    /// Records by their places in the log.
    Records(Stretch),
    /// Records of this type; with a dot at its end, of every type that begins so.
    Type(String),
}

/// Records that follow each other in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first.
    pub(crate) first: u64,
    /// The one behind the last.
    pub(crate) end: u64,
    /// Only what this source has handed in; none: all.
    pub(crate) source: Option<String>,
}

/// What can be paid, as its names begin.
const PAYABLE: [&str; 5] = ["rewards/", "referrals/", "customers/", "staff/", "plans/"];

impl Scope {
    /// A hold on payments, where there can be payments to what the name names.
    #[must_use]
    pub(crate) fn payments(name: String) -> Option<Self> {
        PAYABLE.iter().any(|collection| name.starts_with(collection)).then_some(Self::Payments(name))
    }

    /// What it is about, for the record of it.
    #[must_use]
    pub(crate) fn described(&self) -> String {
        match self {
            Self::Payments(name) | Self::Subject(name) => name.clone(),
            Self::Records(Stretch { first, end, source: None }) => format!("records/{first}-{end}"),
            Self::Records(Stretch { first, end, source: Some(source) }) => {
                format!("sources/{source}/records/{first}-{end}")
            }
            Self::Type(kind) => format!("types/{kind}"),
        }
    }

    /// The resource that it names, where it names one.
    #[must_use]
    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Self::Payments(name) | Self::Subject(name) => Some(name),
            Self::Records(_) | Self::Type(_) => None,
        }
    }

    /// What statements call the resource that it names, where it names one. An officer who reads the log knows people by their
    /// pseudonyms only, and may name them so.
    #[must_use]
    pub(crate) fn token(&self, pseudonym: impl FnOnce(&str) -> String) -> Option<String> {
        self.subject().map(|name| token(name, pseudonym))
    }

    /// Whether it keeps anything from being paid.
    #[must_use]
    pub(crate) fn stops_payments(&self) -> bool {
        matches!(self, Self::Payments(_))
    }
}

/// A person's step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Who.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// Where a hold stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It holds.
    Active,
    /// It holds, and one person would release it.
    ReleaseProposed(Step),
    /// It holds no more.
    Released {
        /// Who proposed it.
        proposed: Step,
        /// Who confirmed it.
        confirmed: Step,
    },
}

/// What the reward service has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It was never asked: the hold is on records alone.
    Unasked,
    /// Nothing yet: payments may still leave.
    Owed,
    /// No payment leaves for the first time since this instant, or one before it.
    InForce {
        /// When its answer came.
        since: Timestamp,
    },
    /// It refused: nothing of it can be held.
    Refused {
        /// Its reason.
        reason: String,
        /// When its answer came.
        at: Timestamp,
    },
    /// It was in force, and payments may leave again.
    Lifted {
        /// When its answer came.
        at: Timestamp,
    },
}

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Its name.
    pub(crate) id: Uuid,
    /// The case it belongs to.
    pub(crate) case: Option<Uuid>,
    /// What it is on.
    pub(crate) scope: Scope,
    /// Why: a code of the bank's own.
    pub(crate) reason: String,
    /// Who placed it, and when.
    pub(crate) placed: Step,
    /// The record of that.
    pub(crate) index: i64,
    /// Where it stands.
    pub(crate) state: State,
    /// What stands of its payments.
    pub(crate) stop: Stop,
}

impl Hold {
    /// Its resource name.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        format!("holds/{}", self.id)
    }

    /// Changes whenever people change it: its number of steps.
    #[must_use]
    pub(crate) fn etag(&self) -> &'static str {
        match self.state {
            State::Active => "1",
            State::ReleaseProposed(_) => "2",
            State::Released { .. } => "3",
        }
    }

    /// One person proposes to release it, another confirms.
    ///
    /// # Errors
    /// In this order: `EtagMismatch`, `StateConflict` once it is released, `MakerIsChecker` to who proposed it.
    pub(crate) fn release(self, etag: &str, step: Step) -> Result<Self, Refused> {
        if !etag.is_empty() && etag != self.etag() {
            return Err(Refused::EtagMismatch(self.name()));
        }
        let state = match self.state.clone() {
            State::Active => State::ReleaseProposed(step),
            State::ReleaseProposed(proposed) if proposed.by == step.by => {
                return Err(Refused::MakerIsChecker(self.name()));
            }
            State::ReleaseProposed(proposed) => State::Released { proposed, confirmed: step },
            State::Released { .. } => return Err(Refused::StateConflict(self.name(), "is released")),
        };
        Ok(Self { state, ..self })
    }
}

/// Every hold that is not released, as far as it keeps records: what a prune and an erasure ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InForce {
    /// By the names that statements have for what they are about.
    subjects: BTreeMap<String, Uuid>,
    stretches: Vec<(Stretch, Uuid)>,
    types: Vec<(String, Uuid)>,
}

impl InForce {
    /// Adds a hold. `token` is what statements call the resource that it names, where it names one.
    pub(crate) fn add(&mut self, id: Uuid, scope: Scope, token: Option<String>) {
        match scope {
            Scope::Payments(name) | Scope::Subject(name) => {
                self.subjects.insert(token.unwrap_or(name), id);
            }
            Scope::Records(stretch) => self.stretches.push((stretch, id)),
            Scope::Type(kind) => self.types.push((kind, id)),
        }
    }

    /// The hold that keeps a record: the one on its place, on its type, or on something that it is about.
    #[must_use]
    pub(crate) fn on_statement(&self, index: u64, statement: &Value) -> Option<Uuid> {
        let text = |field: &str| statement.get(field).and_then(Value::as_str).unwrap_or_default();
        let (source, kind) = (text("source"), text("type"));
        let placed = self.stretches.iter().find(|(stretch, _)| stretch.has(index, source)).map(|(_, id)| *id);
        let typed = || self.types.iter().find(|(held, _)| is_of_type(held, kind)).map(|(_, id)| *id);
        let subjects = statement.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let about = || subjects.iter().filter_map(Value::as_str).find_map(|subject| self.on_subject(subject));
        placed.or_else(typed).or_else(about)
    }

    /// The hold on something that statements name so: on itself, or on what it belongs to (`customers/c-…/tags/7` to its customer).
    #[must_use]
    pub(crate) fn on_subject(&self, token: &str) -> Option<Uuid> {
        let parents = token.match_indices('/').filter_map(|(slash, _)| token.get(..slash));
        parents.chain([token]).find_map(|name| self.subjects.get(name).copied())
    }
}

impl Stretch {
    fn has(&self, index: u64, source: &str) -> bool {
        (self.first..self.end).contains(&index) && self.source.as_deref().is_none_or(|held| held == source)
    }
}

/// What statements call a resource; what is a pseudonym already stays one.
#[must_use]
pub(crate) fn token(name: &str, pseudonym: impl FnOnce(&str) -> String) -> String {
    if is_token(name) { name.to_owned() } else { pseudonym(name) }
}

/// Whether a name is a pseudonym already.
#[must_use]
pub(crate) fn is_token(name: &str) -> bool {
    const DIGITS: usize = 32;
    let digits = name.strip_prefix("customers/c-").or_else(|| name.strip_prefix("staff/s-"));
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_of_type(held: &str, kind: &str) -> bool {
    if held.ends_with('.') { kind.starts_with(held) } else { kind == held }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(by: &str) -> Step {
        Step { by: by.to_owned(), at: Timestamp::MIN }
    }

    #[test]
    fn two_people_release_a_hold() {
        let placed = Hold {
            id: Uuid::nil(),
            case: None,
            scope: Scope::Type("reward.".to_owned()),
            reason: "COURT_ORDER".to_owned(),
            placed: step("olga"),
            index: 0,
            state: State::Active,
            stop: Stop::Unasked,
        };
        let refused = placed.clone().release("2", step("olga")).unwrap_err();
        assert_eq!(refused, Refused::EtagMismatch(placed.name()));
        // Who placed it may propose to release it; whoever proposed it does not confirm it.
        let proposed = placed.release("1", step("olga")).unwrap();
        assert_eq!(proposed.state, State::ReleaseProposed(step("olga")));
        let refused = proposed.clone().release("", step("olga")).unwrap_err();
        assert_eq!(refused, Refused::MakerIsChecker(proposed.name()));
        let released = proposed.release("2", step("karel")).unwrap();
        assert_eq!(released.state, State::Released { proposed: step("olga"), confirmed: step("karel") });
        let refused = released.clone().release("", step("jana")).unwrap_err();
        assert_eq!(refused, Refused::StateConflict(released.name(), "is released"));
    }

    #[test]
    fn what_a_hold_keeps() {
        let stretch = |first, end, source: Option<&str>| {
            Scope::Records(Stretch { first, end, source: source.map(str::to_owned) })
        };
        let statement = json!({
            "type": "reward.paid", "source": "reward/audit", "subjects": ["rewards/1", "customers/c-1/tags/7"],
        });
        let text = str::to_owned;
        for (kept, scope, token) in [
            (true, stretch(5, 6, None), None),
            (false, stretch(4, 5, None), None),
            (false, stretch(6, 9, None), None),
            (true, stretch(0, 9, Some("reward/audit")), None),
            (false, stretch(0, 9, Some("tier/audit")), None),
            (true, Scope::Type(text("reward.paid")), None),
            (true, Scope::Type(text("reward.")), None),
            (false, Scope::Type(text("reward")), None),
            (true, Scope::Subject(text("rewards/1")), Some(text("rewards/1"))),
            (true, Scope::Payments(text("customers/42")), Some(text("customers/c-1"))),
            (false, Scope::Subject(text("customers/42")), Some(text("customers/c-"))),
            (false, Scope::Subject(text("rewards/12")), None),
        ] {
            let mut holds = InForce::default();
            holds.add(Uuid::max(), scope.clone(), token);
            assert_eq!(holds.on_statement(5, &statement).is_some(), kept, "{scope:?}");
        }
        assert_eq!(InForce::default().on_statement(5, &statement), None);
    }

    #[test]
    fn people_are_named_by_number_or_by_pseudonym() {
        let of_42 = format!("customers/c-{}", "4".repeat(32));
        for (named, expected) in [("customers/42", of_42.as_str()), (&of_42, &of_42), ("customers/c-1", &of_42)] {
            assert_eq!(token(named, |_| of_42.clone()), expected);
        }
        assert_eq!(Scope::Type("reward.".to_owned()).token(str::to_owned), None);
    }

    #[test]
    fn only_what_can_be_paid_is_kept_from_payment() {
        for (payable, name) in [(true, "rewards/1"), (true, "plans/friends"), (true, "staff/7"), (false, "codes/1")] {
            assert_eq!(Scope::payments(name.to_owned()).is_some(), payable, "{name}");
        }
    }
}
