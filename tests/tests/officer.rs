//! The compliance officer in the running suite: a hold that is placed in the audit service stops rewards before payment, whoever dies
//! meanwhile; and what was paid in the end is the same in the log and in the ledger.
#![expect(clippy::expect_used, reason = "what a test needs and does not get fails the test")]

use handsel_access::Role;
use handsel_proto::handsel::audit::v1::{
    GetHoldRequest, Hold, PlaceHoldRequest, ReleaseHoldRequest,
    hold::{Scope, payments, scope::What},
    hold_service_client::HoldServiceClient,
};
use handsel_proto::handsel::reward::v1::reward;
use handsel_service::{Clock as _, SystemClock};
use handsel_tests::bank::{Bank, Introduction, OWING, PLAN, Registered};
use handsel_tests::installation::{Installation, Lease, Service};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use handsel_tests::{Store, postgres};
use std::time::Duration;
use uuid::Uuid;

/// Introductions that succeed.
const INTRODUCTIONS: u32 = 3;

/// An officer at the audit service.
struct Officer<'a> {
    bank: &'a Bank<'a>,
    installation: &'a Installation,
}

impl Officer<'_> {
    fn holds(&self, person: &str) -> HoldServiceClient<handsel_tests::installation::Caller> {
        let caller = self.installation.caller(Service::Audit, Role::ComplianceOfficer, "*", Some(person));
        HoldServiceClient::new(caller)
    }

    async fn place(&self) -> Hold {
        let asked = PlaceHoldRequest {
            request_id: Uuid::from_u128(1).to_string(),
            scope: Some(Scope { what: Some(What::Payments(PLAN.to_owned())) }),
            reason: "SUSPECTED_COLLUSION".to_owned(),
            case: String::new(),
        };
        self.bank.patience.answer("placing a hold", async || self.holds("olga").place_hold(asked.clone()).await).await
    }

    async fn release(&self, person: &str, request: u128, name: &str) {
        let request_id = Uuid::from_u128(request).to_string();
        let asked = ReleaseHoldRequest { request_id, name: name.to_owned(), etag: String::new() };
        let call = async || self.holds(person).release_hold(asked.clone()).await;
        self.bank.patience.answer("releasing a hold", call).await;
    }

    /// Waits until payment stands so.
    async fn wait_for(&self, name: &str, state: payments::State) {
        let look = async || {
            let asked = GetHoldRequest { name: name.to_owned() };
            let shown = self.holds("olga").get_hold(asked).await.map_err(|status| status.to_string())?.into_inner();
            let stands = shown.payments.map(|payments| payments.state());
            if stands == Some(state) { Ok(()) } else { Err(format!("{stands:?}")) }
        };
        self.bank.patience.until("the reward service's answer", look).await;
    }
}

fn started(mut process: Process) -> Process {
    process.start();
    process
}

/// Waits until all rewards are there, computed and free to be paid but for the hold.
async fn wait_until_held(bank: &Bank<'_>, due: usize) {
    let held = async || {
        bank.approve().await;
        let rewards = bank.rewards().await;
        let count = rewards.iter().filter(|one| one.state() == reward::State::Approved).count();
        if count == due { Ok(()) } else { Err(format!("{count} of {due}")) }
    };
    bank.patience.until("every reward waits for the hold alone", held).await;
}

async fn a_hold_stops_rewards_before_payment(store: Store) {
    let installation = Installation::over(store, Lease(1_500));
    let mut audit = started(installation.process(Service::Audit));
    let mut reward = started(installation.process(Service::Reward));
    let others =
        [installation.process(Service::Referral), installation.process(Service::Tier), installation.core_bank("")];
    let mut others = others.map(started);
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(120)));
    let officer = Officer { bank: &bank, installation: &installation };
    bank.make_tiers().await;
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;

    // The reward service is away when the hold is placed, and the log dies right after.
    reward.kill().await;
    let hold = officer.place().await;
    audit.kill().await;
    audit.start();
    officer.wait_for(&hold.name, payments::State::Owed).await;
    reward.start();
    officer.wait_for(&hold.name, payments::State::InForce).await;

    let mut registered = Vec::new();
    for number in 0..INTRODUCTIONS {
        registered.push(bank.register(Introduction(number)).await);
    }
    bank.report(&registered.iter().flat_map(Registered::facts).collect::<Vec<_>>()).await;
    let due = (0..INTRODUCTIONS).map(|number| Introduction(number).due().len()).sum();
    wait_until_held(&bank, due).await;
    reward.kill().await;
    reward.start();
    wait_until_held(&bank, due).await;
    let attempts = installation.query("SELECT count(*) FROM reward.attempt WHERE first_sent_at IS NOT NULL");
    assert_eq!(attempts, [["0"]], "nothing has left");

    officer.release("olga", 2, &hold.name).await;
    officer.wait_for(&hold.name, payments::State::InForce).await;
    officer.release("petr", 3, &hold.name).await;
    officer.wait_for(&hold.name, payments::State::Lifted).await;
    bank.wait_until_paid(&registered).await;
    bank.wait_until_delivered(&OWING).await;

    let yesterday = SystemClock.now().checked_sub(Duration::from_secs(86_400)).expect("a day before").to_string();
    let period =
        ["audit", "reconcile", "--from", &yesterday, "--to", &SystemClock.now().to_string()].map(str::to_owned);
    let said =
        installation.ask(Service::Audit, &period.each_ref().map(String::as_str)).expect("both sides say the same");
    assert!(said.contains(&format!("ledger {due} ")) && said.contains("the log and the ledger say the same"), "{said}");
    for process in others.iter_mut().chain([&mut reward, &mut audit]) {
        assert!(process.stop().await.success(), "{}", process.log());
    }
}

#[tokio::test]
async fn a_hold_stops_rewards_before_payment_on_postgres() {
    a_hold_stops_rewards_before_payment(postgres("officer")).await;
}

#[tokio::test]
async fn a_hold_stops_rewards_before_payment_on_sqlite() {
    a_hold_stops_rewards_before_payment(Store::Sqlite).await;
}
