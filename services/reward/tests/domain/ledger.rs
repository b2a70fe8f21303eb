//! The chart, each act's postings, and what holds after any legal sequence of acts.

mod sequences;

use crate::cny;
use expect_test::expect;
use handsel_reward::domain::{
    ledger::{self, Account, Ending, Event, Form, Posting, Recurrence, Share},
    refusal::Refusal,
    reward::Amounts,
};
use std::fmt::Write as _;

/// 100.00 of which 20.00 were withheld.
pub(crate) fn withheld() -> Amounts {
    Amounts { gross: cny("100.00"), reward: cny("100.00"), tax: cny("20.00"), net: cny("80.00"), cost: cny("100.00") }
}

/// 100.00 with 25.00 of tax that the bank bears on top.
pub(crate) fn borne() -> Amounts {
    Amounts { gross: cny("100.00"), reward: cny("100.00"), tax: cny("25.00"), net: cny("100.00"), cost: cny("125.00") }
}

fn share(net: &str, tax: &str) -> Share {
    Share { net: cny(net), tax: cny(tax) }
}

fn lines(postings: &[Posting]) -> String {
    let line =
        |one: &Posting| format!("{} {} → {} {}", one.event.code(), one.debit().code(), one.credit().code(), one.amount);
    postings.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_each_act_writes_down() {
    let (whole, on_top) = (Share::whole(&withheld()), Share::whole(&borne()));
    let half = Share::reversed(&withheld(), cny("50.00"), cny("10.00")).unwrap();
    let net = cny("80.00");
    let acts: [(&str, Vec<Posting>); 24] = [
        ("granted, tax withheld", ledger::accrual(&withheld())),
        ("granted, tax borne", ledger::accrual(&borne())),
        ("rejected", ledger::rejection(&withheld())),
        ("cancelled", ledger::ending(Ending::Cancellation, &whole)),
        ("expired, tax borne", ledger::ending(Ending::Expiry, &on_top)),
        ("written off", ledger::write_off(&whole)),
        ("paid after it was cancelled", [ledger::late_settlement(Form::Money, net), ledger::claim(net)].concat()),
        ("paid after it was written off", ledger::write_off_undone(&whole)),
        ("instructed", ledger::instruction(net)),
        ("settled", ledger::settlement(Form::Money, net)),
        ("delivered", ledger::settlement(Form::InKind, net)),
        ("refused", ledger::refusal(net)),
        ("settled after all", ledger::late_settlement(Form::Money, net)),
        ("delivered after all", ledger::late_settlement(Form::InKind, net)),
        ("returned", ledger::return_of_funds(Form::Money, net)),
        ("returned in kind", ledger::return_of_funds(Form::InKind, net)),
        ("half reversed before payment", ledger::reversal(net, &half)),
        ("half reversed after payment", ledger::reversal(cny("0.00"), &half)),
        ("all reversed, half of it owed", ledger::reversal(cny("40.00"), &whole)),
        ("netted", [ledger::netting(cny("30.00")), ledger::claim_netted(cny("30.00"))].concat()),
        ("paid back", ledger::recovery(cny("30.00"))),
        ("claim given up", ledger::claim_written_off(cny("30.00"))),
        ("paid back after all", ledger::recovery_after_write_off(cny("30.00"))),
        ("tax remitted", ledger::tax_remittance(cny("20.00"))),
    ];
    let mut table = String::new();
    for (act, postings) in acts {
        writeln!(table, "{act}: {}", lines(&postings)).unwrap();
    }
    expect![[r#"
        granted, tax withheld: ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 80.00 CNY; ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 20.00 CNY
        granted, tax borne: ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 100.00 CNY; ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 25.00 CNY
        rejected: REJECTION CUSTOMER_PAYABLE → PLAN_EXPENSE 80.00 CNY; REJECTION_TAX TAX_PAYABLE → PLAN_EXPENSE 20.00 CNY
        cancelled: CANCELLATION CUSTOMER_PAYABLE → PLAN_EXPENSE 80.00 CNY; CANCELLATION_TAX TAX_PAYABLE → PLAN_EXPENSE 20.00 CNY
        expired, tax borne: EXPIRY CUSTOMER_PAYABLE → PLAN_EXPENSE 100.00 CNY; EXPIRY_TAX TAX_PAYABLE → PLAN_EXPENSE 25.00 CNY
        written off: WRITE_OFF CUSTOMER_PAYABLE → RECOVERIES 80.00 CNY; WRITE_OFF_TAX TAX_PAYABLE → RECOVERIES 20.00 CNY
        paid after it was cancelled: LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 80.00 CNY; CLAIM CLAWBACK_RECEIVABLE → CUSTOMER_PAYABLE 80.00 CNY
        paid after it was written off: WRITE_OFF_UNDONE RECOVERIES → CUSTOMER_PAYABLE 80.00 CNY; WRITE_OFF_UNDONE_TAX RECOVERIES → TAX_PAYABLE 20.00 CNY
        instructed: INSTRUCTION CUSTOMER_PAYABLE → CLEARING 80.00 CNY
        settled: SETTLEMENT CLEARING → SETTLED 80.00 CNY
        delivered: DELIVERY CLEARING → FULFILLED 80.00 CNY
        refused: REFUSAL CLEARING → CUSTOMER_PAYABLE 80.00 CNY
        settled after all: LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 80.00 CNY
        delivered after all: LATE_DELIVERY CUSTOMER_PAYABLE → FULFILLED 80.00 CNY
        returned: RETURN SETTLED → CUSTOMER_PAYABLE 80.00 CNY
        returned in kind: DELIVERY_RETURN FULFILLED → CUSTOMER_PAYABLE 80.00 CNY
        half reversed before payment: REVERSAL CUSTOMER_PAYABLE → PLAN_EXPENSE 40.00 CNY; REVERSAL_TAX TAX_PAYABLE → PLAN_EXPENSE 10.00 CNY
        half reversed after payment: REVERSAL CUSTOMER_PAYABLE → PLAN_EXPENSE 40.00 CNY; REVERSAL_TAX TAX_PAYABLE → PLAN_EXPENSE 10.00 CNY; CLAIM CLAWBACK_RECEIVABLE → CUSTOMER_PAYABLE 40.00 CNY
        all reversed, half of it owed: REVERSAL CUSTOMER_PAYABLE → PLAN_EXPENSE 80.00 CNY; REVERSAL_TAX TAX_PAYABLE → PLAN_EXPENSE 20.00 CNY; CLAIM CLAWBACK_RECEIVABLE → CUSTOMER_PAYABLE 40.00 CNY
        netted: NETTING CUSTOMER_PAYABLE → NETTING 30.00 CNY; CLAIM_NETTED NETTING → CLAWBACK_RECEIVABLE 30.00 CNY
        paid back: RECOVERY SETTLED → CLAWBACK_RECEIVABLE 30.00 CNY
        claim given up: CLAIM_WRITE_OFF WRITE_OFF → CLAWBACK_RECEIVABLE 30.00 CNY
        paid back after all: LATE_RECOVERY SETTLED → RECOVERIES 30.00 CNY
        tax remitted: TAX_REMITTANCE TAX_PAYABLE → SETTLED 20.00 CNY
    "#]].assert_eq(&table);
}

#[test]
fn nothing_moves_where_an_amount_is_zero() {
    let untaxed = Amounts { tax: cny("0.00"), net: cny("100.00"), ..withheld() };
    let taken = Amounts { tax: cny("100.00"), net: cny("0.00"), ..withheld() };
    assert_eq!(lines(&ledger::accrual(&untaxed)), "ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 100.00 CNY");
    assert_eq!(lines(&ledger::accrual(&taken)), "ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 100.00 CNY");
    assert!(ledger::instruction(taken.net).is_empty());
    assert!(ledger::reversal(cny("0.00"), &Share::nothing(&taken)).is_empty());
}

#[test]
fn a_share_is_part_of_its_reward() {
    assert_eq!(Share::reversed(&withheld(), cny("50.00"), cny("10.00")), Ok(share("40.00", "10.00")));
    assert_eq!(Share::reversed(&borne(), cny("50.00"), cny("12.50")), Ok(share("50.00", "12.50")));
    assert_eq!(Share::reversed(&borne(), cny("100.00"), cny("25.00")), Ok(Share::whole(&borne())));
    assert_eq!(share("80.00", "20.00").less(&share("40.00", "10.00")), Ok(share("40.00", "10.00")));
    let too_much = Err(Refusal::OutOfRange("a share of a reward"));
    for (situation, reversed, tax) in [
        ("more than the reward", "100.01", "20.00"),
        ("more tax than it had", "50.00", "20.01"),
        ("more tax than is reversed", "5.00", "5.01"),
        ("below zero", "-1.00", "0.00"),
        ("a tax below zero", "1.00", "-0.01"),
    ] {
        assert_eq!(Share::reversed(&withheld(), cny(reversed), cny(tax)), too_much, "{situation}");
    }
    let yen = handsel_money::Money::new("JPY".parse().unwrap(), 1);
    let mixed = Err(Refusal::CurrencyMismatch("a share of a reward"));
    assert_eq!(Share::reversed(&withheld(), yen, cny("0.00")), mixed);
}

/// What ends a reward or makes up for that happens once, what pays it once an attempt, and the rest once a change.
#[test]
fn how_often_an_event_befalls_one_reward() {
    let numbered = |how| -> Vec<&str> {
        Event::ALL.iter().filter(|event| event.recurrence() == how).map(|event| event.code()).collect()
    };
    expect!["INSTRUCTION SETTLEMENT DELIVERY REFUSAL LATE_SETTLEMENT LATE_DELIVERY RETURN DELIVERY_RETURN"]
        .assert_eq(&numbered(Recurrence::ByAttempt).join(" "));
    expect!["REVERSAL REVERSAL_TAX CLAIM NETTING CLAIM_NETTED RECOVERY CLAIM_WRITE_OFF LATE_RECOVERY"]
        .assert_eq(&numbered(Recurrence::ByRevision).join(" "));
    assert_eq!(Event::Expiry.number(3, 9), 0);
    assert_eq!(Event::Refusal.number(3, 9), 3);
    assert_eq!(Event::Claim.number(3, 9), 9);
}

#[test]
fn both_schemas_hold_the_chart() {
    let rule = |event: &Event| {
        let (debit, credit) = event.accounts();
        assert_ne!(debit, credit, "{}", event.code());
        format!("(event = '{}' AND debit = '{}' AND credit = '{}')", event.code(), debit.code(), credit.code())
    };
    let rules: Vec<String> = Event::ALL.iter().map(rule).collect();
    let chart = rules.join("\n        OR ");
    for schema in [
        include_str!("../../migrations/postgres/100_reward.sql"),
        include_str!("../../migrations/sqlite/100_reward.sql"),
    ] {
        assert!(schema.contains(&format!("({chart})").replacen("((", "(\n        (", 1)), "{chart}");
    }
}

/// The page of the service shows the same table.
#[test]
fn the_page_holds_the_chart() {
    let page = include_str!("../../README.md");
    for account in Account::ALL {
        assert!(page.contains(&format!("| `{}` |", account.code())), "{}", account.code());
    }
    for event in Event::ALL {
        let (debit, credit) = event.accounts();
        let line = format!("| `{}` | `{}` | `{}` |", event.code(), debit.code(), credit.code());
        assert!(page.contains(&line), "{line}");
    }
}
