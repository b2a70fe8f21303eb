//! `ChoiceService`.

use super::{
    Api,
    call::{Again, Call},
    refusal::{Invalid, refused},
};
use crate::{
    commands::choose_reward::ChooseReward,
    domain::refusal::Refusal,
    queries,
    wire::{choice::to_reward_choice, rate_rule::side_from},
};
use handsel_proto::handsel::reward::v1::{
    ChooseRewardRequest, GetRewardChoiceRequest, RewardChoice, choice_service_server::ChoiceService,
};
use handsel_service::{
    status::{FIELD_INVALID, Violation, fault, refuse},
    wire::id_from_name,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

#[tonic::async_trait]
impl ChoiceService for Api {
    async fn get_reward_choice(
        &self,
        request: Request<GetRewardChoiceRequest>,
    ) -> Result<Response<RewardChoice>, Status> {
        let call = Call::of(request)?;
        let id = reward_of(&call.message.name)?;
        let found = self.found(id, &call.message.name).await?;
        call.caller.must_reach(&found.branch)?;
        Ok(Response::new(to_reward_choice(&found.choice)))
    }

    async fn choose_reward(&self, request: Request<ChooseRewardRequest>) -> Result<Response<RewardChoice>, Status> {
        let call = Call::of(request)?;
        let id = reward_of(&call.message.name)?;
        let found = self.found(id, &call.message.name).await?;
        call.caller.must_reach(&found.branch)?;
        let Some(side) = side_from(call.message.side()) else {
            let violations = vec![Violation::new("side", "it is required")];
            return Err(refuse(&Invalid { reason: FIELD_INVALID, violations }));
        };
        let command = ChooseReward {
            means: self.service.means.clone(),
            id,
            plan: found.plan.clone(),
            side,
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ChooseRewardRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ChooseReward", request_id: &call.message.request_id, content };
        // In the lane of its plan, whose counters move.
        self.once(&found.plan, &call, again, command).await?;
        let made = self.found(id, &call.message.name).await?;
        Ok(Response::new(to_reward_choice(&made.choice)))
    }
}

impl Api {
    async fn found(&self, reward: Uuid, name: &str) -> Result<queries::rates::Found, Status> {
        let found = queries::rates::choice(&self.service.db, reward).await.map_err(fault)?;
        found.ok_or_else(|| refused(Refusal::NotFound(name.to_owned())))
    }
}

/// The reward in the name of its choice.
fn reward_of(name: &str) -> Result<Uuid, Violation> {
    id_from_name("rewards/", name.strip_suffix("/choice").unwrap_or(name), "name")
}
