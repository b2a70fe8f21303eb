//! One bank's reward service on one engine, its clock in the test's hand, and short words for what a test says to it.

use handsel_outbox::{Outbox, Pseudonyms};
use handsel_proto::{
    google::r#type::{Decimal, Money},
    handsel::{
        corebank::v1::{Instruction, PayoutOutcome, payout_outcome::Status as Fate},
        reward::v1::{
            self as wire, ledger_service_client::LedgerServiceClient, plan_service_client::PlanServiceClient,
            reward_inbox_service_client::RewardInboxServiceClient, reward_service_client::RewardServiceClient,
            settlement_service_client::SettlementServiceClient,
        },
    },
};
use handsel_reward::{Reward, RewardConfig, RewardPeers, Settlement};
use handsel_service::{Clock as _, Part as _, wire::to_timestamp};
use handsel_storage::Db;
use handsel_testkit::{Lab, Role, Server, run_jobs_until_idle};
use std::{fmt::Write as _, time::Duration};
use tonic::{Response, Status, transport::Channel};

/// One day.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Bank {
    pub(crate) lab: Lab,
    pub(crate) db: Db,
    pub(crate) reward: Reward,
    server: Server,
}

/// `"12.30 CNY"` as the wire has it.
pub(crate) fn money(text: &str) -> Option<Money> {
    let money: handsel_money::Money = text.parse().unwrap();
    Some(handsel_service::wire::to_money(money))
}

/// What the wire has as `"12.30 CNY"`.
pub(crate) fn text(money: Option<&Money>) -> String {
    handsel_service::wire::money_from(money, "amount").unwrap().to_string()
}

pub(crate) fn decimal(value: &str) -> Option<Decimal> {
    Some(Decimal { value: value.into() })
}

/// A request id of its own.
pub(crate) fn request_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The name of a referral of its own.
pub(crate) fn referral(number: u32) -> String {
    format!("referrals/00000000-0000-7000-8000-{number:012}")
}

/// The referrer gets 1 % of the first deposit, 10 to 500, times 1.5 in tier CORE; the referee 50. A fifth is withheld. Both are due
/// after 30 days; from 100 on a person approves.
pub(crate) fn introduction_plan() -> wire::Plan {
    wire::Plan {
        display_name: "New customers, spring".into(),
        currency_code: "CNY".into(),
        time_zone: "Asia/Shanghai".into(),
        role_rules: vec![
            wire::RoleRule {
                role: wire::BeneficiaryRole::Referrer.into(),
                base: Some(wire::role_rule::Base::Percent(wire::PercentRule { rate: decimal("0.01") })),
                tier_multipliers: vec![wire::TierMultiplier { tier: "CORE".into(), multiplier: decimal("1.5") }],
                minimum: money("10.00 CNY"),
                maximum: money("500.00 CNY"),
                ..wire::RoleRule::default()
            },
            fixed(wire::BeneficiaryRole::Referee, "50.00 CNY"),
        ],
        beneficiary_cap: Some(wire::BeneficiaryCap {
            window: wire::Window::Month.into(),
            max_count: 10,
            max_amount: money("800.00 CNY"),
        }),
        budget: money("100000.00 CNY"),
        on_exceed: wire::OnExceed::Reduce.into(),
        tax: Some(wire::FlatTax {
            rate: decimal("0.20"),
            exempt_up_to: None,
            basis: wire::flat_tax::Basis::Whole.into(),
            borne_by: wire::flat_tax::BorneBy::Recipient.into(),
        }),
        holding_days: 30,
        approval_bands: vec![approval_band("100.00 CNY")],
        ..wire::Plan::default()
    }
}

/// From this amount on, one person of finance approves.
pub(crate) fn approval_band(from: &str) -> wire::ApprovalBand {
    wire::ApprovalBand { from_amount: money(from), roles: vec![Role::FinanceApprover.into()], approvers: 1 }
}

/// A role that gets a fixed amount.
pub(crate) fn fixed(role: wire::BeneficiaryRole, amount: &str) -> wire::RoleRule {
    wire::RoleRule {
        role: role.into(),
        base: Some(wire::role_rule::Base::Fixed(wire::FixedRule { amount: money(amount) })),
        ..wire::RoleRule::default()
    }
}

impl Bank {
    pub(crate) async fn open(lab: Lab) -> Self {
        Self::settling(lab, Settlement::Pull).await
    }

    pub(crate) async fn settling(lab: Lab, settlement: Settlement) -> Self {
        Self::configured(lab, RewardConfig { settlement, ..RewardConfig::pull("BANKCNBJ") }).await
    }

    /// One whose payouts wait for the log.
    pub(crate) async fn waiting(lab: Lab, longest_wait: Duration) -> Self {
        Self::configured(lab, RewardConfig { longest_wait, ..RewardConfig::pull("BANKCNBJ") }).await
    }

    pub(crate) async fn configured(lab: Lab, config: RewardConfig) -> Self {
        let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
        let outbox = Outbox::new(Reward::NAME, lab.world(), Pseudonyms::from_key(&[7; 32]));
        let reward = Reward::start(db.clone(), lab.world(), outbox, config, RewardPeers::default()).await.unwrap();
        let server = lab.serve(reward.clone()).await;
        Self { lab, db, reward, server }
    }

    /// A bank with the plan `spring` in force: made by mia, submitted by her, activated by chen.
    pub(crate) async fn with_plan(lab: Lab, plan: wire::Plan) -> Self {
        let bank = Self::open(lab).await;
        bank.put_in_force("spring", plan).await;
        bank
    }

    pub(crate) async fn put_in_force(&self, id: &str, plan: wire::Plan) {
        self.create_plan("mia", &request_id(1), id, plan).await.unwrap();
        let name = format!("plans/{id}");
        self.submit_plan("mia", &request_id(2), &name).await.unwrap();
        self.activate_plan("chen", &request_id(3), &name).await.unwrap();
    }

    pub(crate) fn channel(&self) -> Channel {
        self.server.channel()
    }
    pub(crate) fn plans(&self) -> PlanServiceClient<Channel> {
        PlanServiceClient::new(self.server.channel())
    }
    pub(crate) fn rewards(&self) -> RewardServiceClient<Channel> {
        RewardServiceClient::new(self.server.channel())
    }
    pub(crate) fn settlement(&self) -> SettlementServiceClient<Channel> {
        SettlementServiceClient::new(self.server.channel())
    }
    pub(crate) fn ledger(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.server.channel())
    }
    pub(crate) fn inbox(&self) -> RewardInboxServiceClient<Channel> {
        RewardInboxServiceClient::new(self.server.channel())
    }

    pub(crate) fn service(&self) -> String {
        self.lab.token(Role::Service, "*", None)
    }
    pub(crate) fn approver(&self, person: &str) -> String {
        self.lab.token(Role::FinanceApprover, "*", person)
    }

    pub(crate) async fn create_plan(
        &self,
        person: &str,
        request_id: &str,
        id: &str,
        plan: wire::Plan,
    ) -> Result<wire::Plan, Status> {
        let request = wire::CreatePlanRequest { request_id: request_id.into(), plan_id: id.into(), plan: Some(plan) };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        self.plans().create_plan(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    pub(crate) async fn submit_plan(&self, person: &str, request_id: &str, name: &str) -> Result<wire::Plan, Status> {
        let request = wire::SubmitPlanRequest { request_id: request_id.into(), name: name.into(), etag: String::new() };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        self.plans().submit_plan(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    pub(crate) async fn activate_plan(&self, person: &str, request_id: &str, name: &str) -> Result<wire::Plan, Status> {
        let request =
            wire::ActivatePlanRequest { request_id: request_id.into(), name: name.into(), etag: String::new() };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        self.plans().activate_plan(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    pub(crate) async fn plan(&self, id: &str) -> wire::Plan {
        let request = wire::GetPlanRequest { name: format!("plans/{id}"), version: 0 };
        let token = self.lab.token(Role::ProgramAdmin, "*", "mia");
        self.plans().get_plan(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    /// Referral `number` of customers 10 and 20 qualifies now, in branch 0101, registered by tom.
    pub(crate) fn qualification(&self, number: u32, amount: &str) -> wire::Qualification {
        wire::Qualification {
            referral: referral(number),
            plan: "plans/spring".into(),
            plan_version: 1,
            branch: "0101".into(),
            referrer: "customers/10".into(),
            referee: "customers/20".into(),
            qualifying_amount: money(amount),
            qualify_time: Some(to_timestamp(self.lab.clock.now())),
            registrar: "tom".into(),
            stage: String::new(),
            staff: Vec::new(),
        }
    }

    pub(crate) async fn grant(&self, qualification: wire::Qualification) -> Result<Vec<wire::Reward>, Status> {
        let request = wire::GrantRewardsRequest { qualification: Some(qualification) };
        let answer = self.rewards().grant_rewards(self.lab.call(request, &self.service())).await;
        answer.map(|answer| answer.into_inner().rewards)
    }

    pub(crate) async fn reward(&self, name: &str) -> wire::Reward {
        let request = wire::GetRewardRequest { name: name.into(), ..wire::GetRewardRequest::default() };
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        self.rewards().get_reward(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    pub(crate) async fn run_jobs(&self) {
        run_jobs_until_idle(&self.reward.jobs()).await;
    }

    /// What was written is shown to whoever reads the journal: no transaction of the whole server, whose tests share it, is under
    /// way any more that began before.
    pub(crate) async fn journal_is_complete(&self) {
        let horizon = self.reward.jobs().into_iter().find(|job| job.name == "ledger horizon").unwrap();
        for _ in 0..100_000 {
            horizon.run_once().await.unwrap();
            let sql = self.db.pick(
                "SELECT (SELECT COALESCE(MAX(ordinal), 0) FROM transfer) - ordinal FROM ledger_horizon",
                "SELECT CAST(0 AS INTEGER)",
            );
            let (behind,): (i64,) = self.db.one(sql, ()).await.unwrap();
            if behind <= 0 {
                return;
            }
        }
        panic!("the journal's horizon does not move");
    }

    /// Time passes, and the loops do what is to be done then.
    pub(crate) async fn pass(&self, time: Duration) {
        self.lab.clock.advance(time).unwrap();
        self.lab.system.advance(time).unwrap();
        self.run_jobs().await;
    }

    pub(crate) async fn approve(
        &self,
        person: &str,
        request_id: &str,
        names: &[&str],
        control_sum: &str,
    ) -> Result<Vec<wire::Reward>, Status> {
        let request = wire::ApproveRewardsRequest {
            request_id: request_id.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            control_count: i32::try_from(names.len()).unwrap(),
            control_sum: money(control_sum),
        };
        let answer = self.rewards().approve_rewards(self.lab.call(request, &self.approver(person))).await;
        answer.map(|answer| answer.into_inner().rewards)
    }

    pub(crate) async fn reject(
        &self,
        person: &str,
        request_id: &str,
        name: &str,
        etag: &str,
    ) -> Result<wire::Reward, Status> {
        let request = wire::RejectRewardRequest {
            request_id: request_id.into(),
            name: name.into(),
            etag: etag.into(),
            reason: "DUPLICATE_CUSTOMER".into(),
        };
        self.rewards().reject_reward(self.lab.call(request, &self.approver(person))).await.map(Response::into_inner)
    }

    pub(crate) async fn retry(&self, person: &str, request_id: &str, name: &str) -> Result<wire::Reward, Status> {
        let request =
            wire::RetryPayoutRequest { request_id: request_id.into(), name: name.into(), etag: String::new() };
        self.rewards().retry_payout(self.lab.call(request, &self.approver(person))).await.map(Response::into_inner)
    }

    /// Every instruction whose outcome is unknown, as core banking pulls them.
    pub(crate) async fn instructions(&self) -> Vec<Instruction> {
        let token = self.lab.token(Role::CoreBanking, "", None);
        let request = wire::ListInstructionsRequest::default();
        let answer = self.settlement().list_instructions(self.lab.call(request, &token)).await.unwrap();
        answer.into_inner().instructions
    }

    /// What core banking says became of an attempt: `"APPLIED PAID"`, `"REFUSED OUTCOME_CONFLICT FAILED"`.
    pub(crate) async fn report(&self, end_to_end_id: &str, fate: Fate, reference: &str) -> String {
        let outcome = self.outcome(end_to_end_id, fate, reference);
        self.report_all(vec![outcome]).await.unwrap().remove(0)
    }

    pub(crate) fn outcome(&self, end_to_end_id: &str, fate: Fate, reference: &str) -> PayoutOutcome {
        PayoutOutcome {
            end_to_end_id: end_to_end_id.into(),
            status: fate.into(),
            reason_code: if fate == Fate::Rejected { "AC04".into() } else { String::new() },
            bank_reference: reference.into(),
            occur_time: Some(to_timestamp(self.lab.clock.now())),
        }
    }

    pub(crate) async fn report_all(&self, outcomes: Vec<PayoutOutcome>) -> Result<Vec<String>, Status> {
        let token = self.lab.token(Role::CoreBanking, "", None);
        let request = wire::ReportOutcomesRequest { outcomes };
        let answer = self.settlement().report_outcomes(self.lab.call(request, &token)).await?.into_inner();
        let said = answer.receipts.into_iter().map(|receipt| {
            let result = receipt.result().as_str_name().trim_start_matches("RESULT_").to_owned();
            let state = receipt.state().as_str_name().trim_start_matches("STATE_").to_owned();
            [result, receipt.reason, state]
                .iter()
                .filter(|part| !part.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        });
        Ok(said.collect())
    }

    /// The books now: one line for each transfer, then the balance of each account. Asserts that they balance.
    pub(crate) async fn books(&self) -> String {
        self.journal_is_complete().await;
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::ListTransfersRequest { page_size: 500, ..wire::ListTransfersRequest::default() };
        let transfers = self.ledger().list_transfers(self.lab.call(request, &token)).await.unwrap().into_inner();
        let mut books = String::new();
        for transfer in transfers.transfers {
            let account = |account: wire::LedgerAccount| account.as_str_name().trim_start_matches("LEDGER_ACCOUNT_");
            let (debit, credit) = (account(transfer.debit()), account(transfer.credit()));
            let amount = text(transfer.amount.as_ref());
            writeln!(books, "{} {debit} → {credit} {amount} {}", transfer.event, transfer.customer).unwrap();
        }
        let request = wire::GetTrialBalanceRequest::default();
        let balance = self.ledger().get_trial_balance(self.lab.call(request, &token)).await.unwrap().into_inner();
        let mut sum = 0;
        for line in balance.lines {
            let account = line.account().as_str_name().trim_start_matches("LEDGER_ACCOUNT_").to_owned();
            let amount = handsel_service::wire::money_from(line.balance.as_ref(), "balance").unwrap();
            sum += amount.minor();
            writeln!(books, "= {account} {amount}").unwrap();
        }
        assert_eq!(sum, 0, "the books do not balance:\n{books}");
        books
    }
}

/// Where a reward stands: `REFERRER ACCRUED 150.00 CNY`.
pub(crate) fn brief(reward: &wire::Reward) -> String {
    let role = reward.role().as_str_name().trim_start_matches("BENEFICIARY_ROLE_");
    let state = reward.state().as_str_name().trim_start_matches("STATE_");
    let amount = text(reward.reward_amount.as_ref());
    let reasons = reward.reasons.join(",");
    format!("{role} {state} {amount} {reasons}").trim_end().to_owned()
}
