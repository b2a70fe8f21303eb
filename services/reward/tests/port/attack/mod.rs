//! Anybody calls anything, in any order, alone, again, with other content, or all at once: what must hold holds after each step, and a
//! refusal is one of those that the contract has. Thrown by a seed: `HANDSEL_TEST_SEED` throws others.

mod acts;
mod chance;
mod rules;
mod scene;
mod truth;

use crate::{
    bank::{Bank, DAY, decimal, fixed, introduction_plan, money, request_id},
    core_bank::{CoreBank, passed},
    rate_desk::{half_a_percent, term_deposit},
};
use acts::{Call, Repeated};
use futures::future::join_all;
use handsel_proto::handsel::{
    corebank::v1::payout_check::Kind,
    reward::v1::{self as wire, reversal_terms::Terms as Reversal},
};
use handsel_reward::{PayoutGate, RewardConfig};
use handsel_service::{Clock as _, Part as _};
use handsel_testkit::{Lab, Role, Server, on_both_engines, reason};
use scene::Scene;
use std::time::Duration;
use tonic::{Code, Status};
use truth::Truth;

/// Steps of one attack: some five seconds an engine.
const STEPS: usize = 150;
/// One reward is computed again so often: every so many steps.
const RECOMPUTED: usize = 5;
const SEED: u64 = 20_260_105;
/// Calls that may be made again.
const REMEMBERED: usize = 60;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Money: caps, budgets, seasons, two approvers, the gate, tax withheld, all of it back for a month.
fn spring() -> wire::Plan {
    let two = wire::ApprovalBand {
        from_amount: money("100.00 CNY"),
        roles: vec![Role::FinanceApprover.into(), Role::ComplianceOfficer.into()],
        approvers: 2,
    };
    wire::Plan {
        budget: money("2500.00 CNY"),
        cost_budget: money("2400.00 CNY"),
        season: Some(wire::Season { window: wire::Window::Month.into(), budget: money("1500.00 CNY") }),
        holding_days: 2,
        expiry_days: 12,
        approval_bands: vec![two],
        gate_checks: vec![wire::GateCheck::Arrears.into()],
        reversal: Some(wire::ReversalTerms { terms: Some(Reversal::FullWithinDays(30)) }),
        ..introduction_plan()
    }
}

/// Money or a rate, as the referrer chooses; the bank bears the tax; a part is taken back by days.
fn summer() -> wire::Plan {
    let mut choice = fixed(wire::BeneficiaryRole::Referrer, "30.00 CNY");
    let side = wire::ChoiceSide::Rate.into();
    choice.choice = Some(wire::RateChoice { rate: Some(half_a_percent()), deadline_days: 5, default_side: side });
    let mut plan = wire::Plan {
        role_rules: vec![choice, fixed(wire::BeneficiaryRole::Referee, "12.34 CNY")],
        beneficiary_cap: Some(wire::BeneficiaryCap {
            window: wire::Window::Month.into(),
            max_count: 9,
            max_amount: money("170.00 CNY"),
        }),
        budget: money("500.00 CNY"),
        cost_budget: money("450.00 CNY"),
        season: Some(wire::Season { window: wire::Window::Month.into(), budget: money("400.00 CNY") }),
        approval_bands: Vec::new(),
        holding_days: 0,
        reversal: Some(wire::ReversalTerms { terms: Some(Reversal::ProRataOverDays(20)) }),
        ..introduction_plan()
    };
    plan.tax.as_mut().unwrap().borne_by = wire::flat_tax::BorneBy::Bank.into();
    plan
}

/// A rate for the referrer, points for the referee.
fn autumn() -> wire::Plan {
    let rate = wire::RoleRule {
        role: wire::BeneficiaryRole::Referrer.into(),
        base: Some(wire::role_rule::Base::Rate(half_a_percent())),
        ..wire::RoleRule::default()
    };
    let points = wire::RoleRule {
        role: wire::BeneficiaryRole::Referee.into(),
        base: Some(wire::role_rule::Base::NonCash(wire::NonCashRule {
            kind: wire::NonCashKind::Points.into(),
            label: "Points".into(),
            value_per_unit: money("0.05 CNY"),
            base: Some(wire::non_cash_rule::Base::Fixed(decimal("300").unwrap())),
            ..wire::NonCashRule::default()
        })),
        ..wire::RoleRule::default()
    };
    wire::Plan {
        role_rules: vec![rate, points],
        rate_limits: Some(wire::RateLimits { max_count: 6, budget: money("400.00 CNY") }),
        beneficiary_cap: None,
        tax: None,
        approval_bands: Vec::new(),
        holding_days: 1,
        ..introduction_plan()
    }
}

/// Two processes of one bank, and what has been called so far.
struct Siege {
    desks: [Bank; 2],
    core: CoreBank,
    /// The bank behind the gate lives as long as the siege.
    _server: Server,
    scene: Scene,
    done: Vec<Call>,
    story: Vec<String>,
}

impl Siege {
    async fn lay(lab: Lab, seed: u64) -> Self {
        let core = CoreBank::content();
        let server = lab.serve(core.clone()).await;
        let config =
            || RewardConfig { gate: PayoutGate::Bank(lab.peer(server.address())), ..RewardConfig::pull("BANKCNBJ") };
        let bank = Bank::configured(lab.clone(), config()).await;
        bank.product_in_force("term", term_deposit()).await;
        for (at, (id, plan)) in (0_u32..).zip([("spring", spring()), ("summer", summer()), ("autumn", autumn())]) {
            let name = format!("plans/{id}");
            bank.create_plan("mia", &request_id(10 * at + 1), id, plan).await.unwrap();
            bank.submit_plan("mia", &request_id(10 * at + 2), &name).await.unwrap();
            bank.activate_plan("chen", &request_id(10 * at + 3), &name).await.unwrap();
        }
        let other = Bank::configured(lab.clone(), config()).await;
        Self {
            desks: [bank, other],
            core,
            _server: server,
            scene: Scene::of(seed),
            done: Vec::new(),
            story: Vec::new(),
        }
    }

    async fn truth(&self) -> Truth {
        let bank = &self.desks[0];
        Truth::read(&bank.db, bank.lab.clock.now()).await
    }

    /// One step: time, one call, the same call again, or several at once.
    async fn step(&mut self, before: &Truth) {
        match self.scene.chance.below(100) {
            0..18 => self.time().await,
            18..70 => {
                let call = self.scene.next(before);
                let desk = self.scene.chance.below(2);
                let answer = call.make(&self.desks[desk]).await;
                self.note("", &call, &answer);
                self.keep(call, &answer);
            }
            70..85 => self.again(before).await,
            _ => self.at_once(before).await,
        }
    }

    fn note(&mut self, how: &str, call: &Call, answer: &Result<String, Status>) {
        let said = answer.as_ref().map_or_else(reason, |_| "OK".to_owned());
        self.story.push(format!("{how}{} → {said}: {:?}", call.person, call.act));
        if let Err(status) = answer {
            let known = !matches!(status.code(), Code::Internal | Code::Unknown | Code::Unimplemented | Code::DataLoss);
            assert!(known && !said.is_empty(), "{status:?}\n{}", self.told());
        }
    }

    /// What was done is done again later; but what was refused within an answer may be true by then, as what was said of the future
    /// is, and request ids are forgotten in time.
    fn keep(&mut self, call: Call, answer: &Result<String, Status>) {
        let Ok(said) = answer else { return };
        self.scene.heard(&call);
        if !said.contains("FUTURE_TIME") && !said.contains("result: Refused") {
            self.done.push(call);
        }
        let old = self.done.len().saturating_sub(REMEMBERED);
        self.done.drain(..old);
    }

    async fn time(&mut self) {
        let chance = &self.scene.chance;
        let (step, ordinary) = (chance.of_these([HOUR, HOUR * 5, DAY, DAY * 3]), chance.percent(80));
        if ordinary {
            self.core.says(|asked| Ok(passed(asked)));
        } else {
            self.core.denies(Kind::Arrears, "ARREARS_30");
        }
        let bank = &self.desks[self.scene.chance.below(2)];
        bank.lab.clock.advance(step).unwrap();
        bank.lab.system.advance(step).unwrap();
        let jobs = bank.reward.jobs();
        let some = self.scene.chance.below(jobs.len() * 2);
        // All of them, or one alone, as when the process stops right after.
        match jobs.get(some) {
            Some(job) => drop(job.run_once().await.unwrap()),
            None => bank.run_jobs().await,
        }
        let job = jobs.get(some).map_or("all jobs", |job| job.name);
        self.story.push(format!("{step:?} later, {job}, the bank content: {ordinary}"));
    }

    /// A call that was answered is answered again and does nothing, and is refused with other content.
    async fn again(&mut self, before: &Truth) {
        let Some(call) = self.scene.chance.one(&self.done).cloned() else { return };
        let desk = self.scene.chance.below(2);
        if self.scene.chance.percent(40)
            && let Some(other) = call.with_other_content()
        {
            let answer = other.make(&self.desks[desk]).await;
            self.note("with other content, ", &other, &answer);
            let said = answer.as_ref().map_or_else(reason, |_| "OK".to_owned());
            assert!(["REQUEST_ID_REUSED", "GRANT_CONFLICT"].contains(&said.as_str()), "{said}\n{}", self.told());
        } else {
            let answer = call.make(&self.desks[desk]).await;
            self.note("again, ", &call, &answer);
            assert!(answer.is_ok(), "{}", self.told());
            if call.repeated() == Repeated::Fetches {
                return;
            }
        }
        let after = self.truth().await;
        assert_eq!(before.print, after.print, "a call made again has done something\n{}", self.told());
    }

    async fn at_once(&mut self, before: &Truth) {
        let count = 2 + self.scene.chance.below(3);
        let calls: Vec<Call> = (0..count).map(|_| self.scene.next(before)).collect();
        let made = calls.iter().enumerate().map(|(at, call)| call.make(&self.desks[at % 2]));
        let answers = join_all(made).await;
        for (call, answer) in calls.into_iter().zip(answers) {
            self.note("at once, ", &call, &answer);
            self.keep(call, &answer);
        }
    }

    /// The last steps, for who has to look at what broke.
    fn told(&self) -> String {
        let from = self.story.len().saturating_sub(25);
        self.story[from..].join("\n")
    }

    /// One reward, thrown, comes out as it is stored.
    async fn recomputed(&self, truth: &Truth) {
        let Some(reward) = self.scene.chance.one(&truth.rewards) else { return };
        let again = self.desks[0].recomputed(&format!("rewards/{}", reward.id)).await.unwrap();
        assert!(again.equal, "{again:?}\n{}", self.told());
    }
}

async fn attack(lab: Lab, seed: u64) {
    let mut siege = Siege::lay(lab, seed).await;
    let mut before = siege.truth().await;
    for step in 0..STEPS {
        siege.step(&before).await;
        let after = siege.truth().await;
        let broken = rules::broken(&before, &after);
        assert!(broken.is_empty(), "seed {seed}, step {step}:\n{broken}\n{}", siege.told());
        if step % RECOMPUTED == 0 {
            siege.recomputed(&after).await;
        }
        before = after;
    }
    let bank = &siege.desks[0];
    bank.run_jobs().await;
    bank.books().await;
    let paid = before.rewards.iter().any(|one| matches!(one.state.as_str(), "PAID" | "REVERSED"));
    assert!(paid, "nothing came of it:\n{}", siege.told());
}

fn seed() -> u64 {
    std::env::var("HANDSEL_TEST_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

on_both_engines! {
    async fn whatever_is_called_in_whatever_order_the_books_hold(lab: Lab) {
        attack(lab, seed()).await;
    }
}
