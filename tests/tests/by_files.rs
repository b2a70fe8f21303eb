//! A bank that settles by files, whole: rewards of a suite leave in a payment file, the simulated bank reads it where it lies and
//! answers badly, and in the end every payout is where the bank's own book has it.
#![expect(clippy::expect_used, reason = "a test says what it needs, and fails where it is not so")]

use handsel_access::Role;
use handsel_proto::handsel::reward::v1::{
    ActivatePlanRequest, BeneficiaryRole, CreatePlanRequest, FixedRule, GetTrialBalanceRequest, GrantRewardsRequest,
    LedgerAccount, ListDifferencesRequest, Plan, Qualification, RoleRule, SubmitPlanRequest, SummarizeRewardsRequest,
    WritePaymentFileRequest, ledger_service_client::LedgerServiceClient, plan_service_client::PlanServiceClient,
    reward::State, reward_service_client::RewardServiceClient, role_rule,
    settlement_file_service_client::SettlementFileServiceClient,
};
use handsel_tests::{
    Store, Suite, bank::hellers, bank::minor, patience::Patience, postgres, program, token, with_token,
};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;
use tonic::transport::Channel;

const REWARDS: i64 = 40;
const MINOR: i64 = 20_000;

struct Desk {
    suite: Suite,
    channel: Channel,
    patience: Patience,
    ids: Cell<u64>,
}

impl Desk {
    fn token(&self, role: Role, person: Option<&str>) -> String {
        token(&self.suite.issuer(), role, "*", person)
    }

    async fn make_plan(&self) {
        let mut client = PlanServiceClient::new(self.channel.clone());
        let (maker, checker) =
            (self.token(Role::ProgramAdmin, Some("mila")), self.token(Role::ProgramAdmin, Some("ota")));
        let rule = RoleRule {
            role: BeneficiaryRole::Referrer.into(),
            base: Some(role_rule::Base::Fixed(FixedRule { amount: Some(hellers(MINOR)) })),
            ..RoleRule::default()
        };
        let plan = Plan {
            display_name: "By files".to_owned(),
            currency_code: "CZK".to_owned(),
            time_zone: "Europe/Prague".to_owned(),
            role_rules: vec![rule],
            ..Plan::default()
        };
        let (request_id, plan_id) = (self.id(), "files".to_owned());
        let request = CreatePlanRequest { request_id, plan_id, plan: Some(plan) };
        let made = client.create_plan(with_token(request, &maker)).await.expect("a plan").into_inner();
        let request = SubmitPlanRequest { request_id: self.id(), name: made.name.clone(), etag: String::new() };
        client.submit_plan(with_token(request, &maker)).await.expect("submitted");
        let request = ActivatePlanRequest { request_id: self.id(), name: made.name, etag: String::new() };
        client.activate_plan(with_token(request, &checker)).await.expect("in force");
    }

    async fn grant(&self, qualified_at: prost_types::Timestamp) {
        let mut client = RewardServiceClient::new(self.channel.clone());
        let service = self.token(Role::Service, None);
        for number in 0..REWARDS {
            let qualification = Qualification {
                referral: format!("referrals/{}", self.id()),
                plan: "plans/files".to_owned(),
                plan_version: 1,
                branch: "0001".to_owned(),
                referrer: format!("customers/R{number}"),
                referee: format!("customers/E{number}"),
                qualify_time: Some(qualified_at),
                registrar: "anna".to_owned(),
                ..Qualification::default()
            };
            let request = GrantRewardsRequest { qualification: Some(qualification) };
            client.grant_rewards(with_token(request, &service)).await.expect("granted");
        }
    }

    /// How many rewards stand where.
    async fn states(&self) -> BTreeMap<State, i64> {
        let mut client = RewardServiceClient::new(self.channel.clone());
        let request = with_token(SummarizeRewardsRequest::default(), &self.token(Role::FinanceApprover, Some("fay")));
        let groups = client.summarize_rewards(request).await.expect("a summary").into_inner().groups;
        groups.iter().fold(BTreeMap::new(), |mut states, group| {
            *states.entry(group.state()).or_default() += group.count;
            states
        })
    }

    /// Waits until rewards stand as asked.
    async fn until(&self, what: &str, holds: impl Fn(&BTreeMap<State, i64>) -> bool) -> BTreeMap<State, i64> {
        let look = async || {
            let states = self.states().await;
            if holds(&states) { Ok(()) } else { Err(states) }
        };
        self.patience.until(what, look).await;
        self.states().await
    }

    /// An id of its own.
    fn id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        format!("00000000-0000-4000-8000-{:012}", self.ids.get())
    }

    async fn write(&self) -> i64 {
        let mut client = SettlementFileServiceClient::new(self.channel.clone());
        let request = WritePaymentFileRequest { request_id: self.id(), currency_code: "CZK".to_owned() };
        let token = self.token(Role::FinanceApprover, Some("fay"));
        let mut told = client.write_payment_file(with_token(request, &token)).await.expect("a file").into_inner();
        let mut payouts = 0;
        while let Some(message) = told.message().await.expect("progress") {
            payouts = message.file.expect("a file").payout_count;
        }
        payouts
    }

    async fn differences(&self) -> Vec<String> {
        let mut client = SettlementFileServiceClient::new(self.channel.clone());
        let request = with_token(ListDifferencesRequest::default(), &self.token(Role::InternalAuditor, None));
        let listed = client.list_differences(request).await.expect("differences").into_inner().differences;
        listed.into_iter().map(|one| format!("{} {}", one.reason, one.end_to_end_id)).collect()
    }

    async fn balance(&self, account: LedgerAccount) -> i64 {
        let mut client = LedgerServiceClient::new(self.channel.clone());
        let request = with_token(GetTrialBalanceRequest::default(), &self.token(Role::InternalAuditor, None));
        let lines = client.get_trial_balance(request).await.expect("a balance").into_inner().lines;
        let of_account = lines.iter().filter(|line| line.account() == account);
        of_account.map(|line| minor(line.debits.as_ref()) - minor(line.credits.as_ref())).sum()
    }
}

async fn a_bank_by_files_ends_as_its_own_book_has_it(store: &Store) {
    let data = tempfile::tempdir().expect("a folder");
    let faults = "reject=20,late-acceptance=20,returned=20,unknown-id=100,duplicate=100,seed=5";
    let suite = Suite::up(data.path(), store, &["--simulator", "--by-files", "--faults", faults]);
    let channel = suite.channel().await;
    let patience = Patience::within(Duration::from_secs(90));
    let desk = Desk { suite, channel, patience, ids: Cell::new(0) };
    desk.make_plan().await;
    let now = handsel_tests::system_seconds()();
    desk.grant(prost_types::Timestamp { seconds: now, nanos: 0 }).await;
    desk.until("instructed", |states| states.get(&State::Paying) == Some(&REWARDS)).await;
    assert_eq!(desk.write().await, REWARDS);
    let states = desk
        .until("answered twice", |states| !states.contains_key(&State::Paying) && states.contains_key(&State::Returned))
        .await;

    let count = |state| states.get(&state).copied().unwrap_or_default();
    let (paid, failed, returned) = (count(State::Paid), count(State::Failed), count(State::Returned));
    assert_eq!(paid + failed + returned, REWARDS);
    assert!(paid > 0 && failed > 0 && returned > 0, "{states:?}");
    assert_eq!(desk.balance(LedgerAccount::Clearing).await, 0);
    assert_eq!(-desk.balance(LedgerAccount::Settled).await, paid * MINOR);
    assert_eq!(-desk.balance(LedgerAccount::CustomerPayable).await, (failed + returned) * MINOR);
    assert_eq!(desk.differences().await, ["UNKNOWN_INSTRUCTION SALARY-2026-01"]);

    // The bank's own book, once nobody has it open any more.
    drop(desk);
    let mut books = Command::new(program());
    books.args(["simulator", "--books", "--json", "--data"]).arg(data.path());
    if let Store::Postgres(url) = store {
        books.args(["--database", url]);
    }
    let printed = books.output().expect("the books").stdout;
    let books: serde_json::Value = serde_json::from_slice(&printed).expect("an object");
    let total = &books["totals"][0];
    assert_eq!(total["payments"], paid + returned, "{books}");
    assert_eq!((&total["doubled"], &total["in_two_files"]), (&0.into(), &0.into()), "{books}");
}

#[tokio::test]
async fn a_bank_by_files_ends_as_its_own_book_has_it_on_sqlite() {
    a_bank_by_files_ends_as_its_own_book_has_it(&Store::Sqlite).await;
}

#[tokio::test]
async fn a_bank_by_files_ends_as_its_own_book_has_it_on_postgres() {
    a_bank_by_files_ends_as_its_own_book_has_it(&postgres("by_files")).await;
}
