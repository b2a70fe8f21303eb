//! Grants of a batch come out as one by one: the same rewards, counters and transfers, whatever the batch.

use crate::{
    Reward,
    commands::{
        grant_rewards::{Case, GrantRewards, Outcome},
        latch::Gate,
        means::{Means, PlansInForce},
    },
    domain::{
        calculation::{
            caps::{Limits, OnExceed},
            milestones::Fires,
            noncash::NonCashKind,
            rule::{Base, GraduatedBracket, Quantity, RoleRule, Rule},
            tax::{Basis, BorneBy, FlatTax, Tax},
            window::Window,
        },
        plan::Plan,
        qualification::{Qualification, StaffShare},
        rate_rule::RateLimits,
        reward::Role,
        terms::{
            Budgets, Gives, Jurisdiction, MilestoneTerms, Milestones, NonCashRule, Payment, RoleTerms, Season, Terms,
        },
    },
    store,
};
use handsel_money::{Decimal, Money, Rate, Rounding, Timestamp};
use handsel_outbox::{Actor, Outbox, Pseudonyms};
use handsel_service::Clock as _;
use handsel_storage::{Command, Db, Fault, Tx};
use handsel_testkit::{Lab, on_both_engines};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// Batches tried on each engine.
const BATCHES: u8 = 12;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn cny(text: &str) -> Money {
    Money::parse_major("CNY".parse().unwrap(), text).unwrap()
}

/// The same, and with everything that only some plans have: points, items, a team, a stage, milestones, seasons, a cost budget.
fn campaign(on_exceed: OnExceed) -> Terms {
    let mut terms = terms(on_exceed);
    let whole = |quantity: i64| Rule::plain(Base::Fixed { amount: Quantity::new(quantity) });
    let points = NonCashRule {
        kind: NonCashKind::Points,
        label: "points".into(),
        value_per_unit: cny("0.03"),
        rule: Rule::plain(Base::Percent { rate: Rate::parse("0.7").unwrap() }),
    };
    let voucher = |value: &str| NonCashRule {
        kind: NonCashKind::Voucher,
        label: "Cinema".into(),
        value_per_unit: cny(value),
        rule: whole(2),
    };
    let team = RoleRule::plain(Base::Percent { rate: Rate::parse("0.013").unwrap() });
    let role = |role: Role, stage: &str, gives: Gives| RoleTerms { role, stage: stage.into(), gives };
    terms.roles.extend([
        role(Role::Staff, "", Gives::NonCash(voucher("1.50"))),
        role(Role::Team, "", Gives::cash(team)),
        role(Role::Referrer, "LATER", Gives::NonCash(points)),
        role(Role::Referee, "LATER", Gives::NonCash(voucher("0.00"))),
    ]);
    let milestone = |id: &str, fires: Fires, gives: Gives| MilestoneTerms { id: id.into(), fires, gives };
    let every = RoleRule::plain(Base::Fixed { amount: cny("5") });
    terms.milestones = Some(Milestones {
        window: Window::Month,
        list: vec![
            milestone("THIRD", Fires::At(3), Gives::NonCash(voucher("4.00"))),
            milestone("EVERY_SECOND", Fires::Every(2), Gives::cash(every)),
        ],
    });
    terms.limits.count_cap = Some(9);
    terms.limits.amount_cap = Some(cny("90"));
    terms.budgets =
        Budgets { cost: Some(cny("430")), season: Some(Season { window: Window::Month, budget: cny("230") }) };
    terms
}

/// Tight enough that every rule bites within a batch.
pub(super) fn terms(on_exceed: OnExceed) -> Terms {
    let graduated = Base::Graduated {
        brackets: vec![
            GraduatedBracket { lower: cny("0"), rate: Some(Rate::parse("0.01").unwrap()), fixed: Some(cny("3")) },
            GraduatedBracket { lower: cny("100"), rate: Some(Rate::parse("0.035").unwrap()), fixed: None },
        ],
    };
    let multipliers = BTreeMap::from([("CORE".to_owned(), Rate::parse("1.5").unwrap())]);
    let referrer = RoleRule { multipliers, ..RoleRule::plain(graduated) };
    let referee = RoleRule::plain(Base::Percent { rate: Rate::parse("0.02").unwrap() });
    Terms {
        currency: "CNY".parse().unwrap(),
        zone: "Asia/Shanghai".parse().unwrap(),
        rounding: Rounding::HalfEven,
        roles: vec![
            RoleTerms { role: Role::Referee, stage: String::new(), gives: Gives::cash(referee) },
            RoleTerms { role: Role::Referrer, stage: String::new(), gives: Gives::cash(referrer) },
        ],
        milestones: None,
        window: Some(Window::Month),
        limits: Limits { count_cap: Some(4), amount_cap: Some(cny("60")), budget: Some(cny("400")), on_exceed },
        budgets: Budgets::default(),
        rate_limits: RateLimits::default(),
        tax: Tax::Flat(FlatTax {
            rate: Rate::parse("0.2").unwrap(),
            exempt_up_to: cny("2"),
            basis: Basis::Excess,
            borne_by: BorneBy::Bank,
        }),
        reporting_threshold: None,
        holding_days: 7,
        payment: Payment::plain(),
        standing: Jurisdiction::default(),
    }
}

pub(super) fn means(lab: &Lab, db: &Db) -> Means {
    Means {
        ids: Arc::clone(&lab.world().ids),
        outbox: Outbox::new(Reward::NAME, lab.world(), Pseudonyms::from_key(&[7; 32])),
        plans: PlansInForce::of(db.clone()),
        bank: "BANKCNBJ".into(),
        gate: Gate { acquainted: None, longest_wait: DAY },
    }
}

/// Puts a plan in force.
pub(super) struct PutInForce(pub(super) String, pub(super) Terms, pub(super) Timestamp);

impl Command for PutInForce {
    const NAME: &'static str = "test.put_in_force";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let Self(id, terms, now) = self;
        let draft = Plan::draft(id.clone(), "Plan".into(), terms.clone(), "mia".into(), *now);
        store::plan::insert(tx, &draft).await?;
        let in_review = draft.submit("", "mia", *now).unwrap();
        store::plan::save(tx, &in_review).await?;
        let active = in_review.activate("", "chen", *now).unwrap();
        store::plan::save(tx, &active).await?;
        store::counter::open(tx, id, terms).await?;
        for (customer, tier) in [("customers/c0", "CORE"), ("customers/c1", "GENERAL")] {
            store::tier::record(tx, customer, tier, Timestamp::from_micros(0), *now).await?;
        }
        Ok(())
    }
}

/// Applies a batch at once.
struct AtOnce(Vec<GrantRewards>);

impl Command for AtOnce {
    const NAME: &'static str = "test.at_once";
    type Output = Vec<Outcome>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Outcome>, Fault> {
        GrantRewards::apply_all(&self.0.iter().collect::<Vec<_>>(), tx).await
    }
}

/// One qualification of a batch, small numbers so that they collide.
#[derive(Clone, Debug)]
struct Told {
    referral: u8,
    referrer: u8,
    referee: u8,
    minor: i64,
    days_ago: u32,
    oddity: u8,
}

fn told() -> impl Strategy<Value = Told> {
    (0..40_u8, 0..3_u8, 0..3_u8, 0..40_000_i64, 0..50_u32, 0..30_u8).prop_map(
        |(referral, referrer, referee, minor, days_ago, oddity)| Told {
            referral,
            referrer,
            referee,
            minor,
            days_ago,
            oddity,
        },
    )
}

fn command(means: &Means, told: &Told, plan: &str, universe: u8, now: Timestamp) -> GrantRewards {
    let currency = if told.oddity == 0 { "EUR" } else { "CNY" };
    let qualified_at =
        if told.oddity == 1 { now.checked_add(DAY).unwrap() } else { now.checked_sub(DAY * told.days_ago).unwrap() };
    let share = |number: u8| StaffShare { staff: format!("staff/s{number}"), weight: Decimal::from(number + 1) };
    let staff = (0..told.oddity % 4).map(share).collect();
    let qualification = Qualification {
        referral: Uuid::from_u128(u128::from(universe) << 8 | u128::from(told.referral)),
        plan: if told.oddity == 2 { "none".into() } else { plan.to_owned() },
        plan_version: 1,
        branch: "0101".into(),
        referrer: format!("customers/c{}", told.referrer),
        referee: format!("customers/c{}", told.referee),
        qualifying_amount: (told.oddity != 3).then(|| Money::new(currency.parse().unwrap(), told.minor)),
        qualified_at,
        registrar: "tom".into(),
        stage: if told.oddity % 3 == 1 { "LATER".into() } else { String::new() },
        staff,
    };
    GrantRewards { means: means.clone(), case: Case { qualification, actor: Actor::system("test"), now } }
}

/// What an outcome says, the names of this universe left out.
fn said(outcome: &Outcome, plan: &str, universe: u8) -> String {
    match outcome {
        Err(refusal) => refusal.reason().to_owned(),
        Ok(rewards) => rewards
            .iter()
            .map(|reward| {
                let one = &reward.entitlement;
                assert_eq!((one.plan.as_str(), one.referral.as_u128() >> 8), (plan, u128::from(universe)));
                format!(
                    "{} {:?} {}{}{} {} {}{} {} {} {} {:?} {:?} {} {}\n",
                    one.beneficiary,
                    one.role,
                    one.stage,
                    one.milestone,
                    one.milestone_count,
                    one.kind.code(),
                    one.quantity,
                    one.item,
                    one.tier,
                    one.window,
                    one.due_at,
                    one.amounts,
                    reward.reasons,
                    reward.state.standing().code(),
                    one.referral.as_u128() & 0xff,
                )
            })
            .collect(),
    }
}

/// What the database holds of a plan: its counters, rewards and transfers.
async fn held(db: &Db, plan: &str) -> Vec<String> {
    let plan = plan.to_owned();
    let budget: Vec<(i64, i64, bool, bool, bool, bool)> = db
        .all(
            "SELECT granted_minor, cost_minor, warned_80_at IS NULL, warned_100_at IS NULL, cost_warned_80_at IS NULL,
                    cost_warned_100_at IS NULL
             FROM plan_budget WHERE plan_id = $1",
            (plan.clone(),),
        )
        .await
        .unwrap();
    let seasons: Vec<(String, i64, i64, bool, bool)> = db
        .all(
            "SELECT season, granted_minor, limit_minor, warned_80_at IS NULL, warned_100_at IS NULL
             FROM plan_season WHERE plan_id = $1 ORDER BY season",
            (plan.clone(),),
        )
        .await
        .unwrap();
    let progress: Vec<(String, String, i64, i64)> = db
        .all(
            "SELECT window_key, beneficiary, referral_count, highest_count FROM milestone_progress WHERE plan_id = $1
             ORDER BY window_key, beneficiary",
            (plan.clone(),),
        )
        .await
        .unwrap();
    let windows: Vec<(String, String, i64, i64)> = db
        .all(
            "SELECT window_key, beneficiary, reward_count, granted_minor FROM beneficiary_window WHERE plan_id = $1
             ORDER BY window_key, beneficiary",
            (plan.clone(),),
        )
        .await
        .unwrap();
    let rewards: Vec<(String, String, i64, i64, String, String)> = db
        .all(
            "SELECT role, beneficiary, reward_minor, tax_minor, reasons, state FROM reward WHERE plan_id = $1
             ORDER BY referral, stage, role, milestone, beneficiary",
            (plan.clone(),),
        )
        .await
        .unwrap();
    let transfers: Vec<(String, String, String, i64)> = db
        .all(
            "SELECT t.event, t.debit, t.credit, t.amount_minor FROM transfer t JOIN reward r ON r.id = t.reward_id
             WHERE t.plan_id = $1 ORDER BY r.referral, r.stage, r.role, r.milestone, r.beneficiary, t.event",
            (plan,),
        )
        .await
        .unwrap();
    let mut lines = vec![format!("{budget:?}")];
    lines.extend(seasons.iter().map(|row| format!("{row:?}")));
    lines.extend(progress.iter().map(|row| format!("{row:?}")));
    lines.extend(windows.iter().map(|row| format!("{row:?}")));
    lines.extend(rewards.iter().map(|row| format!("{row:?}")));
    lines.extend(transfers.iter().map(|row| format!("{row:?}")));
    lines
}

on_both_engines! {
    async fn a_batch_comes_out_as_one_by_one(lab: Lab) {
        let seen = compare(&lab, terms).await;
        assert!(seen.granted > 50 && seen.cut > 20 && seen.refused > 20, "batches that show nothing: {seen:?}");
    }

    async fn a_batch_of_a_campaign_comes_out_as_one_by_one(lab: Lab) {
        let seen = compare(&lab, campaign).await;
        assert!(seen.granted > 100 && seen.cut > 20 && seen.refused > 5, "batches that show nothing: {seen:?}");
        assert!(seen.milestones > 5 && seen.points > 5 && seen.shares > 20, "batches that show nothing: {seen:?}");
    }
}

/// What batches have shown.
#[derive(Debug, Default)]
struct Seen {
    granted: usize,
    cut: usize,
    refused: usize,
    milestones: usize,
    points: usize,
    shares: usize,
}

impl Seen {
    fn note(&mut self, outcomes: &[String]) {
        let lines = || outcomes.iter().flat_map(|said| said.lines());
        let with = |words: &[&str]| lines().filter(|line| words.iter().any(|word| line.contains(word))).count();
        self.granted += with(&["ACCRUED"]);
        self.cut += with(&["CAP", "BUDGET"]);
        self.refused += outcomes.iter().filter(|said| !said.contains('\n')).count();
        self.milestones += with(&["THIRD", "EVERY_SECOND"]);
        self.points += with(&["POINTS"]);
        self.shares += with(&["Team"]);
    }
}

async fn compare(lab: &Lab, terms: fn(OnExceed) -> Terms) -> Seen {
    let db = lab.migrated(Reward::NAME, &Reward::migrations()).await;
    let (means, now) = (means(lab, &db), lab.clock.now());
    let mut runner = TestRunner::deterministic();
    let mut seen = Seen::default();
    for number in 0..BATCHES {
        let batch = proptest::collection::vec(told(), 1..60).new_tree(&mut runner).unwrap().current();
        let on_exceed = if number % 2 == 0 { OnExceed::Reduce } else { OnExceed::Reject };
        let (single, whole) = (format!("single-{number}"), format!("whole-{number}"));
        for plan in [&single, &whole] {
            db.transact(&PutInForce(plan.clone(), terms(on_exceed), now)).await.unwrap();
        }
        let mut one_by_one = Vec::new();
        for told in &batch {
            let outcome = db.transact(&command(&means, told, &single, number * 2, now)).await.unwrap();
            one_by_one.push(said(&outcome, &single, number * 2));
        }
        // In two halves, so that the second meets what the first has left.
        let mut at_once = Vec::new();
        for half in batch.chunks(batch.len().div_ceil(2)) {
            let commands = half.iter().map(|told| command(&means, told, &whole, number * 2 + 1, now)).collect();
            let outcomes = db.transact(&AtOnce(commands)).await.unwrap();
            at_once.extend(outcomes.iter().map(|outcome| said(outcome, &whole, number * 2 + 1)));
        }
        assert_eq!(one_by_one, at_once, "{batch:#?}");
        assert_eq!(held(&db, &single).await, held(&db, &whole).await, "{batch:#?}");
        seen.note(&at_once);
    }
    seen
}
