//! The rate of a contract with a customer's grants, and the life of one grant.

use crate::{NOW, cny, stacking::candidate};
use expect_test::expect;
use handsel_money::{Date, DayCount, Decimal, Money, Rate, Rounding, Timestamp};
use handsel_reward::domain::{
    calculation::{
        deposit::Accrual,
        loan::{InterestBasis, Method},
    },
    effective_rate::{self, Contract, Differs, EffectiveRate, Input},
    rate_grant::{self, Freed, Ground, Moved, Opening, RateGrant, Standing, Taken},
    rate_product::{BaseRates, Kind, ProductTerms, RateProduct, State, TermRate, Versions},
    rate_rule::{Change, Estimate, RateLimits, RateRule, StartRule},
    refusal::Refusal,
    reward::Role,
    stacking::{Candidate, Stacking},
};
use std::time::Duration;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rate(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// 2 percent, from a year on 3 percent, from 2026-01-01; from 2026-07-01 3.5 percent.
fn terms(kind: Kind) -> ProductTerms {
    let term = |from_months, text| TermRate { from_months, rate: rate(text) };
    ProductTerms {
        currency: "CNY".parse().unwrap(),
        zone: "Asia/Shanghai".parse().unwrap(),
        rounding: Rounding::HalfUp,
        effective_from: day("2026-01-01"),
        kind,
        base_rates: vec![
            BaseRates { from: day("2026-01-01"), terms: vec![term(3, "0.02"), term(12, "0.03")] },
            BaseRates { from: day("2026-07-01"), terms: vec![term(3, "0.035")] },
        ],
        max_change_bps: None,
        rate_limit: None,
        stacking: Stacking::default(),
    }
}

fn deposit() -> ProductTerms {
    terms(Kind::Deposit { day_count: DayCount::Act365F, accrual: Accrual::Simple })
}

fn loan() -> ProductTerms {
    terms(Kind::Loan { interest_basis: InterestBasis::Twelfth, method: Method::EqualPrincipal })
}

fn input(terms: ProductTerms, principal: &str, candidates: Vec<Candidate>) -> Input {
    let contract = Contract { principal: cny(principal), start: day("2026-03-01"), term_months: 12, maturity: None };
    Input { product: "term".into(), product_version: 1, terms, contract, candidates }
}

/// `3.7 % (3.45 % blended) 1:50 2:20 PRODUCT_LIMIT; 10000.00 CNY at 0.037 370.00 CNY; benefit 70.00 CNY`.
fn told(effective: &EffectiveRate) -> String {
    let parts = effective.parts.iter().map(|part| {
        let because = part.because.map(|because| format!(" {}", because.code())).unwrap_or_default();
        format!("{}:{}{because}", part.grant.as_u128(), part.applied_bps)
    });
    let layers =
        effective.layers.iter().map(|layer| format!("{} at {} {}", layer.principal, layer.rate, layer.interest));
    format!(
        "{} ({} blended) {}; {}; {} benefit",
        effective.rate,
        effective.blended_rate.normalize(),
        parts.collect::<Vec<_>>().join(" "),
        layers.collect::<Vec<_>>().join(", "),
        effective.benefit
    )
}

fn decided(input: &Input) -> String {
    told(&effective_rate::decide(input).unwrap())
}

#[test]
fn the_base_rate_goes_by_day_and_term() {
    let terms = deposit();
    for (on, months, expected) in [
        ("2025-12-31", 12, None),
        ("2026-01-01", 2, None),
        ("2026-01-01", 3, Some("0.02")),
        ("2026-06-30", 11, Some("0.02")),
        ("2026-06-30", 12, Some("0.03")),
        ("2026-07-01", 60, Some("0.035")),
    ] {
        assert_eq!(terms.base_rate(day(on), months), expected.map(rate), "{on} {months}");
    }
}

#[test]
fn uplifts_add_up_and_limits_cut_the_last_listed_first() {
    let two = || vec![candidate(1, "A", "50"), candidate(2, "A", "30")];
    let of = |terms: ProductTerms| decided(&input(terms, "10000.00", two()));
    let uncapped = of(deposit());
    assert_eq!(uncapped, "0.038 (0.038 blended) 1:50 2:30; 10000.00 CNY at 0.038 380.00 CNY; 80.00 CNY benefit");
    let most = ProductTerms { max_change_bps: Some(Decimal::from(60)), ..deposit() };
    assert_eq!(
        of(most),
        "0.036 (0.036 blended) 1:50 2:10 PRODUCT_LIMIT; 10000.00 CNY at 0.036 360.00 CNY; 60.00 CNY benefit"
    );
    let ceiling = ProductTerms { rate_limit: Some(rate("0.034")), ..deposit() };
    assert_eq!(
        of(ceiling),
        "0.034 (0.034 blended) 1:40 PRODUCT_LIMIT 2:0 PRODUCT_LIMIT; 10000.00 CNY at 0.034 340.00 CNY; 40.00 CNY benefit"
    );
}

#[test]
fn a_principal_cap_counts_for_its_own_grant_only() {
    let capped = Candidate { principal_cap: Some(cny("4000.00")), ..candidate(1, "A", "50") };
    let wide = Candidate { principal_cap: Some(cny("90000.00")), ..candidate(3, "A", "1") };
    let grants = vec![capped, candidate(2, "A", "20"), wide];
    assert_eq!(
        decided(&input(deposit(), "10000.00", grants.clone())),
        "0.0371 (0.0341 blended) 1:50 2:20 3:1; 4000.00 CNY at 0.0371 148.40 CNY, 6000.00 CNY at 0.0321 192.60 CNY; \
         41.00 CNY benefit"
    );
    assert_eq!(
        decided(&input(deposit(), "3000.00", grants)),
        "0.0371 (0.0371 blended) 1:50 2:20 3:1; 3000.00 CNY at 0.0371 111.30 CNY; 21.30 CNY benefit"
    );
}

#[test]
fn a_discount_lowers_a_loan_for_its_months_and_never_below_the_floor() {
    let for_six = Candidate { term_months: Some(6), ..candidate(1, "A", "100") };
    assert_eq!(
        decided(&input(loan(), "12000.00", vec![for_six])),
        "0.02 (0.02 blended) 1:100; 12000.00 CNY at 0.02 147.50 CNY; 47.50 CNY benefit"
    );
    let floor = ProductTerms { rate_limit: Some(rate("0.025")), ..loan() };
    assert_eq!(
        decided(&input(floor, "12000.00", vec![candidate(1, "A", "100")])),
        "0.025 (0.025 blended) 1:50 PRODUCT_LIMIT; 12000.00 CNY at 0.025 162.50 CNY; 32.50 CNY benefit"
    );
}

#[test]
fn a_contract_that_cannot_be_computed_is_refused_by_name() {
    let of = |change: fn(&mut Input)| {
        let mut input = input(deposit(), "10000.00", Vec::new());
        change(&mut input);
        effective_rate::decide(&input).unwrap_err().reason()
    };
    assert_eq!(of(|input| input.contract.principal = Money::new("EUR".parse().unwrap(), 1)), "CURRENCY_MISMATCH");
    assert_eq!(of(|input| input.contract.principal = cny("0.00")), "FIELD_INVALID");
    assert_eq!(of(|input| input.contract.term_months = 2), "NO_BASE_RATE");
    assert_eq!(of(|input| input.contract.start = day("2025-12-31")), "NO_BASE_RATE");
    let most = |input: &mut Input| {
        input.contract.principal = Money::new("CNY".parse().unwrap(), i64::MAX);
        input.contract.term_months = 600;
    };
    assert_eq!(of(most), "OUT_OF_RANGE");
}

/// The referrer gets 50 basis points on new deposits of 12 months at most, offered for 30 days, valued by 10,000 over a year.
fn rule() -> RateRule {
    RateRule {
        product: "term".into(),
        change: Change::Uplift(Decimal::from(50)),
        principal_cap: None,
        term_months: Some(12),
        start: StartRule::NewContract,
        group: "REFERRAL".into(),
        limit: None,
        expiry_days: 30,
        estimate: Estimate { principal: cny("10000.00"), term_months: 12 },
    }
}

fn product() -> Versions {
    Versions(vec![RateProduct {
        id: "term".into(),
        version: 1,
        display_name: "Term deposit".into(),
        terms: deposit(),
        maker: "mia".into(),
        state: State::Active { submitter: "mia".into(), checker: "chen".into() },
        revision: 3,
        created_at: NOW,
        updated_at: NOW,
    }])
}

fn ground() -> Ground {
    Ground {
        referral: Uuid::from_u128(1),
        plan: "spring".into(),
        plan_version: 1,
        role: Role::Referrer,
        stage: String::new(),
        milestone: String::new(),
        milestone_count: 0,
        beneficiary: "customers/10".into(),
        branch: "0101".into(),
        qualified_at: NOW,
    }
}

fn offered_within(limits: &RateLimits, taken: &mut Taken) -> RateGrant {
    rate_grant::offer(ground(), &rule(), limits, &product(), taken, (Uuid::from_u128(7), NOW)).grant
}

fn offered() -> RateGrant {
    offered_within(&RateLimits::default(), &mut Taken::default())
}

fn opening(start: &str, months: u32) -> Opening {
    let contract = Contract { principal: cny("20000.00"), start: day(start), term_months: months, maturity: None };
    Opening { reference: "D-1".into(), contract }
}

fn later(days: u32) -> Timestamp {
    NOW.checked_add(DAY * days).unwrap()
}

fn activated() -> RateGrant {
    offered().activate(opening("2026-01-05", 12), &product(), Vec::new(), NOW).unwrap().0.grant
}

#[test]
fn an_offer_is_valued_by_its_contract_of_reference_and_takes_its_room() {
    let mut taken = Taken::default();
    let limits = RateLimits { count: Some(3), budget: Some(cny("100.00")) };
    let first = offered_within(&limits, &mut taken);
    assert_eq!((first.state.standing(), first.offer.estimate), (Standing::Offered, cny("50.00")));
    // Offered on 5 January in Shanghai; the last of 30 days is 4 February.
    assert_eq!(first.offer.expires_at, day("2026-02-05").start_in(&deposit().zone));
    assert_eq!(taken, Taken { count: 1, benefit_minor: 5_000 });
    let second = offered_within(&limits, &mut taken);
    assert_eq!((second.state.standing(), taken), (Standing::Offered, Taken { count: 2, benefit_minor: 10_000 }));
    let third = offered_within(&limits, &mut taken);
    assert_eq!((third.state.standing(), third.reasons), (Standing::Rejected, vec!["BUDGET".to_owned()]));
    let capped = RateLimits { count: Some(2), budget: None };
    let fourth = offered_within(&capped, &mut taken);
    assert_eq!((fourth.state.standing(), fourth.reasons), (Standing::Rejected, vec!["COUNT_CAP".to_owned()]));
    assert_eq!(taken, Taken { count: 2, benefit_minor: 10_000 });
}

#[test]
fn where_the_product_gives_no_rate_nothing_is_offered_and_nothing_taken() {
    let mut taken = Taken::default();
    for (rule, product) in [
        (rule(), Versions::default()),
        (RateRule { change: Change::Discount(Decimal::ONE), ..rule() }, product()),
        (RateRule { estimate: Estimate { principal: cny("1.00"), term_months: 1 }, ..rule() }, product()),
    ] {
        let ids = (Uuid::from_u128(7), NOW);
        let made = rate_grant::offer(ground(), &rule, &RateLimits::default(), &product, &mut taken, ids);
        assert_eq!(made.grant.reasons, ["RATE_UNAVAILABLE"]);
        assert_eq!((made.grant.state.standing(), made.record), (Standing::Rejected, None));
    }
    assert_eq!(taken, Taken::default());
}

#[test]
fn a_contract_takes_it_and_the_counter_holds_what_it_is_worth() {
    let (Moved { grant, freed }, record) =
        offered().activate(opening("2026-01-05", 12), &product(), Vec::new(), NOW).unwrap();
    let activation = grant.state.activation().unwrap();
    assert_eq!((activation.rate.to_string().as_str(), activation.benefit), ("0.035", cny("100.00")));
    assert_eq!(activation.ends_at, day("2027-01-05").start_in(&deposit().zone));
    // Estimated at 50, worth 100: that much more is taken.
    assert_eq!(freed, Freed { count: 0, benefit_minor: -5_000 });
    let stored = serde_json::to_vec(&record).unwrap();
    assert_eq!(effective_rate::recompute(&stored), Ok(record.clone()));
    let other = effective_rate::RateRecord { benefit: cny("99.99"), ..record };
    let differs = effective_rate::recompute(&serde_json::to_vec(&other).unwrap());
    assert_eq!(differs, Err(Differs::Value { stored: cny("99.99"), again: cny("100.00") }));
    let other = effective_rate::RateRecord { calculation_version: 99, ..other };
    assert_eq!(effective_rate::recompute(&serde_json::to_vec(&other).unwrap()), Err(Differs::Version(99)));
}

#[test]
fn it_is_worth_what_it_adds_to_the_others() {
    let most = ProductTerms { max_change_bps: Some(Decimal::from(60)), ..deposit() };
    let mut product = product();
    product.0[0].terms = most;
    // The other one is of group CAMPAIGN, before REFERRAL by name, and leaves 10 basis points of 50.
    let others = vec![candidate(1, "CAMPAIGN", "50")];
    let (moved, _) = offered().activate(opening("2026-01-05", 12), &product, others, NOW).unwrap();
    let activation = moved.grant.state.activation().unwrap();
    assert_eq!((activation.applied_bps, activation.benefit), (Decimal::TEN, cny("20.00")));
    assert_eq!(activation.rate.to_string(), "0.036");
}

#[test]
fn what_cannot_take_it_is_refused_by_name() {
    let try_at = |grant: RateGrant, opening: Opening, now: Timestamp| {
        grant.activate(opening, &product(), Vec::new(), now).map(|_| ()).map_err(|refusal| refusal.reason())
    };
    let start = || opening("2026-01-05", 12);
    assert_eq!(try_at(activated(), start(), NOW), Err("STATE_CONFLICT"));
    assert_eq!(try_at(offered(), start(), offered().offer.expires_at), Err("OFFER_EXPIRED"));
    assert_eq!(try_at(offered(), opening("2025-12-31", 12), NOW), Err("NO_BASE_RATE"));
    assert_eq!(try_at(offered(), opening("2026-01-06", 12), NOW), Err("FUTURE_TIME"));
    assert_eq!(try_at(offered(), opening("2026-01-04", 12), NOW), Err("START_BEFORE_OFFER"));
    assert_eq!(try_at(offered(), opening("2026-01-05", 2), NOW), Err("NO_BASE_RATE"));
    assert_eq!(try_at(offered(), opening("2026-01-05", 13), NOW), Err("TERM_NOT_COVERED"));
    let any = RateRule { start: StartRule::AnyContract, ..rule() };
    let limits = RateLimits::default();
    let ids = (Uuid::from_u128(7), NOW);
    let any = rate_grant::offer(ground(), &any, &limits, &product(), &mut Taken::default(), ids).grant;
    assert_eq!(try_at(any, opening("2026-01-04", 12), NOW), Ok(()));
}

#[test]
fn the_same_contract_told_again_is_the_same() {
    assert_eq!(offered().was_opened_by(&opening("2026-01-05", 12)), Ok(false));
    assert_eq!(activated().was_opened_by(&opening("2026-01-05", 12)), Ok(true));
    let other = Opening { reference: "D-2".into(), ..opening("2026-01-05", 12) };
    assert_eq!(activated().was_opened_by(&other), Err(Refusal::ActivationConflict(activated().name())));
    assert!(activated().was_opened_by(&opening("2026-01-05", 6)).is_err());
}

#[test]
fn each_state_is_left_by_its_own_acts_only() {
    let late = later(400);
    let ended = activated().end(NOW, "core", "CLOSED_EARLY", NOW).unwrap().grant;
    let revoked = offered().revoke("fay", "FRAUD", NOW).unwrap().grant;
    let expired = offered().expire(late).unwrap().grant;
    let rejected = offered_within(&RateLimits { count: Some(0), budget: None }, &mut Taken::default());
    let mut table = String::new();
    for grant in [offered(), activated(), ended, revoked, expired, rejected] {
        let outcomes = [
            (
                "activate",
                grant.clone().activate(opening("2026-01-05", 12), &product(), vec![], NOW).map(|(moved, _)| moved),
            ),
            ("end", grant.clone().end(NOW, "core", "CLOSED_EARLY", NOW)),
            ("run out", grant.clone().run_out(late)),
            ("expire", grant.clone().expire(late)),
            ("revoke", grant.clone().revoke("fay", "FRAUD", NOW)),
        ];
        let to: Vec<String> = outcomes
            .into_iter()
            .filter_map(|(act, outcome)| Some(format!("{act} → {}", outcome.ok()?.grant.state.standing().code())))
            .collect();
        table.push_str(&format!("{}: {}\n", grant.state.standing().code(), to.join(", ")));
    }
    expect![[r#"
        OFFERED: activate → ACTIVE, expire → EXPIRED, revoke → REVOKED
        ACTIVE: end → ENDED, run out → ENDED, revoke → REVOKED
        ENDED: 
        REVOKED: 
        EXPIRED: 
        REJECTED: 
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_is_not_used_comes_back() {
    let freed = |moved: Moved| (moved.freed.count, moved.freed.benefit_minor);
    assert_eq!(freed(offered().expire(later(400)).unwrap()), (1, 5_000));
    assert_eq!(freed(offered().revoke("fay", "FRAUD", NOW).unwrap()), (1, 5_000));
    assert_eq!(freed(activated().end(NOW, "core", "CLOSED_EARLY", NOW).unwrap()), (0, 0));
    assert_eq!(freed(activated().run_out(later(400)).unwrap()), (0, 0));
    // Of 365 days, 100 are gone: 265/365 of 100.00, and what is not a whole cent stays used.
    let at = activated().state.activation().unwrap().starts_at.checked_add(DAY * 100).unwrap();
    assert_eq!(freed(activated().revoke("fay", "FRAUD", at).unwrap()), (0, 7_260));
    assert_eq!(freed(activated().revoke("fay", "FRAUD", later(800)).unwrap()), (0, 0));
}

#[test]
fn it_counts_from_its_contracts_first_day_until_it_is_over() {
    let grant = activated();
    let starts_at = grant.state.activation().unwrap().starts_at;
    let before = Timestamp::from_micros(starts_at.as_micros() - 1);
    assert!(grant.counting_at(before).is_none());
    assert!(grant.counting_at(starts_at).is_some());
    assert!(grant.counting_at(later(400)).is_none());
    let ended = grant.end(later(10), "core", "CLOSED_EARLY", later(10)).unwrap().grant;
    assert!(ended.counting_at(later(9)).is_some());
    assert!(ended.counting_at(later(10)).is_none());
    assert!(offered().counting_at(NOW).is_none());
}
