//! Where a reward stands: a type for each state, and transitions that consume the old one. Nothing else moves a reward.

super::codes! {
    /// The name of where a reward stands.
    pub enum Standing {
        /// Granted, and not yet due.
        Accrued = "ACCRUED",
        /// Due, and waiting for a person.
        PendingApproval = "PENDING_APPROVAL",
        /// May be paid.
        Approved = "APPROVED",
        /// Handed to the bank; the outcome is not known yet.
        Paying = "PAYING",
        /// The beneficiary has the money.
        Paid = "PAID",
        /// The bank definitely refused to pay it.
        Failed = "FAILED",
        /// Nothing is owed.
        Rejected = "REJECTED",
    }
}

super::codes! {
    /// What a reward does to its count, cap and budget.
    pub enum Hold {
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
    pub fn hold(self) -> Hold {
        match self {
            Self::Accrued | Self::PendingApproval | Self::Approved | Self::Paying | Self::Failed => Hold::Reserved,
            Self::Paid => Hold::Used,
            Self::Rejected => Hold::Free,
        }
    }
}

/// Where a reward stands, with what is known there and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Granted, and not yet due.
    Accrued(Accrued),
    /// Due, and waiting for a person.
    PendingApproval(PendingApproval),
    /// May be paid.
    Approved(Approved),
    /// Handed to the bank.
    Paying(Paying),
    /// The beneficiary has the money.
    Paid(Paid),
    /// The bank definitely refused.
    Failed(Failed),
    /// Nothing is owed.
    Rejected(Rejected),
}

/// Granted, and not yet due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accrued;

/// Due, and waiting for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval;

/// May be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved(pub Course);

/// Handed to the bank under the newest attempt of its course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paying(pub Course);

/// The beneficiary has the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid(pub Course);

/// The bank definitely refused the newest attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub Course);

/// Nothing is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Who refused it; empty: no room in cap or budget.
    pub by: String,
}

/// How a reward came to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Who approved it; empty where the plan asks for nobody.
    pub approver: String,
    /// Number of the newest attempt; 0: none yet.
    pub attempts: i64,
}

impl Accrued {
    pub(super) fn wait_for_a_person(self) -> PendingApproval {
        PendingApproval
    }
    pub(super) fn need_nobody(self) -> Approved {
        Approved(Course { approver: String::new(), attempts: 0 })
    }
}

impl PendingApproval {
    pub(super) fn approve(self, approver: &str) -> Approved {
        Approved(Course { approver: approver.to_owned(), attempts: 0 })
    }
    pub(super) fn reject(self, by: &str) -> Rejected {
        Rejected { by: by.to_owned() }
    }
}

impl Approved {
    pub(super) fn instruct(self) -> Paying {
        Paying(Course { attempts: self.0.attempts.saturating_add(1), ..self.0 })
    }
    pub(super) fn owe_nothing(self) -> Paid {
        Paid(self.0)
    }
    pub(super) fn settle_late(self) -> Paid {
        Paid(self.0)
    }
}

impl Paying {
    pub(super) fn settle(self) -> Paid {
        Paid(self.0)
    }
    pub(super) fn refuse(self) -> Failed {
        Failed(self.0)
    }
}

impl Failed {
    pub(super) fn retry(self) -> Approved {
        Approved(self.0)
    }
    pub(super) fn settle_late(self) -> Paid {
        Paid(self.0)
    }
}

impl State {
    /// The name of where it stands.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Accrued(_) => Standing::Accrued,
            Self::PendingApproval(_) => Standing::PendingApproval,
            Self::Approved(_) => Standing::Approved,
            Self::Paying(_) => Standing::Paying,
            Self::Paid(_) => Standing::Paid,
            Self::Failed(_) => Standing::Failed,
            Self::Rejected(_) => Standing::Rejected,
        }
    }

    /// Who approved or rejected it; empty: nobody.
    pub fn approver(&self) -> &str {
        match self {
            Self::Accrued(_) | Self::PendingApproval(_) => "",
            Self::Approved(Approved(course))
            | Self::Paying(Paying(course))
            | Self::Paid(Paid(course))
            | Self::Failed(Failed(course)) => &course.approver,
            Self::Rejected(rejected) => &rejected.by,
        }
    }

    /// Number of the newest attempt; 0: none.
    pub fn attempts(&self) -> i64 {
        match self {
            Self::Accrued(_) | Self::PendingApproval(_) | Self::Rejected(_) => 0,
            Self::Approved(Approved(course))
            | Self::Paying(Paying(course))
            | Self::Paid(Paid(course))
            | Self::Failed(Failed(course)) => course.attempts,
        }
    }

    /// The state that these columns describe.
    pub fn restore(standing: Standing, approver: String, attempts: i64) -> Self {
        let course = |approver| Course { approver, attempts };
        match standing {
            Standing::Accrued => Self::Accrued(Accrued),
            Standing::PendingApproval => Self::PendingApproval(PendingApproval),
            Standing::Approved => Self::Approved(Approved(course(approver))),
            Standing::Paying => Self::Paying(Paying(course(approver))),
            Standing::Paid => Self::Paid(Paid(course(approver))),
            Standing::Failed => Self::Failed(Failed(course(approver))),
            Standing::Rejected => Self::Rejected(Rejected { by: approver }),
        }
    }
}
