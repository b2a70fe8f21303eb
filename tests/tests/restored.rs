//! A database put back from a copy that was taken earlier, while everybody else has gone on: nothing is paid a second time, and
//! nothing that is told afterwards is lost.

use handsel_proto::handsel::reward::v1::{settlement_latch::State, sign::Cause};
use handsel_tests::bank::{Bank, Introduction, OWING, Registered};
use handsel_tests::installation::{Installation, Lease, Service};
use handsel_tests::patience::Patience;
use handsel_tests::process::Process;
use handsel_tests::{Store, postgres};
use std::time::Duration;

/// The core bank loses answers, repeats them, and refuses for good.
const FAULTS: &str = "lost-answer=20,duplicate=20,reject=10,seed=11";
const LEASE: Lease = Lease(1_000);

/// Everything runs, and the rules are made. The process of `service` comes apart from the others.
async fn opened<'a>(installation: &'a Installation, service: Service) -> (Bank<'a>, Process, Vec<Process>) {
    let started = |mut process: Process| {
        process.start();
        process
    };
    let others = Service::ALL.into_iter().filter(|other| *other != service).map(|other| installation.process(other));
    let others = others.chain([installation.core_bank(FAULTS)]).map(started).collect();
    let own = started(installation.process(service));
    let bank = Bank::new(installation, Patience::within(Duration::from_secs(180)));
    bank.make_tiers().await;
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;
    (bank, own, others)
}

async fn introduce(bank: &Bank<'_>, numbers: std::ops::Range<u32>) -> Vec<Registered> {
    let mut registered = Vec::new();
    for number in numbers {
        let introduced = bank.register(Introduction(number)).await;
        bank.report(&introduced.facts()).await;
        registered.push(introduced);
    }
    registered
}

async fn settled(bank: &Bank<'_>, registered: &[Registered]) {
    bank.wait_until_paid(registered).await;
    bank.wait_until_delivered(&OWING).await;
}

/// The reward service loses what it did: it finds out, stops, is told again by the others, and pays under the ids that the bank
/// knows.
async fn the_reward_service_is_put_back(store: Store) {
    let installation = Installation::over(store, LEASE);
    let (bank, mut reward, _others) = opened(&installation, Service::Reward).await;
    let mut registered = introduce(&bank, 0..5).await;
    settled(&bank, &registered).await;
    assert!(reward.stop().await.success());
    installation.back_up(Service::Reward);
    reward.start();

    registered.extend(introduce(&bank, 5..11).await);
    settled(&bank, &registered).await;
    let (orders, decided) = (bank.orders(), decided(&installation));
    assert!(reward.stop().await.success());
    installation.put_back(Service::Reward);
    let kept = self::decided(&installation);
    assert!(kept < decided, "{kept} of {decided} attempts are left");
    reward.start();

    registered.extend(introduce(&bank, 11..13).await);
    bank.wait_for_sign(Cause::LogAhead).await;
    bank.wait_for_sign(Cause::SenderAhead).await;
    let due: usize = registered.iter().map(|one| one.introduction.due().len()).sum();
    let granted = async || {
        bank.approve().await;
        let rewards = bank.rewards().await.len();
        if rewards == due { Ok(()) } else { Err(format!("{rewards} of {due}")) }
    };
    bank.patience.until("everything is granted again", granted).await;
    bank.wait_until_delivered(&OWING).await;
    assert_eq!(self::decided(&installation), kept, "nothing is decided while the latch is down");
    assert_eq!(bank.orders(), orders, "and nothing is paid");

    bank.lift_latch("after the copy was put back").await;
    settled(&bank, &registered).await;
    assert_eq!(bank.latch().await.state(), State::Up);
    assert!(bank.close_restored(&registered).await > 0, "something was paid, and each reward once");
}

fn decided(installation: &Installation) -> u32 {
    installation.query("SELECT COUNT(*) FROM reward.attempt")[0][0].parse().unwrap_or_default()
}

/// The referral service loses introductions that were paid for: they may come again under other names, so the reward service stops;
/// and what is told from then on is not mistaken for what was told before.
async fn the_referral_service_is_put_back(store: Store) {
    let installation = Installation::over(store, LEASE);
    let (bank, mut referral, _others) = opened(&installation, Service::Referral).await;
    let mut registered = introduce(&bank, 0..3).await;
    settled(&bank, &registered).await;
    assert!(referral.stop().await.success());
    installation.back_up(Service::Referral);
    referral.start();

    registered.extend(introduce(&bank, 4..6).await);
    settled(&bank, &registered).await;
    assert!(referral.stop().await.success());
    installation.put_back(Service::Referral);
    referral.start();

    bank.wait_for_sign(Cause::SenderOutdated).await;
    registered.extend(introduce(&bank, 6..8).await);
    bank.wait_until_delivered(&OWING).await;
    let due: usize = registered.iter().map(|one| one.introduction.due().len()).sum();
    assert_eq!(bank.rewards().await.len(), due, "what came after is granted, and nothing else");
    bank.lift_latch("after the copy was put back").await;
    settled(&bank, &registered).await;
    assert!(bank.close_restored(&registered).await > 0, "something was paid, and each reward once");
}

#[tokio::test]
async fn the_reward_service_is_put_back_on_postgres() {
    the_reward_service_is_put_back(postgres("restored_reward")).await;
}

#[tokio::test]
async fn the_reward_service_is_put_back_on_sqlite() {
    the_reward_service_is_put_back(Store::Sqlite).await;
}

#[tokio::test]
async fn the_referral_service_is_put_back_on_postgres() {
    the_referral_service_is_put_back(postgres("restored_referral")).await;
}

#[tokio::test]
async fn the_referral_service_is_put_back_on_sqlite() {
    the_referral_service_is_put_back(Store::Sqlite).await;
}
