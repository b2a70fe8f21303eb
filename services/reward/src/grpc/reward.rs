//! `RewardService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::{
        approve_rewards::ApproveRewards,
        grant_rewards::{Case, GrantRewards},
        reject_reward::RejectReward,
        retry_payout::RetryPayout,
        reverse_reward::ReverseReward,
        set_payee::SetPayee,
    },
    domain::{refusal::Refusal, reversal::Trigger},
    queries::{
        self,
        rewards::{Filter, RewardAndAttempts},
    },
    service::Service,
    wire::{
        qualification::{after, qualification_from},
        quote::language_from,
        reward::{state_from, to_group, to_reward, to_whole_reward},
    },
};
use handsel_access::{Branch, Caller};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ApproveRewardsRequest, ApproveRewardsResponse, GetRewardRequest, GrantRewardsRequest, GrantRewardsResponse,
    ListRewardsRequest, ListRewardsResponse, RejectRewardRequest, RetryPayoutRequest, ReverseRewardRequest, Reward,
    RewardSummary, SetPayeeRequest, SummarizeRewardsRequest, reward_service_server::RewardService,
};
use handsel_service::{
    page,
    status::fault,
    wire::{id_from_name, money_from, timestamp_from},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of everything that moves payouts: their rows are their own, so one lane serves.
const PAYOUTS: &str = "payouts";

#[tonic::async_trait]
impl RewardService for Api {
    async fn grant_rewards(
        &self,
        request: Request<GrantRewardsRequest>,
    ) -> Result<Response<GrantRewardsResponse>, Status> {
        let call = Call::of(request)?;
        let said = call.message.qualification.clone().unwrap_or_default();
        let qualification = qualification_from(&said, "qualification")?;
        let plan = qualification.plan.clone();
        let case = Case { qualification, actor: call.actor(), now: self.now() };
        let command = GrantRewards { means: self.service.means.clone(), case };
        let rewards = self.run(&plan, call.deadline, command).await?.map_err(refused)?;
        let rewards = queries::rewards::with_attempts(&self.service.db, rewards).await.map_err(fault)?;
        Ok(Response::new(GrantRewardsResponse { rewards: render(&rewards) }))
    }

    async fn get_reward(&self, request: Request<GetRewardRequest>) -> Result<Response<Reward>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rewards/", &call.message.name, "name")?;
        let language = language_from(&call.message.language_code)?;
        let Service { db, means, .. } = &*self.service;
        let Some(whole) = queries::rewards::get(db, means, id, self.now()).await.map_err(fault)? else {
            return Err(refused(Refusal::NotFound(call.message.name)));
        };
        call.caller.must_reach(&whole.reward.entitlement.branch)?;
        Ok(Response::new(to_whole_reward(&whole, language)))
    }

    async fn list_rewards(
        &self,
        request: Request<ListRewardsRequest>,
    ) -> Result<Response<ListRewardsResponse>, Status> {
        let call = Call::of(request)?;
        let branch = branch_in_view(&call.caller, &call.message.branch)?;
        let asked = &call.message;
        let filters = ListRewardsRequest {
            branch: branch.clone().unwrap_or_default(),
            page_size: 0,
            page_token: String::new(),
            ..asked.clone()
        };
        let referral = (!asked.referral.is_empty()).then(|| id_from_name("referrals/", &asked.referral, "referral"));
        let filter = Filter {
            referral: referral.transpose()?,
            beneficiary: set(asked.beneficiary.clone()),
            plan: set(after("plans/", &asked.plan)),
            branch,
            state: state_from(asked.state()),
        };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let mut rewards =
            queries::rewards::list(&self.service.db, filter, cursor, size.limit()).await.map_err(fault)?;
        let position = |(reward, _): &RewardAndAttempts| (reward.entitlement.created_at, reward.entitlement.id);
        let next_page_token = size.cut(&mut rewards, &filters, position)?;
        Ok(Response::new(ListRewardsResponse { rewards: render(&rewards), next_page_token }))
    }

    async fn summarize_rewards(
        &self,
        request: Request<SummarizeRewardsRequest>,
    ) -> Result<Response<RewardSummary>, Status> {
        let plan = set(after("plans/", &request.into_inner().plan));
        let groups = queries::summary::summarize(&self.service.db, plan).await.map_err(fault)?;
        Ok(Response::new(RewardSummary { groups: groups.iter().map(to_group).collect() }))
    }

    async fn approve_rewards(
        &self,
        request: Request<ApproveRewardsRequest>,
    ) -> Result<Response<ApproveRewardsResponse>, Status> {
        let call = Call::of(request)?;
        let names = call.message.names.iter().enumerate();
        let ids: Vec<Uuid> = names
            .map(|(at, name)| id_from_name("rewards/", name, &format!("names[{at}]")))
            .collect::<Result<_, _>>()?;
        let command = ApproveRewards {
            means: self.service.means.clone(),
            ids: ids.clone(),
            control_count: usize::try_from(call.message.control_count).unwrap_or_default(),
            control_sum: money_from(call.message.control_sum.as_ref(), "control_sum")?,
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ApproveRewardsRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ApproveRewards", request_id: &call.message.request_id, content };
        self.once(PAYOUTS, &call, again, command).await?;
        let rewards = queries::rewards::named(&self.service.db, &ids).await.map_err(fault)?;
        Ok(Response::new(ApproveRewardsResponse { rewards: render(&rewards) }))
    }

    async fn reject_reward(&self, request: Request<RejectRewardRequest>) -> Result<Response<Reward>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rewards/", &call.message.name, "name")?;
        let plan = queries::rewards::plan_of(&self.service.db, id).await.map_err(fault)?.unwrap_or_default();
        let command = RejectReward {
            means: self.service.means.clone(),
            id,
            plan: plan.clone(),
            etag: call.message.etag.clone(),
            reason: call.message.reason.clone(),
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = RejectRewardRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.RejectReward", request_id: &call.message.request_id, content };
        // In the lane of its plan, whose counters it frees.
        self.once(&plan, &call, again, command).await?;
        self.one(id).await
    }

    async fn set_payee(&self, request: Request<SetPayeeRequest>) -> Result<Response<Reward>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rewards/", &call.message.name, "name")?;
        let command = SetPayee {
            means: self.service.means.clone(),
            id,
            etag: call.message.etag.clone(),
            account_reference: call.message.account_reference.clone(),
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = SetPayeeRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.SetPayee", request_id: &call.message.request_id, content };
        self.once(PAYOUTS, &call, again, command).await?;
        self.one(id).await
    }

    async fn reverse_reward(&self, request: Request<ReverseRewardRequest>) -> Result<Response<Reward>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rewards/", &call.message.name, "name")?;
        let plan = queries::rewards::plan_of(&self.service.db, id).await.map_err(fault)?.unwrap_or_default();
        let command = ReverseReward {
            means: self.service.means.clone(),
            id,
            plan: plan.clone(),
            etag: call.message.etag.clone(),
            trigger: Trigger {
                reason: call.message.reason.clone(),
                at: timestamp_from(call.message.trigger_time.as_ref(), "trigger_time")?,
                by: call.by(),
            },
            actor: call.actor(),
            now: self.now(),
        };
        let content = ReverseRewardRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ReverseReward", request_id: &call.message.request_id, content };
        // In the lane of its plan, whose counters it frees.
        self.once(&plan, &call, again, command).await?;
        self.one(id).await
    }

    async fn retry_payout(&self, request: Request<RetryPayoutRequest>) -> Result<Response<Reward>, Status> {
        let call = Call::of(request)?;
        let id = id_from_name("rewards/", &call.message.name, "name")?;
        let command = RetryPayout {
            means: self.service.means.clone(),
            id,
            etag: call.message.etag.clone(),
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = RetryPayoutRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.RetryPayout", request_id: &call.message.request_id, content };
        self.once(PAYOUTS, &call, again, command).await?;
        self.one(id).await
    }
}

impl Api {
    async fn one(&self, id: Uuid) -> Result<Response<Reward>, Status> {
        let rewards = queries::rewards::named(&self.service.db, &[id]).await.map_err(fault)?;
        match rewards.first() {
            Some((reward, attempts)) => Ok(Response::new(to_reward(reward, attempts))),
            None => Err(refused(Refusal::NotFound(format!("rewards/{id}")))),
        }
    }
}

fn render(rewards: &[RewardAndAttempts]) -> Vec<Reward> {
    rewards.iter().map(|(reward, attempts)| to_reward(reward, attempts)).collect()
}

pub(super) fn set(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The branch whose rewards the caller sees: the one he names, else his own; none for all of them.
pub(super) fn branch_in_view(caller: &Caller, named: &str) -> Result<Option<String>, Status> {
    match (&caller.branch, named) {
        (Branch::All, "") => Ok(None),
        (Branch::One(own), "") => Ok(Some(own.clone())),
        (Branch::All | Branch::One(_) | Branch::None, named) => {
            caller.must_reach(named)?;
            Ok(Some(named.to_owned()))
        }
    }
}
