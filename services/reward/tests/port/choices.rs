//! A choice between money and rate: open until it is made or its deadline passes; once; and what the plan's budget holds meanwhile.

use crate::{
    bank::{Bank, DAY, fixed, introduction_plan, money, request_id, text},
    rate_desk::{half_a_percent, term_deposit},
};
use handsel_proto::handsel::reward::v1::{
    self as wire, choice_service_client::ChoiceServiceClient, rate_grant::State as RateState, reward::State,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Code, Response, Status};

/// The referrer takes so much money, or half a percent that is worth 50.00; ten days to choose.
fn choice_plan(amount: &str, default_side: wire::ChoiceSide) -> wire::Plan {
    let mut role = fixed(wire::BeneficiaryRole::Referrer, amount);
    role.choice =
        Some(wire::RateChoice { rate: Some(half_a_percent()), deadline_days: 10, default_side: default_side.into() });
    wire::Plan {
        role_rules: vec![role],
        beneficiary_cap: None,
        tax: None,
        holding_days: 0,
        approval_bands: Vec::new(),
        budget: money("200.00 CNY"),
        ..introduction_plan()
    }
}

async fn open(lab: Lab, plan: wire::Plan) -> Bank {
    let bank = Bank::open(lab).await;
    bank.product_in_force("term", term_deposit()).await;
    bank.put_in_force("spring", plan).await;
    bank
}

async fn granted(bank: &Bank, number: u32) -> String {
    bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap().remove(0).name
}

async fn choose(
    bank: &Bank,
    branch: &str,
    request: u32,
    reward: &str,
    side: wire::ChoiceSide,
) -> Result<wire::RewardChoice, Status> {
    let request = wire::ChooseRewardRequest {
        request_id: request_id(request),
        name: format!("{reward}/choice"),
        side: side.into(),
    };
    let token = bank.lab.token(Role::BranchStaff, branch, "anna");
    let mut client = ChoiceServiceClient::new(bank.channel());
    client.choose_reward(bank.lab.call(request, &token)).await.map(Response::into_inner)
}

async fn choice(bank: &Bank, reward: &str) -> Result<wire::RewardChoice, Status> {
    let request = wire::GetRewardChoiceRequest { name: format!("{reward}/choice") };
    let token = bank.lab.token(Role::InternalAuditor, "*", None);
    let mut client = ChoiceServiceClient::new(bank.channel());
    client.get_reward_choice(bank.lab.call(request, &token)).await.map(Response::into_inner)
}

async fn held(bank: &Bank) -> String {
    text(bank.plan("spring").await.granted.as_ref())
}

on_both_engines! {
    async fn while_it_is_open_the_dearer_side_is_held_and_nothing_is_paid(lab: Lab) {
        let bank = open(lab, choice_plan("30.00 CNY", wire::ChoiceSide::Cash)).await;
        let reward = granted(&bank, 1).await;
        let open = choice(&bank, &reward).await.unwrap();
        assert_eq!((open.side(), open.default_side()), (wire::ChoiceSide::Unspecified, wire::ChoiceSide::Cash));
        assert_eq!(text(open.estimated_benefit.as_ref()), "50.00 CNY");
        assert_eq!(text(open.held_beyond_reward.as_ref()), "20.00 CNY");
        assert_eq!(held(&bank).await, "50.00 CNY");
        bank.pass(DAY * 5).await;
        let waiting = bank.reward(&reward).await;
        assert_eq!((waiting.state(), waiting.choice.as_ref()), (State::Accrued, Some(&open)));
        assert!(waiting.waiting_for.starts_with("its beneficiary's choice between money and rate, until "));
        assert!(bank.instructions().await.is_empty());
    }

    async fn the_money_is_chosen_once(lab: Lab) {
        let bank = open(lab, choice_plan("30.00 CNY", wire::ChoiceSide::Rate)).await;
        let reward = granted(&bank, 1).await;
        let other = choose(&bank, "0202", 41, &reward, wire::ChoiceSide::Cash).await.unwrap_err();
        assert_eq!(reason(&other), "BRANCH_MISMATCH");
        let made = choose(&bank, "0101", 42, &reward, wire::ChoiceSide::Cash).await.unwrap();
        assert_eq!((made.side(), made.chooser.as_str(), made.reason.as_str()), (wire::ChoiceSide::Cash, "anna", ""));
        assert_eq!(held(&bank).await, "30.00 CNY");
        assert_eq!(choose(&bank, "0101", 42, &reward, wire::ChoiceSide::Cash).await.unwrap(), made);
        for side in [wire::ChoiceSide::Cash, wire::ChoiceSide::Rate] {
            let again = choose(&bank, "0101", 43, &reward, side).await.unwrap_err();
            assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "CHOICE_CLOSED"));
        }
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await.len(), 1);
        assert!(bank.rate_grants().await.is_empty());
    }

    async fn the_rate_is_chosen_and_the_money_cancelled(lab: Lab) {
        let bank = open(lab, choice_plan("80.00 CNY", wire::ChoiceSide::Cash)).await;
        let reward = granted(&bank, 1).await;
        assert_eq!(held(&bank).await, "80.00 CNY");
        let made = choose(&bank, "0101", 41, &reward, wire::ChoiceSide::Rate).await.unwrap();
        let cancelled = bank.reward(&reward).await;
        assert_eq!((cancelled.state(), cancelled.reasons), (State::Cancelled, vec!["CHOICE_RATE".to_owned()]));
        let grants = bank.rate_grants().await;
        assert_eq!(grants.len(), 1);
        assert_eq!((grants[0].state(), &grants[0].name), (RateState::Offered, &made.rate_grant));
        assert_eq!(held(&bank).await, "50.00 CNY");
        // Unused, its room comes back too.
        bank.pass(DAY * 31).await;
        assert_eq!(bank.rate_grant(&made.rate_grant).await.state(), RateState::Expired);
        assert_eq!(held(&bank).await, "0.00 CNY");
        bank.books().await;
    }

    async fn the_deadline_chooses_what_the_plan_says(lab: Lab) {
        let bank = open(lab, choice_plan("30.00 CNY", wire::ChoiceSide::Rate)).await;
        let reward = granted(&bank, 1).await;
        bank.lab.clock.advance(DAY * 11).unwrap();
        let late = choose(&bank, "0101", 41, &reward, wire::ChoiceSide::Cash).await.unwrap_err();
        assert_eq!(reason(&late), "CHOICE_CLOSED");
        bank.run_jobs().await;
        let made = choice(&bank, &reward).await.unwrap();
        assert_eq!((made.side(), made.chooser.as_str(), made.reason.as_str()), (wire::ChoiceSide::Rate, "", "DEADLINE"));
        assert_eq!(bank.reward(&reward).await.state(), State::Cancelled);
        assert_eq!(held(&bank).await, "50.00 CNY");
    }

    async fn two_choices_at_once_are_one(lab: Lab) {
        let bank = open(lab.clone(), choice_plan("30.00 CNY", wire::ChoiceSide::Cash)).await;
        let other = Bank::open(lab).await;
        let reward = granted(&bank, 1).await;
        let (cash, rate) = tokio::join!(
            choose(&bank, "0101", 41, &reward, wire::ChoiceSide::Cash),
            choose(&other, "0101", 42, &reward, wire::ChoiceSide::Rate),
        );
        let (first, second) = if cash.is_ok() { (cash, rate) } else { (rate, cash) };
        assert_eq!(reason(&second.unwrap_err()), "CHOICE_CLOSED");
        let side = first.unwrap().side();
        assert_eq!(choice(&bank, &reward).await.unwrap().side(), side);
        let expected = if side == wire::ChoiceSide::Cash { "30.00 CNY" } else { "50.00 CNY" };
        assert_eq!(held(&bank).await, expected);
    }

    async fn where_the_dearer_side_has_no_room_there_is_nothing_to_choose(lab: Lab) {
        let plan = wire::Plan { budget: money("70.00 CNY"), ..choice_plan("30.00 CNY", wire::ChoiceSide::Rate) };
        let bank = open(lab, plan).await;
        let (first, second) = (granted(&bank, 1).await, granted(&bank, 2).await);
        assert_eq!(choice(&bank, &first).await.unwrap().side(), wire::ChoiceSide::Unspecified);
        // 20.00 are left for a reward of 30.00: it is cut, and the rate has no room.
        let closed = choice(&bank, &second).await.unwrap();
        assert_eq!((closed.side(), closed.reason.as_str()), (wire::ChoiceSide::Cash, "BUDGET"));
        assert_eq!(held(&bank).await, "70.00 CNY");
        let none = choice(&bank, "rewards/00000000-0000-7000-8000-000000000099").await.unwrap_err();
        assert_eq!((none.code(), reason(&none).as_str()), (Code::NotFound, "NOT_FOUND"));
    }

    /// Season, cap and cost hold the dearer side as well, and what was chosen for as long as it holds anything.
    async fn every_limit_holds_the_dearer_side(lab: Lab) {
        let mut plan = choice_plan("30.00 CNY", wire::ChoiceSide::Rate);
        plan.season = Some(wire::Season { window: wire::Window::Year.into(), budget: money("120.00 CNY") });
        plan.cost_budget = money("130.00 CNY");
        plan.beneficiary_cap = Some(wire::BeneficiaryCap {
            window: wire::Window::Year.into(),
            max_count: 10,
            max_amount: money("200.00 CNY"),
        });
        let bank = open(lab, plan).await;
        let of_all = async || -> Vec<String> {
            let uses = bank.plan("spring").await.budget_uses;
            let mut all: Vec<String> = uses.iter().map(|one| text(one.granted.as_ref())).collect();
            let (window,): (i64,) = bank.db.one("SELECT granted_minor FROM beneficiary_window", ()).await.unwrap();
            all.push(window.to_string());
            all
        };
        let (first, second) = (granted(&bank, 1).await, granted(&bank, 2).await);
        assert_eq!(of_all().await, ["100.00 CNY", "100.00 CNY", "100.00 CNY", "10000"]);
        // 20.00 are left of the season: the third is cut to that, and its rate has no room.
        let third = choice(&bank, &granted(&bank, 3).await).await.unwrap();
        assert_eq!((third.side(), third.reason.as_str()), (wire::ChoiceSide::Cash, "BUDGET"));
        let made = choose(&bank, "0101", 41, &first, wire::ChoiceSide::Rate).await.unwrap();
        assert_eq!(of_all().await, ["120.00 CNY", "120.00 CNY", "120.00 CNY", "12000"], "the rate holds what it is worth");
        choose(&bank, "0101", 42, &second, wire::ChoiceSide::Cash).await.unwrap();
        assert_eq!(of_all().await, ["100.00 CNY", "100.00 CNY", "100.00 CNY", "10000"], "the money holds itself");
        bank.revoke_rate("fay", 43, &made.rate_grant).await.unwrap();
        assert_eq!(of_all().await, ["50.00 CNY", "50.00 CNY", "50.00 CNY", "5000"], "what is taken back holds nothing");
    }

    async fn a_reward_that_is_cancelled_gives_back_what_its_choice_held(lab: Lab) {
        let terms = Some(wire::reversal_terms::Terms::FullWithinDays(30));
        let reversal = Some(wire::ReversalTerms { terms });
        let bank = open(lab, wire::Plan { reversal, ..choice_plan("30.00 CNY", wire::ChoiceSide::Rate) }).await;
        let reward = granted(&bank, 1).await;
        assert_eq!(bank.reverse(41, &reward).await.unwrap().state(), State::Cancelled);
        bank.run_jobs().await;
        let closed = choice(&bank, &reward).await.unwrap();
        assert_eq!((closed.reason.as_str(), held(&bank).await.as_str()), ("REWARD_MOVED", "0.00 CNY"), "before its deadline");
        let late = choose(&bank, "0101", 42, &reward, wire::ChoiceSide::Rate).await.unwrap_err();
        assert_eq!(reason(&late), "CHOICE_CLOSED");
    }

    async fn a_rate_beyond_the_cap_is_no_choice(lab: Lab) {
        let mut plan = choice_plan("30.00 CNY", wire::ChoiceSide::Rate);
        let window = wire::Window::Month.into();
        plan.beneficiary_cap = Some(wire::BeneficiaryCap { window, max_count: 10, max_amount: money("40.00 CNY") });
        let bank = open(lab, plan).await;
        let closed = choice(&bank, &granted(&bank, 1).await).await.unwrap();
        assert_eq!((closed.side(), closed.reason.as_str()), (wire::ChoiceSide::Cash, "AMOUNT_CAP"));
        assert_eq!(held(&bank).await, "30.00 CNY");
    }
}
