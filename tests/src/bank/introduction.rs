//! One introduction: who, where, what becomes of it, and what it must pay. All of it follows from its number.

use handsel_proto::handsel::reward::v1::BeneficiaryRole;

/// The bank's customers who introduce others.
pub const REFERRERS: u32 = 12;
/// Its branches.
const BRANCHES: u32 = 6;

/// An introduction, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Introduction(pub u32);

/// What becomes of an introduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// An account is opened, and enough is deposited.
    Succeeds,
    /// An account is opened, and nothing deposited.
    NeverDeposits,
    /// An account is opened, and too little deposited.
    DepositsTooLittle,
    /// He was introduced before: the first introduction wins.
    ComesTwice,
}

/// What one beneficiary must be paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// As what.
    pub role: BeneficiaryRole,
    /// `customers/{customer}`.
    pub beneficiary: String,
    /// How much, in hellers.
    pub minor: i64,
}

impl Introduction {
    /// What becomes of it.
    #[must_use]
    pub fn fate(self) -> Fate {
        match self.0 % 15 {
            3 => Fate::NeverDeposits,
            8 => Fate::DepositsTooLittle,
            14 => Fate::ComesTwice,
            _ => Fate::Succeeds,
        }
    }

    /// Where it is registered.
    #[must_use]
    pub fn branch(self) -> String {
        format!("{:04}", 101 + self.0 % BRANCHES)
    }

    /// Who introduces, by his number.
    #[must_use]
    pub fn referrer(self) -> u32 {
        self.0 % REFERRERS
    }

    /// Who introduces: `customers/{customer}`.
    #[must_use]
    pub fn referrer_name(self) -> String {
        referrer_name(self.referrer())
    }

    /// Who is introduced, as the bank's customer: `customers/{customer}`.
    #[must_use]
    pub fn referee_name(self) -> String {
        format!("customers/F-{}", self.0)
    }

    /// How he can be reached. Who comes twice was introduced ten introductions earlier.
    #[must_use]
    pub fn email(self) -> String {
        let who = if self.fate() == Fate::ComesTwice { self.0 - 10 } else { self.0 };
        format!("friend-{who}@example.org")
    }

    /// His first deposit, in hellers, if he makes one.
    #[must_use]
    pub fn deposit(self) -> Option<i64> {
        match self.fate() {
            Fate::Succeeds => Some(100_000 + 3_700 * i64::from(self.0)),
            Fate::DepositsTooLittle => Some(99_999),
            Fate::NeverDeposits | Fate::ComesTwice => None,
        }
    }

    /// What it must pay: 200 crowns to who introduces, half as much again if he is a core customer, and 10 % of the first
    /// deposit to who is introduced.
    #[must_use]
    pub fn due(self) -> Vec<Due> {
        let (Fate::Succeeds, Some(deposit)) = (self.fate(), self.deposit()) else { return Vec::new() };
        let referrer = if is_core(self.referrer()) { 30_000 } else { 20_000 };
        vec![
            Due { role: BeneficiaryRole::Referrer, beneficiary: self.referrer_name(), minor: referrer },
            Due { role: BeneficiaryRole::Referee, beneficiary: self.referee_name(), minor: deposit / 10 },
        ]
    }
}

/// A referrer as the bank's customer.
pub(super) fn referrer_name(number: u32) -> String {
    format!("customers/R-{number}")
}

/// Whether a referrer does so much with the bank that he is a core customer.
pub(super) fn is_core(number: u32) -> bool {
    number.is_multiple_of(3)
}
