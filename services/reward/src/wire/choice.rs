//! The choice between money and rate for the wire.

use super::rate_rule::to_side;
use crate::domain::reward_choice::{Made, RewardChoice, State};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::wire::{to_money, to_timestamp};

pub(crate) fn to_reward_choice(choice: &RewardChoice) -> wire::RewardChoice {
    let RewardChoice { reward: _, default_side, until, estimate, extra, state } = choice;
    let open = wire::RewardChoice {
        name: format!("{}/choice", choice.reward_name()),
        reward: choice.reward_name(),
        side: wire::ChoiceSide::Unspecified.into(),
        default_side: to_side(*default_side).into(),
        deadline_time: Some(to_timestamp(*until)),
        estimated_benefit: Some(to_money(*estimate)),
        held_beyond_reward: Some(to_money(*extra)),
        ..wire::RewardChoice::default()
    };
    match state {
        State::Open => open,
        State::Made(Made { side, by, at, reason, grant }) => wire::RewardChoice {
            side: to_side(*side).into(),
            chooser: by.clone(),
            choose_time: Some(to_timestamp(*at)),
            reason: reason.clone(),
            rate_grant: grant.map(|grant| format!("rate-grants/{grant}")).unwrap_or_default(),
            ..open
        },
    }
}
