//! What a plan may be: the rules of profiles, one row each; and what its terms sheet says.

use crate::{NOW, cny};
use expect_test::expect;
use handsel_money::{Decimal, Rate, Rounding};
use handsel_reward::domain::{
    calculation::{
        caps::{Limits, OnExceed},
        explanation::Language,
        milestones::Fires,
        noncash::NonCashKind,
        reversal::Clawback,
        rule::{Base, GraduatedBracket, Pays, Quantity, RoleRule, Rule, SlabBracket},
        tax::{Basis, BorneBy, FlatTax, Tax},
        window::Window,
    },
    plan::Plan,
    profile::{Introducers, Profile, QualifyingFact, broken},
    rate_rule::{Change, Estimate, RateLimits, RateRule, StartRule},
    reward::Role,
    terms::{Budgets, Gives, Jurisdiction, MilestoneTerms, Milestones, NonCashRule, Payment, RoleTerms, Season, Terms},
    terms_sheet::sheet,
};
use std::{collections::BTreeMap, fmt::Write as _};

fn rate(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

fn role(role: Role, gives: Gives) -> RoleTerms {
    RoleTerms { role, stage: String::new(), gives }
}

fn cash(amount: &str) -> Gives {
    Gives::cash(RoleRule::plain(Base::Fixed { amount: cny(amount) }))
}

fn item(kind: NonCashKind) -> Gives {
    let rule = Rule::plain(Base::Fixed { amount: Quantity::new(2) });
    Gives::NonCash(NonCashRule { kind, label: "Cinema".into(), value_per_unit: cny("30"), rule })
}

fn uplift(limit: Option<&str>) -> Gives {
    Gives::Rate(RateRule {
        product: "savings".into(),
        change: Change::Uplift(Decimal::from(25)),
        principal_cap: Some(cny("100000")),
        term_months: Some(12),
        start: StartRule::NewContract,
        group: "REFERRAL".into(),
        limit: limit.map(rate),
        expiry_days: 90,
        estimate: Estimate { principal: cny("10000"), term_months: 12 },
    })
}

fn tax(text: &str, borne_by: BorneBy) -> Tax {
    Tax::Flat(FlatTax { rate: rate(text), exempt_up_to: cny("0"), basis: Basis::Whole, borne_by })
}

fn terms(fact: QualifyingFact, roles: Vec<RoleTerms>, tax: Tax) -> Terms {
    Terms {
        currency: "CNY".parse().unwrap(),
        zone: "Asia/Shanghai".parse().unwrap(),
        rounding: Rounding::HalfUp,
        roles,
        milestones: None,
        window: None,
        limits: Limits::none(),
        budgets: Budgets::default(),
        rate_limits: RateLimits::default(),
        tax,
        reporting_threshold: None,
        holding_days: 30,
        payment: Payment::plain(),
        standing: Jurisdiction {
            profile: Profile::Cn,
            fact: Some(fact),
            introducers: Introducers::Customers,
            tax_note: String::new(),
        },
    }
}

#[test]
fn each_rule_of_a_profile_and_what_keeps_it() {
    use QualifyingFact::{Account, Card, Deposit, Loan};
    use Role::{Referee, Referrer, Staff};
    let ruled = || tax("0.2", BorneBy::Bank);
    let with = |terms: Terms, change: fn(&mut Jurisdiction)| {
        let mut terms = terms;
        change(&mut terms.standing);
        terms
    };
    let rows = [
        ("money for a card", terms(Card, vec![role(Referrer, cash("50"))], ruled())),
        ("money for a deposit", terms(Deposit, vec![role(Referee, cash("50"))], ruled())),
        ("a gift for a deposit", terms(Deposit, vec![role(Referee, item(NonCashKind::Gift))], ruled())),
        (
            "a better service for a deposit",
            terms(Deposit, vec![role(Referee, item(NonCashKind::ServiceUpgrade))], ruled()),
        ),
        ("staff for a deposit", terms(Deposit, vec![role(Staff, cash("50"))], ruled())),
        (
            "anybody brings deposits",
            with(terms(Deposit, vec![role(Staff, cash("50"))], ruled()), |one| one.introducers = Introducers::Anybody),
        ),
        (
            "anybody brings accounts",
            with(terms(Account, vec![role(Staff, cash("50"))], ruled()), |one| one.introducers = Introducers::Anybody),
        ),
        ("no tax", terms(Card, vec![role(Referrer, cash("50"))], Tax::None)),
        ("a lower tax", terms(Card, vec![role(Referrer, cash("50"))], tax("0.1", BorneBy::Bank))),
        (
            "a lower tax, with its reason",
            with(terms(Card, vec![role(Referrer, cash("50"))], tax("0.1", BorneBy::Bank)), |one| {
                one.tax_note = "counsel 2026-14".into();
            }),
        ),
        ("nothing but a rate, untaxed", terms(Card, vec![role(Referee, uplift(Some("0.03")))], Tax::None)),
        ("a fee for a loan", terms(Loan, vec![role(Referrer, cash("50"))], ruled())),
        ("staff's fee for a loan", terms(Loan, vec![role(Staff, cash("50"))], ruled())),
        ("the borrower's gift", terms(Loan, vec![role(Referee, item(NonCashKind::Gift))], ruled())),
        ("an uplift without a ceiling", terms(Deposit, vec![role(Referee, uplift(None))], ruled())),
        ("an uplift up to a ceiling", terms(Deposit, vec![role(Referee, uplift(Some("0.03")))], ruled())),
        (
            "anything under OPEN",
            with(terms(Deposit, vec![role(Referrer, cash("50"))], Tax::None), |one| one.profile = Profile::Open),
        ),
    ];
    let mut table = String::new();
    for (situation, terms) in rows {
        let rules: Vec<String> =
            broken(&terms).iter().map(|one| format!("{} at {}", one.rule, one.fault.field)).collect();
        writeln!(table, "{}", format!("{situation} | {}", rules.join(", ")).trim_end()).unwrap();
    }
    expect![[r#"
        money for a card |
        money for a deposit | CN_NO_CASH_FOR_DEPOSITS at role_rules[0]
        a gift for a deposit | CN_NO_CASH_FOR_DEPOSITS at role_rules[0]
        a better service for a deposit |
        staff for a deposit |
        anybody brings deposits | CN_INTRODUCER_NOT_CUSTOMER at introducers
        anybody brings accounts |
        no tax | CN_INCIDENTAL_TAX at tax
        a lower tax | CN_INCIDENTAL_TAX at tax
        a lower tax, with its reason |
        nothing but a rate, untaxed |
        a fee for a loan | CN_NO_FEE_FOR_LOANS at role_rules[0]
        staff's fee for a loan | CN_NO_FEE_FOR_LOANS at role_rules[0]
        the borrower's gift |
        an uplift without a ceiling | CN_DEPOSIT_UPLIFT_CEILING at role_rules[0]
        an uplift up to a ceiling |
        anything under OPEN |
    "#]]
    .assert_eq(&table);
}

/// A plan with one of everything.
fn campaign() -> Plan {
    let multipliers = BTreeMap::from([("CORE".to_owned(), rate("1.5"))]);
    let graduated = Base::Graduated {
        brackets: vec![
            GraduatedBracket { lower: cny("0"), rate: Some(rate("0.01")), fixed: Some(cny("3")) },
            GraduatedBracket { lower: cny("10000"), rate: Some(rate("0.0025")), fixed: None },
        ],
    };
    let slab = Base::Slab {
        brackets: vec![
            SlabBracket { lower: cny("0"), pays: Pays::Fixed(Quantity::new(100)) },
            SlabBracket { lower: cny("5000"), pays: Pays::Rate(rate("0.05")) },
        ],
    };
    let referrer = RoleRule { base: graduated, multipliers, minimum: Some(cny("5")), maximum: Some(cny("500")) };
    let points = NonCashRule {
        kind: NonCashKind::Points,
        label: "points".into(),
        value_per_unit: cny("0.01"),
        rule: Rule::plain(slab),
    };
    let team = RoleRule::plain(Base::Percent { rate: rate("0.01") });
    let mut terms = terms(
        QualifyingFact::Account,
        vec![
            role(Role::Referrer, Gives::cash(referrer)),
            role(Role::Referee, Gives::NonCash(points)),
            RoleTerms { stage: "THIRD_MONTH".into(), ..role(Role::Referee, uplift(Some("0.03"))) },
            role(Role::Team, Gives::cash(team)),
        ],
        tax("0.2", BorneBy::Bank),
    );
    terms.milestones = Some(Milestones {
        window: Window::Year,
        list: vec![
            MilestoneTerms { id: "EIGHT".into(), fires: Fires::At(8), gives: cash("88") },
            MilestoneTerms { id: "THIRDS".into(), fires: Fires::Every(3), gives: item(NonCashKind::Voucher) },
        ],
    });
    terms.window = Some(Window::Month);
    terms.limits = Limits {
        count_cap: Some(10),
        amount_cap: Some(cny("800")),
        budget: Some(cny("100000")),
        on_exceed: OnExceed::Reduce,
    };
    terms.budgets.season = Some(Season { window: Window::Quarter, budget: cny("30000") });
    terms.payment.expiry_days = Some(180);
    terms.payment.reversal = Clawback::ProRata(90);
    Plan::draft("spring".into(), "New customers, spring".into(), terms, "mia".into(), NOW)
}

#[test]
fn a_terms_sheet_in_english() {
    expect![[r#"
        New customers, spring (terms spring, version 1)
        What counts: an account.
        Who may introduce: customers and staff of the bank.
        Who introduces receives:
        - above 0.00 CNY: 1 percent of the part above and 3.00 CNY
        - above 10000.00 CNY: 0.25 percent of the part above
        - times 1.5 for customers of tier CORE
        - at least 5.00 CNY
        - at most 500.00 CNY
        Who is introduced receives:
        - from 0.00 CNY: 100 × points
        - from 5000.00 CNY: 0.05 × points for each unit of currency of the qualifying amount
        Who is introduced receives, for the stage THIRD_MONTH:
        - 0.25 percent a year more on a deposit on at most 100000.00 CNY, up to a rate of 3 percent
        The staff who had a part in it share:
        - 1 percent of the qualifying amount
        With the referral number 8 in a calendar year, who introduces also receives:
        - 88.00 CNY
        With every 3 referrals in a calendar year, who introduces also receives:
        - 2 × Cinema
        One person receives at most 10 rewards in a calendar month.
        One person receives at most 800.00 CNY in a calendar month.
        Rewards are limited by a budget for each quarter: who qualifies first is served first.
        The bank pays a tax of 20 percent of the whole reward on top.
        Rewards are given 30 days after qualification, through the bank.
        What could not be given within 180 days after that lapses.
        If what a reward rests on falls away within 90 days of payment, it is taken back for the days that are left.
        Days, months and years are those of Asia/Shanghai.
    "#]]
    .assert_eq(&sheet(&campaign(), Language::English));
}

#[test]
fn a_terms_sheet_in_chinese() {
    expect![[r#"
        New customers, spring(条款 spring,第1版)
        推荐成功的条件:开立账户。
        可以推荐的人:本行客户及员工。
        推荐人获得:
        - 达标金额超过人民币0.00元:超出部分的1%加人民币3.00元
        - 达标金额超过人民币10000.00元:超出部分的0.25%
        - CORE 等级客户按1.5倍计算
        - 最低人民币5.00元
        - 最高人民币500.00元
        被推荐人获得:
        - 达标金额人民币0.00元起:points100份
        - 达标金额人民币5000.00元起:达标金额每一货币单位0.05份points
        被推荐人获得(阶段 THIRD_MONTH):
        - 存款年利率上浮0.25个百分点(本金以人民币100000.00元为限),最高年利率3%
        参与的员工共同分享:
        - 达标金额的1%
        每年第8次推荐成功时,推荐人另外获得:
        - 人民币88.00元
        每年每推荐成功3次,推荐人另外获得:
        - Cinema2份
        每人每月最多获得10次奖励。
        每人每月最多获得人民币800.00元。
        奖励受每季度预算限制,先达成者先得。
        按奖励全额的20%计算的税款由银行另行承担。
        奖励于推荐成功30天后通过本行发放。
        此后180天内仍无法发放的,奖励失效。
        发放后90天内奖励的依据不再成立的,按剩余天数的比例收回。
        日、月、年均按 Asia/Shanghai 时区计算。
    "#]]
    .assert_eq(&sheet(&campaign(), Language::Chinese));
}
