//! What a beneficiary was paid in a year, his statement of it, and tax that is remitted.

use crate::{NOW, cny};
use expect_test::expect;
use handsel_money::{Money, Timestamp};
use handsel_reward::domain::{
    ledger::Event,
    refusal::Refusal,
    reward::Kind,
    tax_remittance::Remittance,
    tax_statement::{Movement, Statement},
    tax_year::{Entry, Had, Paid, Sums, Total, YearKey, had, take},
};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the lines of a reward of 100.00, 20.00 of it tax, come to besides its accrual.
fn sums(lines: &[(Event, i64)]) -> Sums {
    let accrual = [(Event::Accrual, 8000), (Event::AccrualTax, 2000), (Event::Instruction, 8000)];
    accrual.into_iter().chain(lines.iter().copied()).collect()
}

#[test]
fn what_the_lines_of_a_reward_say_that_its_beneficiary_has_had() {
    let cases = [
        ("on its way", vec![], (0, 0)),
        ("refused by the bank", vec![(Event::Refusal, 8000)], (0, 0)),
        ("paid", vec![(Event::Settlement, 8000)], (8000, 2000)),
        ("given in kind", vec![(Event::Delivery, 8000)], (8000, 2000)),
        ("paid late", vec![(Event::Refusal, 8000), (Event::LateSettlement, 8000)], (8000, 2000)),
        ("paid and returned", vec![(Event::Settlement, 8000), (Event::FundsReturned, 8000)], (0, 0)),
        ("returned and paid again", vec![(Event::Settlement, 16_000), (Event::FundsReturned, 8000)], (8000, 2000)),
        ("a third of it netted, the rest not paid yet", vec![(Event::Netting, 2667)], (2667, 666)),
        (
            "half of it taken back",
            vec![(Event::Settlement, 8000), (Event::Reversal, 4000), (Event::ReversalTax, 1000), (Event::Claim, 4000)],
            (4000, 1000),
        ),
        (
            "all of it taken back",
            vec![(Event::Settlement, 8000), (Event::Reversal, 8000), (Event::ReversalTax, 2000), (Event::Claim, 8000)],
            (0, 0),
        ),
    ];
    for (name, lines, (net, tax)) in cases {
        assert_eq!(had(&sums(&lines)), Had { net, tax }, "{name}");
    }
}

/// A reward of which its beneficiary has had this much, and of which so much was told before.
fn paid(reward: u128, had: (i64, i64), told: (i64, i64), paid_in: Option<i64>, at: Timestamp) -> Paid {
    let of = |(net, tax)| Had { net, tax };
    Paid {
        reward: Uuid::from_u128(reward),
        beneficiary: "customers/20".into(),
        plan: "spring".into(),
        jurisdiction: "cn".into(),
        zone: "Asia/Shanghai".parse().unwrap(),
        threshold: Some(cny("150.00")),
        currency: cny("0").currency(),
        withheld: true,
        at,
        had: of(had),
        told: of(told),
        paid_in,
        ordinal: 1,
    }
}

fn shown(entry: Option<&Entry>) -> String {
    let Some(Entry { year, reward, tax, net, flagged, .. }) = entry else { return "nothing new".to_owned() };
    let flag = if *flagged { ", flagged" } else { "" };
    format!("{}: {reward}, tax {tax}, net {net}{flag}", year.1)
}

#[test]
fn payouts_raise_their_year_and_what_comes_back_lowers_the_year_of_the_payout() {
    let later = NOW.checked_add(DAY * 400).unwrap();
    let full = (8000, 2000);
    let steps = [
        ("the first is paid", paid(1, full, (0, 0), None, NOW)),
        ("nothing has changed", paid(1, full, full, Some(2026), NOW)),
        ("the second exceeds the threshold", paid(2, full, (0, 0), None, NOW)),
        ("half of the first is taken back a year later", paid(1, (4000, 1000), full, Some(2026), later)),
        ("the second is returned", paid(2, (0, 0), full, Some(2026), later)),
        ("and paid again", paid(2, full, (0, 0), Some(2026), later)),
        ("a third", paid(3, full, (0, 0), None, NOW)),
        ("tax that the bank bears is not part of it", Paid { withheld: false, ..paid(4, full, (0, 0), None, NOW) }),
    ];
    let mut totals: BTreeMap<YearKey, Total> = BTreeMap::new();
    let mut told = String::new();
    for (name, paid) in steps {
        writeln!(told, "{name} → {}", shown(take(&paid, &mut totals).unwrap().as_ref())).unwrap();
    }
    for ((_, year, ..), Total { reward, tax, net, flag }) in &totals {
        writeln!(told, "= {year}: {reward}, tax {tax}, net {net}, reportable {}", flag.is_some()).unwrap();
    }
    expect![[r#"
        the first is paid → 2026: 100.00 CNY, tax 20.00 CNY, net 80.00 CNY
        nothing has changed → nothing new
        the second exceeds the threshold → 2026: 100.00 CNY, tax 20.00 CNY, net 80.00 CNY, flagged
        half of the first is taken back a year later → 2026: -50.00 CNY, tax -10.00 CNY, net -40.00 CNY
        the second is returned → 2026: -100.00 CNY, tax -20.00 CNY, net -80.00 CNY
        and paid again → 2027: 100.00 CNY, tax 20.00 CNY, net 80.00 CNY
        a third → 2026: 100.00 CNY, tax 20.00 CNY, net 80.00 CNY
        tax that the bank bears is not part of it → 2026: 80.00 CNY, tax 20.00 CNY, net 80.00 CNY
        = 2026: 230.00 CNY, tax 50.00 CNY, net 200.00 CNY, reportable true
        = 2027: 100.00 CNY, tax 20.00 CNY, net 80.00 CNY, reportable false
    "#]]
    .assert_eq(&told);
    let huge = Paid { had: Had { net: i64::MAX, tax: 0 }, ..paid(5, full, (0, 0), None, NOW) };
    assert_eq!(take(&huge, &mut totals), Err(Refusal::OutOfRange("a year's total")));
}

fn movement(reward: u128, days: u32, amount: &str, tax: &str, net: &str) -> Movement {
    let at = NOW.checked_add(DAY * days).unwrap();
    Movement {
        reward: Uuid::from_u128(reward),
        plan: "spring".into(),
        kind: Kind::Cash,
        jurisdiction: "cn".into(),
        date: at.date_in(&"Asia/Shanghai".parse().unwrap()),
        amount: cny(amount),
        tax: cny(tax),
        net: cny(net),
        flagged: false,
        payout_reference: format!("TX-{reward}"),
    }
}

#[test]
fn a_statement_has_a_line_for_each_reward_and_sums_by_jurisdiction_and_currency() {
    let movements = vec![
        movement(1, 0, "100.00", "20.00", "80.00"),
        movement(2, 1, "100.00", "20.00", "80.00"),
        Movement { jurisdiction: "open".into(), ..movement(3, 1, "7.00", "0.00", "7.00") },
        movement(1, 2, "-50.00", "-10.00", "-40.00"),
        movement(2, 3, "-100.00", "-20.00", "-80.00"),
        movement(2, 4, "100.00", "20.00", "80.00"),
    ];
    let statement = Statement::of("customers/20".into(), 2026, movements, &[]).unwrap();
    let mut told = String::new();
    for line in &statement.lines {
        let sums = line.sums;
        writeln!(told, "{} {} {}", line.date, line.reward.as_u128(), line.payout_reference).unwrap();
        writeln!(told, "  {} − {}, tax {}, net {}", sums.paid, sums.reversed, sums.tax, sums.net).unwrap();
    }
    for total in &statement.totals {
        let sums = total.sums;
        writeln!(told, "= {}: {} − {}, tax {}", total.jurisdiction, sums.paid, sums.reversed, sums.tax).unwrap();
    }
    expect![[r#"
        2026-01-05 1 TX-1
          100.00 CNY − 50.00 CNY, tax 10.00 CNY, net 40.00 CNY
        2026-01-06 2 TX-2
          200.00 CNY − 100.00 CNY, tax 20.00 CNY, net 80.00 CNY
        2026-01-06 3 TX-3
          7.00 CNY − 0.00 CNY, tax 0.00 CNY, net 7.00 CNY
        = cn: 300.00 CNY − 150.00 CNY, tax 30.00 CNY
        = open: 7.00 CNY − 0.00 CNY, tax 0.00 CNY
    "#]]
    .assert_eq(&told);
    let vast =
        |reward| Movement { amount: Money::new(cny("0").currency(), i64::MAX), ..movement(reward, 0, "0", "0", "0") };
    let beyond = Statement::of("customers/20".into(), 2026, vec![vast(1), vast(2)], &[]);
    assert_eq!(beyond, Err(Refusal::OutOfRange("a sum of the statement")));
}

fn remittance(amount: &str) -> Remittance {
    Remittance {
        id: Uuid::from_u128(9),
        amount: cny(amount),
        period: "2026-01".into(),
        reference: "R-1".into(),
        proposed_by: "fay".into(),
        proposed_at: NOW,
        confirmation: None,
    }
}

#[test]
fn a_remittance_is_refused_in_this_order() {
    let proposed = |amount, held| remittance(amount).propose(cny(held)).map(|_| "proposed");
    assert_eq!(proposed("20.00", "20.00"), Ok("proposed"));
    assert_eq!(proposed("0.00", "-1.00").unwrap_err().reason(), "FIELD_INVALID");
    assert_eq!(proposed("20.01", "20.00").unwrap_err().reason(), "TAX_PAYABLE_EXCEEDED");
    assert_eq!(proposed("0.01", "-5.00").unwrap_err().reason(), "TAX_PAYABLE_EXCEEDED");

    let done = remittance("20.00").confirm(cny("20.00"), None, "gus", "app", NOW).unwrap();
    assert_eq!((remittance("20.00").state(), done.state()), ("PROPOSED", "CONFIRMED"));
    let other = Some(Uuid::from_u128(8));
    let cases = [
        (done, other, "fay", "app", "STATE_CONFLICT"),
        (remittance("20.01"), other, "fay", "app", "MAKER_IS_CHECKER"),
        (remittance("20.01"), other, "gus", "fay", "MAKER_IS_CHECKER"),
        (remittance("20.01"), other, "gus", "app", "ALREADY_EXISTS"),
        (remittance("20.01"), None, "gus", "app", "TAX_PAYABLE_EXCEEDED"),
    ];
    for (remittance, paid, person, account, reason) in cases {
        let refused = remittance.confirm(cny("20.00"), paid, person, account, NOW).unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
}
