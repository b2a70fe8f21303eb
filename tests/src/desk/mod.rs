//! The desk of payouts at a bank: grants, approvals by two people, holds, and what was refused tried again. It calls a service or a
//! suite that may be killed under every call.

mod books;
mod latch;
mod places;

pub use books::Standing;
pub use places::OneProcess;

use crate::bank::{hellers, minor, request_id};
use crate::dice::Dice;
use crate::installation::{Bearer, Caller};
use crate::patience::Patience;
use crate::{Store, query, query_files, token};
use handsel_access::{DevIssuer, Role};
use handsel_proto::google::r#type::Decimal;
use handsel_proto::handsel::access::v1::Role as Approver;
use handsel_proto::handsel::reward::v1::{
    ActivatePlanRequest, ApprovalBand, ApproveRewardsRequest, BeneficiaryRole, CreatePlanRequest, FixedRule,
    GetRewardRequest, GrantRewardsRequest, Hold, ListRewardsRequest, PercentRule, PlaceHoldRequest, Plan,
    Qualification, ReleaseHoldRequest, RetryPayoutRequest, Reward, RoleRule, SubmitPlanRequest,
    hold_service_client::HoldServiceClient, plan_service_client::PlanServiceClient, reward,
    reward_service_client::RewardServiceClient, role_rule,
};
use prost_types::Timestamp;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// Two people who approve; neither has a hand in anything.
const APPROVERS: [(&str, Role); 2] = [("petra", Role::FinanceApprover), ("quido", Role::ComplianceOfficer)];

/// The desk.
#[derive(Debug)]
pub struct Desk {
    channel: Channel,
    issuer: DevIssuer,
    /// Where the data lies, and the file of each schema where it lies in files.
    data: (Store, Vec<(&'static str, PathBuf)>),
    /// How long all of it may take.
    pub patience: Patience,
}

/// A reward that is held, and what of it had left before.
#[derive(Debug)]
pub struct Held {
    /// The hold.
    pub hold: Hold,
    /// The reward.
    pub reward: String,
    sent: BTreeSet<String>,
}

impl Desk {
    /// A desk that calls `address`, with tokens of `issuer`, and looks into `data` past the service.
    ///
    /// # Panics
    /// If the address is none.
    #[must_use]
    pub fn at(
        address: &str,
        issuer: DevIssuer,
        data: (Store, Vec<(&'static str, PathBuf)>),
        patience: Patience,
    ) -> Self {
        let channel = Endpoint::from_shared(address.to_owned()).expect("an address").connect_lazy();
        Self { channel, issuer, data, patience }
    }

    fn caller(&self, role: Role, person: Option<&str>) -> Caller {
        let token = token(&self.issuer, role, "*", person);
        InterceptedService::new(self.channel.clone(), Bearer::of(&token))
    }

    /// Asks the database: tables are named with their schema.
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<Vec<String>> {
        match &self.data.0 {
            Store::Postgres(url) => query(url, sql),
            Store::Sqlite => query_files(&self.data.1, sql),
        }
    }

    /// 200 crowns to who introduces, which two people approve; a hundredth of the deposit to who is introduced, which nobody does.
    pub async fn make_plan(&self) {
        let maker = self.caller(Role::ProgramAdmin, Some("mila"));
        let checker = self.caller(Role::ProgramAdmin, Some("ota"));
        let create = CreatePlanRequest {
            request_id: request_id("create plan"),
            plan_id: "friends".to_owned(),
            plan: Some(plan()),
        };
        let call = async || PlanServiceClient::new(maker.clone()).create_plan(create.clone()).await;
        self.patience.answer("creating the plan", call).await;
        let (name, etag) = ("plans/friends".to_owned(), String::new());
        let submit =
            SubmitPlanRequest { request_id: request_id("submit plan"), name: name.clone(), etag: etag.clone() };
        let call = async || PlanServiceClient::new(maker.clone()).submit_plan(submit.clone()).await;
        self.patience.answer("submitting the plan", call).await;
        let activate = ActivatePlanRequest { request_id: request_id("activate plan"), name, etag };
        let call = async || PlanServiceClient::new(checker.clone()).activate_plan(activate.clone()).await;
        self.patience.answer("activating the plan", call).await;
    }

    /// Referral `number` qualifies, and is told twice: its rewards, the referrer's first.
    ///
    /// # Panics
    /// If the second answer is another.
    pub async fn grant(&self, number: u32) -> Vec<String> {
        let service = self.caller(Role::Service, None);
        let qualification = Qualification {
            referral: format!("referrals/{}", Uuid::from_u128(u128::from(number) + 1)),
            plan: "plans/friends".to_owned(),
            plan_version: 1,
            branch: "0101".to_owned(),
            referrer: format!("customers/R-{}", number % 5),
            referee: format!("customers/N-{number}"),
            qualifying_amount: Some(hellers(100_000 + i64::from(number) * 3_700)),
            qualify_time: Some(Timestamp { seconds: 1_700_000_000 + i64::from(number), nanos: 0 }),
            registrar: "tom".to_owned(),
            ..Qualification::default()
        };
        let request = GrantRewardsRequest { qualification: Some(qualification) };
        let grant = async || RewardServiceClient::new(service.clone()).grant_rewards(request.clone()).await;
        let names = |rewards: Vec<Reward>| rewards.into_iter().map(|reward| reward.name).collect::<Vec<_>>();
        let first = names(self.patience.answer("granting", grant).await.rewards);
        let again = names(self.patience.answer("granting again", grant).await.rewards);
        assert_eq!(first, again, "the same referral has the same rewards");
        first
    }

    /// Everything that stands in a state.
    pub async fn standing(&self, state: reward::State) -> Vec<Reward> {
        let officer = self.caller(Role::InternalAuditor, None);
        let request = ListRewardsRequest { state: state.into(), page_size: 500, ..ListRewardsRequest::default() };
        let list = async || RewardServiceClient::new(officer.clone()).list_rewards(request.clone()).await;
        self.patience.answer("listing rewards", list).await.rewards
    }

    /// One reward, with everything about it.
    pub async fn reward(&self, name: &str) -> Reward {
        let officer = self.caller(Role::InternalAuditor, None);
        let request = GetRewardRequest { name: name.to_owned(), ..GetRewardRequest::default() };
        let get = async || RewardServiceClient::new(officer.clone()).get_reward(request.clone()).await;
        self.patience.answer("looking at a reward", get).await
    }

    /// Each of two people looks at the same batch, adds it up, and signs for its count and its sum.
    pub async fn approve(&self) {
        let waiting = self.standing(reward::State::PendingApproval).await;
        if waiting.is_empty() {
            return;
        }
        let names: Vec<String> = waiting.iter().map(|reward| reward.name.clone()).collect();
        let sum = waiting.iter().map(|reward| minor(reward.net_amount.as_ref())).sum();
        for (person, role) in APPROVERS {
            let approver = self.caller(role, Some(person));
            let request = ApproveRewardsRequest {
                request_id: request_id(&format!("{person} approves {}", names.join(" "))),
                names: names.clone(),
                control_count: i32::try_from(names.len()).expect("a page of them"),
                control_sum: Some(hellers(sum)),
            };
            let approve = async || RewardServiceClient::new(approver.clone()).approve_rewards(request.clone()).await;
            self.patience.answer("approving", approve).await;
        }
    }

    /// What the core bank has refused for good is tried again.
    pub async fn retry(&self) {
        let petra = self.caller(Role::FinanceApprover, Some("petra"));
        for Reward { name, etag, .. } in self.standing(reward::State::Failed).await {
            let request_id = request_id(&format!("retry {name} {etag}"));
            let request = RetryPayoutRequest { request_id, name, etag };
            let retry = async || RewardServiceClient::new(petra.clone()).retry_payout(request.clone()).await;
            self.patience.answer("having a payout tried again", retry).await;
        }
    }

    /// Compliance holds a reward. From the answer on nothing of it leaves that has not left.
    pub async fn hold(&self, reward: &str) -> Held {
        let karel = self.caller(Role::ComplianceOfficer, Some("karel"));
        let request = PlaceHoldRequest {
            request_id: request_id(&format!("hold {reward}")),
            target: reward.to_owned(),
            reason: "UNDER_INVESTIGATION".to_owned(),
        };
        let place = async || HoldServiceClient::new(karel.clone()).place_hold(request.clone()).await;
        let hold = self.patience.answer("holding", place).await;
        let sent = sent(&self.reward(reward).await);
        Held { hold, reward: reward.to_owned(), sent }
    }

    /// Nothing of it has left since it was held, and the core bank has no other order for it.
    ///
    /// # Panics
    /// If something has.
    pub async fn nothing_has_left(&self, held: &Held) {
        let now = sent(&self.reward(&held.reward).await);
        assert_eq!(now, held.sent, "{} left while it was held", held.reward);
        let sql = format!("SELECT end_to_end_id FROM corebank.payment_order WHERE reward = '{}'", held.reward);
        let orders: BTreeSet<String> = self.query(&sql).into_iter().flatten().collect();
        assert!(orders.is_subset(&held.sent), "{}: {orders:?}, held with {:?}", held.reward, held.sent);
    }

    /// Two people release it; until the second has, it is kept.
    pub async fn release(&self, held: Held) {
        self.nothing_has_left(&held).await;
        for person in ["karel", "lena"] {
            let officer = self.caller(Role::ComplianceOfficer, Some(person));
            let request = ReleaseHoldRequest {
                request_id: request_id(&format!("{person} releases {}", held.hold.name)),
                name: held.hold.name.clone(),
                etag: String::new(),
            };
            let release = async || HoldServiceClient::new(officer.clone()).release_hold(request.clone()).await;
            self.patience.answer("releasing", release).await;
        }
    }

    /// Waits until the service has done what it can by itself, and closes the books then.
    pub async fn at_rest(&self) -> Standing {
        let rests = async || {
            self.approve().await;
            for state in [reward::State::Accrued, reward::State::Due, reward::State::PendingApproval] {
                let moving = self.standing(state).await.len();
                if moving > 0 {
                    return Err(format!("{moving} {state:?}"));
                }
            }
            for reward in self.standing(reward::State::Approved).await {
                if self.reward(&reward.name).await.holds.is_empty() {
                    return Err(format!("{} is approved", reward.name));
                }
            }
            Ok(())
        };
        self.patience.until("nothing moves by itself", rests).await;
        self.books().await
    }

    /// Some of these are held, as the dice fall.
    pub async fn hold_some(&self, rewards: &[String], dice: &mut Dice) -> Vec<Held> {
        let mut held = Vec::new();
        for reward in rewards {
            if dice.below(4) == 0 {
                held.push(self.hold(reward).await);
            }
        }
        held
    }
}

impl Held {
    /// Whether nothing of it had left when it was held.
    #[must_use]
    pub fn had_not_left(&self) -> bool {
        self.sent.is_empty()
    }
}

/// The end-to-end ids that have left.
fn sent(reward: &Reward) -> BTreeSet<String> {
    let left = reward.attempts.iter().filter(|attempt| attempt.first_send_time.is_some());
    left.map(|attempt| attempt.end_to_end_id.clone()).collect()
}

fn plan() -> Plan {
    let fixed = role_rule::Base::Fixed(FixedRule { amount: Some(hellers(20_000)) });
    let percent = role_rule::Base::Percent(PercentRule { rate: Some(Decimal { value: "0.01".to_owned() }) });
    let rule = |role: BeneficiaryRole, base| RoleRule { role: role.into(), base: Some(base), ..RoleRule::default() };
    Plan {
        display_name: "Friends".to_owned(),
        currency_code: "CZK".to_owned(),
        time_zone: "Europe/Prague".to_owned(),
        role_rules: vec![rule(BeneficiaryRole::Referrer, fixed), rule(BeneficiaryRole::Referee, percent)],
        approval_bands: vec![ApprovalBand {
            from_amount: Some(hellers(15_000)),
            roles: vec![Approver::FinanceApprover.into(), Approver::ComplianceOfficer.into()],
            approvers: 2,
        }],
        ..Plan::default()
    }
}
