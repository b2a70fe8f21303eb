//! Where a reward stands: a type for each state, and transitions that consume the old one. Nothing else moves a reward.

use handsel_money::{Money, Timestamp};

super::codes! {
    /// The name of where a reward stands.
    pub enum Standing {
        /// Granted, and not yet due.
        Accrued = "ACCRUED",
        /// Due, and waiting for what its beneficiary has still to say.
        Due = "DUE",
        /// Due, and waiting for people.
        PendingApproval = "PENDING_APPROVAL",
        /// May be paid.
        Approved = "APPROVED",
        /// Handed to the bank; the outcome is not known yet.
        Paying = "PAYING",
        /// The beneficiary has the money.
        Paid = "PAID",
        /// The bank definitely refused to pay it.
        Failed = "FAILED",
        /// The bank had paid it, and the money came back.
        Returned = "RETURNED",
        /// It could not be paid, and two people gave it up.
        WrittenOff = "WRITTEN_OFF",
        /// Nothing is owed: no room in cap or budget, or an approver refused it.
        Rejected = "REJECTED",
        /// What it was granted for fell away before it was paid.
        Cancelled = "CANCELLED",
        /// It was due for too long and nobody could pay it.
        Expired = "EXPIRED",
        /// It was paid, and all of it is taken back.
        Reversed = "REVERSED",
    }
}

super::codes! {
    /// What a reward does to its count, cap and budget.
    pub enum Room {
        /// Its room is taken, and may come back.
        Reserved = "RESERVED",
        /// Its room is spent.
        Used = "USED",
        /// It takes none.
        Free = "FREE",
    }
}

impl Standing {
    /// What a reward that stands here does to count, cap and budget.
    pub fn room(self) -> Room {
        match self {
            Self::Accrued
            | Self::Due
            | Self::PendingApproval
            | Self::Approved
            | Self::Paying
            | Self::Failed
            | Self::Returned => Room::Reserved,
            Self::Paid => Room::Used,
            Self::WrittenOff | Self::Rejected | Self::Cancelled | Self::Expired | Self::Reversed => Room::Free,
        }
    }

    /// Whether nothing but a correction moves it any more.
    pub fn is_final(self) -> bool {
        matches!(self.room(), Room::Used | Room::Free)
    }
}

/// Where a reward stands, with what is known there and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Granted, and not yet due.
    Accrued(Accrued),
    /// Due, and waiting for its beneficiary.
    Due(Due),
    /// Due, and waiting for people.
    PendingApproval(PendingApproval),
    /// May be paid.
    Approved(Approved),
    /// Handed to the bank.
    Paying(Paying),
    /// The beneficiary has the money.
    Paid(Paid),
    /// The bank definitely refused.
    Failed(Failed),
    /// The money came back.
    Returned(Returned),
    /// Given up by two people.
    WrittenOff(WrittenOff),
    /// Nothing is owed.
    Rejected(Rejected),
    /// Its ground fell away before it was paid.
    Cancelled(Cancelled),
    /// Due for too long.
    Expired(Expired),
    /// Paid, and all of it taken back.
    Reversed(Reversed),
}

/// Granted, and not yet due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accrued;

/// Due, and waiting for its beneficiary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due;

/// Due, and waiting for people: for the first time, or again since its payee changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// Number of the newest attempt, which is over; 0: none yet.
    pub attempts: i64,
}

/// May be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved(pub Course);

/// Handed to the bank under the newest attempt of its course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paying(pub Course);

/// The beneficiary has the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// How it came to be paid.
    pub course: Course,
    /// When the money arrived, as the bank says it.
    pub settled_at: Timestamp,
    /// The part that is taken back, where one is.
    pub taken_back: Option<TakenBack>,
}

/// The bank definitely refused the newest attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub Course);

/// The money of the newest attempt came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned(pub Course);

/// Given up by two people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenOff(pub Course);

/// Nothing is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Who refused it; empty: no room in cap or budget.
    pub by: String,
    /// Number of the newest attempt, which is over; 0: none.
    pub attempts: i64,
}

/// Its ground fell away before it was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled(pub Course);

/// Due for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired(pub Course);

/// Paid, and all of it taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// How it came to be paid.
    pub course: Course,
    /// When the money had arrived.
    pub settled_at: Timestamp,
    /// All of it.
    pub taken_back: TakenBack,
}

/// How a reward came to be paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Who approved it last; empty where the plan asks for nobody.
    pub approver: String,
    /// Number of the newest attempt; 0: none yet.
    pub attempts: i64,
}

/// What is taken back of a paid reward, in its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Of the reward, above 0.
    pub reward: Money,
    /// The share of its tax.
    pub tax: Money,
}

impl Accrued {
    pub(super) fn fall_due(self) -> Due {
        Due
    }
}

impl Due {
    pub(super) fn wait_for_people(self) -> PendingApproval {
        PendingApproval { attempts: 0 }
    }
    pub(super) fn need_nobody(self) -> Approved {
        Approved(Course::default())
    }
}

impl PendingApproval {
    pub(super) fn approve(self, approver: &str) -> Approved {
        Approved(Course { approver: approver.to_owned(), attempts: self.attempts })
    }
    pub(super) fn reject(self, by: &str) -> Rejected {
        Rejected { by: by.to_owned(), attempts: self.attempts }
    }
    fn course(self) -> Course {
        Course { approver: String::new(), attempts: self.attempts }
    }
}

impl Approved {
    pub(super) fn instruct(self) -> Paying {
        Paying(Course { attempts: self.0.attempts.saturating_add(1), ..self.0 })
    }
    pub(super) fn owe_nothing(self, at: Timestamp) -> Paid {
        self.0.paid(at)
    }
    pub(super) fn wait_for_people_again(self) -> PendingApproval {
        PendingApproval { attempts: self.0.attempts }
    }
}

impl Paying {
    pub(super) fn settle(self, at: Timestamp) -> Paid {
        self.0.paid(at)
    }
    pub(super) fn refuse(self) -> Failed {
        Failed(self.0)
    }
    pub(super) fn come_back(self) -> Returned {
        Returned(self.0)
    }
}

impl Failed {
    pub(super) fn retry(self) -> Approved {
        Approved(self.0)
    }
    pub(super) fn wait_for_people_again(self) -> PendingApproval {
        PendingApproval { attempts: self.0.attempts }
    }
}

impl Returned {
    pub(super) fn retry(self) -> Approved {
        Approved(self.0)
    }
    pub(super) fn wait_for_people_again(self) -> PendingApproval {
        PendingApproval { attempts: self.0.attempts }
    }
}

impl WrittenOff {
    /// An attempt of it has paid after all.
    pub(super) fn settle_late(self, at: Timestamp) -> Paid {
        self.0.paid(at)
    }
}

impl Cancelled {
    /// An attempt of it has paid after all: all of that is taken back.
    pub(super) fn settle_late(self, settled_at: Timestamp, taken_back: TakenBack) -> Reversed {
        Reversed { course: self.0, settled_at, taken_back }
    }
}

impl Paid {
    pub(super) fn come_back(self) -> Returned {
        Returned(self.course)
    }
    pub(super) fn take_back_part(self, part: TakenBack) -> Self {
        Self { taken_back: Some(part), ..self }
    }
    pub(super) fn take_back_all(self, all: TakenBack) -> Reversed {
        Reversed { course: self.course, settled_at: self.settled_at, taken_back: all }
    }
}

impl Course {
    fn paid(self, settled_at: Timestamp) -> Paid {
        Paid { course: self, settled_at, taken_back: None }
    }
}

/// What has not left for the bank, or has definitely not arrived: it may still be called off, or turn out to have been paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaid(Course);

impl Unpaid {
    /// The course of a reward of which no payment is under way; none where one is, or it is over.
    pub(super) fn of(state: State) -> Option<Self> {
        match state {
            State::Accrued(Accrued) | State::Due(Due) => Some(Self(Course::default())),
            State::PendingApproval(pending) => Some(Self(pending.course())),
            State::Approved(Approved(course)) | State::Failed(Failed(course)) | State::Returned(Returned(course)) => {
                Some(Self(course))
            }
            State::Paying(_)
            | State::Paid(_)
            | State::WrittenOff(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Expired(_)
            | State::Reversed(_) => None,
        }
    }
    pub(super) fn attempts(&self) -> i64 {
        self.0.attempts
    }
    pub(super) fn cancel(self) -> Cancelled {
        Cancelled(self.0)
    }
    pub(super) fn expire(self) -> Expired {
        Expired(self.0)
    }
    pub(super) fn write_off(self) -> WrittenOff {
        WrittenOff(self.0)
    }
    /// An attempt that was given up has paid after all.
    pub(super) fn settle_late(self, at: Timestamp) -> Paid {
        self.0.paid(at)
    }
}

/// A state as its columns hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Its name.
    pub standing: Standing,
    /// Who approved or rejected it; empty: nobody.
    pub approver: String,
    /// Number of the newest attempt; 0: none.
    pub attempts: i64,
    /// When the money arrived.
    pub settled_at: Option<Timestamp>,
    /// What is taken back.
    pub taken_back: Option<TakenBack>,
}

impl State {
    /// The name of where it stands.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Accrued(_) => Standing::Accrued,
            Self::Due(_) => Standing::Due,
            Self::PendingApproval(_) => Standing::PendingApproval,
            Self::Approved(_) => Standing::Approved,
            Self::Paying(_) => Standing::Paying,
            Self::Paid(_) => Standing::Paid,
            Self::Failed(_) => Standing::Failed,
            Self::Returned(_) => Standing::Returned,
            Self::WrittenOff(_) => Standing::WrittenOff,
            Self::Rejected(_) => Standing::Rejected,
            Self::Cancelled(_) => Standing::Cancelled,
            Self::Expired(_) => Standing::Expired,
            Self::Reversed(_) => Standing::Reversed,
        }
    }

    /// Who approved or rejected it; empty: nobody.
    pub fn approver(&self) -> &str {
        match self {
            Self::Rejected(rejected) => &rejected.by,
            other => other.course().map(|course| course.approver.as_str()).unwrap_or_default(),
        }
    }

    /// Number of the newest attempt; 0: none.
    pub fn attempts(&self) -> i64 {
        match self {
            Self::PendingApproval(pending) => pending.attempts,
            Self::Rejected(rejected) => rejected.attempts,
            other => other.course().map(|course| course.attempts).unwrap_or_default(),
        }
    }

    /// When the money arrived; none: it has not, or it came back.
    pub fn settled_at(&self) -> Option<Timestamp> {
        match self {
            Self::Paid(paid) => Some(paid.settled_at),
            Self::Reversed(reversed) => Some(reversed.settled_at),
            _ => None,
        }
    }

    /// What is taken back; none: nothing.
    pub fn taken_back(&self) -> Option<TakenBack> {
        match self {
            Self::Paid(paid) => paid.taken_back,
            Self::Reversed(reversed) => Some(reversed.taken_back),
            _ => None,
        }
    }

    fn course(&self) -> Option<&Course> {
        match self {
            Self::Accrued(_) | Self::Due(_) | Self::PendingApproval(_) | Self::Rejected(_) => None,
            Self::Approved(Approved(course))
            | Self::Paying(Paying(course))
            | Self::Failed(Failed(course))
            | Self::Returned(Returned(course))
            | Self::WrittenOff(WrittenOff(course))
            | Self::Cancelled(Cancelled(course))
            | Self::Expired(Expired(course))
            | Self::Paid(Paid { course, .. })
            | Self::Reversed(Reversed { course, .. }) => Some(course),
        }
    }

    /// The state that these columns describe; none where they describe none.
    pub fn restore(columns: Columns) -> Option<Self> {
        let Columns { standing, approver, attempts, settled_at, taken_back } = columns;
        let course = |approver| Course { approver, attempts };
        Some(match standing {
            Standing::Accrued => Self::Accrued(Accrued),
            Standing::Due => Self::Due(Due),
            Standing::PendingApproval => Self::PendingApproval(PendingApproval { attempts }),
            Standing::Approved => Self::Approved(Approved(course(approver))),
            Standing::Paying => Self::Paying(Paying(course(approver))),
            Standing::Paid => Self::Paid(Paid { course: course(approver), settled_at: settled_at?, taken_back }),
            Standing::Failed => Self::Failed(Failed(course(approver))),
            Standing::Returned => Self::Returned(Returned(course(approver))),
            Standing::WrittenOff => Self::WrittenOff(WrittenOff(course(approver))),
            Standing::Rejected => Self::Rejected(Rejected { by: approver, attempts }),
            Standing::Cancelled => Self::Cancelled(Cancelled(course(approver))),
            Standing::Expired => Self::Expired(Expired(course(approver))),
            Standing::Reversed => {
                let (settled_at, taken_back) = (settled_at?, taken_back?);
                Self::Reversed(Reversed { course: course(approver), settled_at, taken_back })
            }
        })
    }
}
