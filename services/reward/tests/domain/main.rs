//! The decisions of the reward service as tables of situations.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod approval;
mod checks;
mod clearing;
mod difference;
mod latch;
mod ledger;
mod lifecycle;
mod outcome;
mod payment_file;
mod plans;
mod rates;
mod reconciliation;
mod resolution;
mod reward;
mod stacking;
mod taxes;
mod withdrawal;

use handsel_money::{Money, Timestamp};
use handsel_reward::domain::{
    reward::{Amounts, Entitlement, Kind, Reward, Role},
    state::{Columns, Standing, State, TakenBack},
};
use uuid::Uuid;

/// The instant at which everything happens.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_767_603_600_000_000);

pub(crate) fn cny(text: &str) -> Money {
    Money::parse_major("CNY".parse().unwrap(), text).unwrap()
}

/// A reward of 100.00 CNY, 20.00 of it tax, that stands there after so many attempts.
pub(crate) fn reward(standing: Standing, attempts: i64) -> Reward {
    let amounts = Amounts {
        gross: cny("100.00"),
        reward: cny("100.00"),
        tax: cny("20.00"),
        net: cny("80.00"),
        cost: cny("100.00"),
    };
    Reward {
        entitlement: Entitlement {
            id: Uuid::from_u128(1),
            referral: Uuid::from_u128(2),
            plan: "spring".into(),
            plan_version: 1,
            role: Role::Referrer,
            stage: String::new(),
            milestone: String::new(),
            milestone_count: 0,
            beneficiary: "customers/10".into(),
            branch: "0101".into(),
            tier: "CORE".into(),
            kind: Kind::Cash,
            quantity: 0,
            item: String::new(),
            amounts,
            window: "2026-01".into(),
            season: String::new(),
            choice: None,
            qualified_at: NOW,
            due_at: NOW,
            created_at: NOW,
        },
        state: State::restore(Columns {
            standing,
            approver: String::new(),
            attempts,
            settled_at: Some(NOW),
            taken_back: (standing == Standing::Reversed)
                .then(|| TakenBack { reward: cny("100.00"), tax: cny("20.00") }),
        })
        .unwrap(),
        netted: cny("0.00"),
        reasons: Vec::new(),
        revision: 7,
        updated_at: NOW,
    }
}
