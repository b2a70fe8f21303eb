//! The bank is asked before a reward is paid. Whatever is not a clear, fresh yes to every check, about this payout, keeps it here, and
//! is asked again.

use crate::{
    bank::{Bank, DAY, introduction_plan, money, request_id},
    core_bank::{CoreBank, denied, passed},
};
use handsel_proto::handsel::{
    corebank::v1::{
        PayoutAnswer, PayoutQuestion,
        payout_check::{Kind, Verdict},
    },
    reward::v1::{self as wire, check::Rule, reward::State},
};
use handsel_reward::{Pace, PayoutGate, RewardConfig};
use handsel_service::{Peer, TokenSource, config::PeerConfig};
use handsel_testkit::{Lab, Role, Server, on_both_engines};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tonic::Status;

const HOUR: Duration = Duration::from_secs(60 * 60);
const EVERY_CHECK: [Kind; 4] = [Kind::Standing, Kind::Arrears, Kind::Sanctions, Kind::AccountStatus];

/// The referee gets 40.00 at once; nobody is asked but the bank, of everything.
fn gated() -> wire::Plan {
    let mut plan = wire::Plan {
        gate_checks: vec![
            wire::GateCheck::Standing.into(),
            wire::GateCheck::Arrears.into(),
            wire::GateCheck::Sanctions.into(),
            wire::GateCheck::AccountStatus.into(),
        ],
        beneficiary_cap: None,
        holding_days: 0,
        ..introduction_plan()
    };
    plan.role_rules.remove(0);
    plan
}

fn asking(peer: Peer) -> RewardConfig {
    RewardConfig { gate: PayoutGate::Bank(peer), ..RewardConfig::pull("BANKCNBJ") }
}

/// A bank that asks `core`, with one reward approved and asked of.
async fn asked_of(lab: Lab, core: &CoreBank) -> (Bank, String, Server) {
    let server = lab.serve(core.clone()).await;
    let bank = Bank::configured(lab.clone(), asking(lab.peer(server.address()))).await;
    bank.put_in_force("spring", gated()).await;
    let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
    bank.run_jobs().await;
    (bank, name, server)
}

impl Bank {
    /// It stays where it is, for what the bank says; the gate's reason.
    async fn waits_at_the_gate(&self, name: &str) -> String {
        assert!(self.instructions().await.is_empty(), "nothing leaves");
        let reward = self.reward(name).await;
        let in_the_way =
            |one: &&wire::Check| matches!(one.verdict(), wire::check::Verdict::Fail | wire::check::Verdict::Pending);
        let gate = reward.checks.iter().find(in_the_way).unwrap();
        assert_eq!((gate.rule(), reward.until_time), (Rule::Gate, gate.until_time), "{gate:?}");
        assert!(reward.until_time.is_some(), "it says when the bank is asked again");
        gate.reason.clone()
    }

    async fn hold_lifted(&self, hold: &wire::Hold, request: u32) {
        self.release_hold("karel", request, &hold.name).await.unwrap();
        self.release_hold("lena", request + 1, &hold.name).await.unwrap();
    }

    async fn another_payee(&self, request: u32, name: &str, account: &str) {
        let request = wire::SetPayeeRequest {
            request_id: request_id(request),
            name: name.into(),
            etag: String::new(),
            account_reference: account.into(),
        };
        let token = self.lab.token(Role::BranchManager, "0101", "bea");
        self.rewards().set_payee(self.lab.call(request, &token)).await.unwrap();
    }
}

/// What a bank says that says no clear yes.
type Words = Box<dyn Fn(Vec<PayoutQuestion>) -> Result<Vec<PayoutAnswer>, Status> + Send + Sync>;

fn unclear() -> Vec<(&'static str, Words)> {
    let nobody = "rewards/00000000-0000-7000-8000-00000000ffff";
    let but = |verdict| move |asked| Ok(denied(asked, Kind::Sanctions, verdict, "LIST_7"));
    let changed = |change: fn(&mut PayoutAnswer)| {
        move |asked| {
            let mut answers = passed(asked);
            answers.iter_mut().for_each(change);
            Ok(answers)
        }
    };
    vec![
        ("it is down", Box::new(|_| Err(Status::unavailable("maintenance")))),
        ("it has a fault", Box::new(|_| Err(Status::internal("a fault")))),
        ("it says nothing", Box::new(|_| Ok(Vec::new()))),
        ("it does not know", Box::new(but(Verdict::Unknown))),
        ("it says what no contract knows", Box::new(but(Verdict::Unspecified))),
        ("it leaves out a check", Box::new(changed(|answer| drop(answer.checks.pop())))),
        ("it leaves out every check", Box::new(changed(|answer| answer.checks.clear()))),
        ("it says yes of somebody else", Box::new(changed(|answer| answer.reward = "rewards/".to_owned() + "x"))),
        (
            "it says yes of another reward",
            Box::new(move |asked| {
                let mut answers = passed(asked);
                answers.iter_mut().for_each(|answer| answer.reward = nobody.to_owned());
                Ok(answers)
            }),
        ),
        (
            "it says yes and no",
            Box::new(|asked: Vec<PayoutQuestion>| {
                let mut answers = denied(asked.clone(), Kind::Arrears, Verdict::Fail, "ARREARS_30");
                answers.extend(passed(asked));
                Ok(answers)
            }),
        ),
        (
            "it says yes twice to one check and nothing to another",
            Box::new(changed(|answer| {
                answer.checks.pop();
                let again = answer.checks[0].clone();
                answer.checks.push(again);
            })),
        ),
    ]
}

on_both_engines! {
    async fn one_no_to_any_check_keeps_a_reward_until_the_bank_says_yes(lab: Lab) {
        let core = CoreBank::content();
        core.denies(EVERY_CHECK[0], "NO_0");
        let (bank, name, _server) = asked_of(lab, &core).await;
        let expected = ["STANDING_FAIL", "ARREARS_FAIL", "SANCTIONS_FAIL", "ACCOUNT_STATUS_FAIL"];
        for (kind, expected) in EVERY_CHECK.into_iter().zip(expected) {
            core.denies(kind, "NO_1");
            bank.pass(HOUR).await;
            let asked = core.asked();
            let last = asked.last().unwrap();
            assert_eq!((last.reward.as_str(), last.payee.as_str()), (name.as_str(), "customers/20"));
            assert_eq!((last.amount.clone(), last.checks.len()), (money("40.00 CNY"), 4));
            assert_eq!(bank.waits_at_the_gate(&name).await, expected);
            assert_eq!(bank.reward(&name).await.state(), State::Approved);
            bank.pass(HOUR / 2).await;
            assert!(core.asked().is_empty(), "it is not asked again before its time");
            bank.pass(HOUR / 2).await;
            assert_eq!(core.asked().len(), 1, "and then it is");
        }
        core.says(|asked| Ok(passed(asked)));
        bank.pass(HOUR).await;
        assert_eq!(bank.instructions().await.len(), 1);
        bank.books().await;
    }

    async fn what_is_not_a_clear_yes_waits_and_is_asked_again(lab: Lab) {
        let core = CoreBank::content();
        core.says(|_| Err(Status::unavailable("not yet")));
        let (bank, name, _server) = asked_of(lab, &core).await;
        for (situation, words) in unclear() {
            core.asked();
            core.says(words);
            bank.pass(HOUR).await;
            assert_eq!(core.asked().len(), 1, "{situation}: it is asked");
            assert_eq!(bank.reward(&name).await.state(), State::Approved, "{situation}");
            let reason = bank.waits_at_the_gate(&name).await;
            assert!(reason.ends_with("_UNKNOWN") || reason.ends_with("_FAIL"), "{situation}: {reason}");
        }
        core.says(|asked| Ok(passed(asked)));
        bank.pass(HOUR).await;
        assert_eq!(bank.instructions().await.len(), 1);
    }

    async fn a_bank_that_does_not_answer_in_time_has_not_said_yes(lab: Lab) {
        let core = CoreBank::content();
        // The answer comes once the test has ended.
        let never = Arc::new(Notify::new());
        let server = lab.serve(core.clone()).await;
        let stalled = stalled(Arc::clone(&never)).await;
        let (tokens, own) = (lab.clone(), lab.clone());
        let tokens = TokenSource::made_by(move || Ok(tokens.token(Role::Service, "*", None)));
        let address = format!("http://{stalled}");
        let config = PeerConfig { address, call_timeout_millis: 100, ..PeerConfig::default() };
        let bank = Bank::configured(lab, asking(Peer::new(&config, tokens).unwrap())).await;
        bank.put_in_force("spring", gated()).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.run_jobs().await;
        assert_eq!(bank.waits_at_the_gate(&name).await, "STANDING_UNKNOWN");
        // Another process, whose way to the bank is open, asks once it is time.
        let other = Bank::configured(own.clone(), asking(own.peer(server.address()))).await;
        other.pass(HOUR).await;
        assert_eq!(core.asked().len(), 1);
        assert_eq!(other.instructions().await.len(), 1);
        never.notify_waiters();
    }

    async fn a_plan_that_asks_where_nobody_can_be_asked_waits(lab: Lab) {
        let bank = Bank::with_plan(lab, gated()).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        for _ in 0..3 {
            bank.pass(DAY).await;
            assert_eq!(bank.waits_at_the_gate(&name).await, "STANDING_UNKNOWN");
        }
    }

    async fn a_yes_that_is_too_old_is_asked_again(lab: Lab) {
        let core = CoreBank::content();
        let (bank, name, _server) = asked_of(lab, &core).await;
        // Decided, and nobody has fetched it.
        assert_eq!((core.asked().len(), bank.reward(&name).await.state()), (1, State::Paying));
        core.denies(Kind::Sanctions, "LIST_7");
        bank.pass(HOUR * 23).await;
        assert!(core.asked().is_empty(), "a yes holds for a day");
        bank.pass(HOUR).await;
        assert_eq!(core.asked().len(), 1);
        assert_eq!(bank.waits_at_the_gate(&name).await, "SANCTIONS_FAIL");
        assert_eq!(bank.reward(&name).await.attempts[0].first_send_time, None);
        core.says(|asked| Ok(passed(asked)));
        bank.pass(HOUR).await;
        assert_eq!(bank.instructions().await.len(), 1);
        core.denies(Kind::Sanctions, "LIST_7");
        core.asked();
        bank.pass(DAY * 2).await;
        assert_eq!(bank.instructions().await.len(), 1, "what has left is asked for again whatever is said now");
        assert!(core.asked().is_empty());
    }

    /// The bank's yes was about an account that nobody pays to any more.
    async fn a_yes_about_another_account_does_not_count(lab: Lab) {
        let core = CoreBank::content();
        let (bank, name, _server) = asked_of(lab, &core).await;
        let id = bank.instructions().await.remove(0).end_to_end_id;
        core.asked();
        bank.report(&id, handsel_proto::handsel::corebank::v1::payout_outcome::Status::Rejected, "").await;
        core.says(|asked| {
            let closed = asked.iter().any(|question| question.payee_account == "CLOSED-1");
            let but = if closed { Kind::AccountStatus } else { Kind::Unspecified };
            Ok(denied(asked, but, Verdict::Fail, "AC04"))
        });
        bank.another_payee(20, &name, "CLOSED-1").await;
        bank.approve("fay", &request_id(21), &[&name], "40.00 CNY").await.unwrap();
        bank.run_jobs().await;
        assert_eq!(core.asked().len(), 1, "though yesterday's yes would still hold");
        assert_eq!(bank.waits_at_the_gate(&name).await, "ACCOUNT_STATUS_FAIL");
        // And a no about the old account does not keep the new one.
        bank.another_payee(22, &name, "OPEN-1").await;
        bank.approve("fay", &request_id(23), &[&name], "40.00 CNY").await.unwrap();
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await[0].payee_account, "OPEN-1");
        bank.books().await;
    }

    /// While the bank looks, somebody names another account: its answer is about nothing any more.
    async fn a_yes_that_was_overtaken_does_not_count(lab: Lab) {
        let core = CoreBank::content();
        core.says(|_| Err(Status::unavailable("not yet")));
        let (bank, name, _server) = asked_of(lab, &core).await;
        let bank = Arc::new(bank);
        let (own, reward, runtime) = (Arc::clone(&bank), name.clone(), tokio::runtime::Handle::current());
        let changed = std::sync::Mutex::new(false);
        core.says(move |asked| {
            let mut changed = changed.lock().unwrap();
            if !std::mem::replace(&mut *changed, true) {
                tokio::task::block_in_place(|| runtime.block_on(own.another_payee(20, &reward, "ACC-2")));
            }
            Ok(passed(asked))
        });
        core.asked();
        bank.pass(HOUR).await;
        assert_eq!(core.asked().len(), 1);
        bank.approve("fay", &request_id(21), &[&name], "40.00 CNY").await.unwrap();
        bank.run_jobs().await;
        assert_eq!(core.asked()[0].payee_account, "ACC-2");
        assert_eq!(bank.instructions().await.len(), 1);
        core.says(|asked| Ok(passed(asked)));
    }

    /// As many rewards as are looked at in a run are held, and their plan asks nothing: those behind them are asked of all the same.
    async fn what_waits_for_something_else_keeps_no_other_from_being_asked_of(lab: Lab) {
        let core = CoreBank::content();
        let server = lab.serve(core.clone()).await;
        let bank = two_by_two(lab, &server).await;
        let hold = bank.place_hold(14, "plans/summer").await.unwrap();
        for number in 1..=3 {
            let held = wire::Qualification { plan: "plans/summer".into(), ..bank.qualification(number, "1.00 CNY") };
            bank.grant(held).await.unwrap();
            bank.run_jobs().await;
        }
        bank.lab.clock.advance(HOUR).unwrap();
        bank.grant(bank.qualification(4, "1.00 CNY")).await.unwrap();
        bank.run_jobs().await;
        assert_eq!((core.asked().len(), bank.instructions().await.len()), (1, 1));
        bank.hold_lifted(&hold, 15).await;
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await.len(), 4);
    }

    /// The same of those that nobody holds, and that wait for the latch alone.
    async fn what_no_plan_asks_of_keeps_no_other_from_being_asked_of(lab: Lab) {
        let core = CoreBank::content();
        let server = lab.serve(core.clone()).await;
        let bank = two_by_two(lab, &server).await;
        bank.stop("fay", 14, "the bank's books are being looked at").await;
        for number in 1..=3 {
            let unasked = wire::Qualification { plan: "plans/summer".into(), ..bank.qualification(number, "1.00 CNY") };
            bank.grant(unasked).await.unwrap();
            bank.run_jobs().await;
        }
        bank.lab.clock.advance(HOUR).unwrap();
        let asked_of = bank.grant(bank.qualification(4, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.run_jobs().await;
        let asked: Vec<String> = core.asked().into_iter().map(|question| question.reward).collect();
        assert_eq!(asked, [asked_of]);
        assert!(bank.instructions().await.is_empty(), "the latch is down");
    }
}

/// A bank that looks at two rewards a run: `spring` asks, `summer` asks nothing.
async fn two_by_two(lab: Lab, server: &Server) -> Bank {
    let pace = Pace { batch: 2, ..Pace::default() };
    let bank = Bank::configured(lab.clone(), RewardConfig { pace, ..asking(lab.peer(server.address())) }).await;
    bank.put_in_force("spring", gated()).await;
    let asks_nothing = wire::Plan { gate_checks: Vec::new(), ..gated() };
    bank.create_plan("mia", &request_id(11), "summer", asks_nothing).await.unwrap();
    bank.submit_plan("mia", &request_id(12), "plans/summer").await.unwrap();
    bank.activate_plan("chen", &request_id(13), "plans/summer").await.unwrap();
    bank
}

/// Takes connections and never says a word: its address.
async fn stalled(end: Arc<Notify>) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut taken = Vec::new();
        let ended = end.notified();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                connection = listener.accept() => taken.push(connection),
                () = &mut ended => return,
            }
        }
    });
    address
}
