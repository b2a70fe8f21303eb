//! What is wrong with clearing, and which alarms move for it.

use crate::{NOW, cny};
use expect_test::expect;
use handsel_money::Timestamp;
use handsel_reward::domain::clearing::{Alarm, Kind, Look, Standing, changes, wrong};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);

fn standing(balance: &str, explained: &str, hours: Option<u32>) -> Standing {
    let since = |hours| NOW.checked_sub(HOUR * hours).unwrap();
    Standing { balance: cny(balance), explained: cny(explained), oldest: hours.map(since) }
}

#[test]
fn what_is_wrong_with_clearing() {
    let cases = [
        ("empty", standing("0.00", "0.00", None)),
        ("all explained", standing("80.00", "80.00", Some(96))),
        ("a payout that the account does not hold", standing("0.00", "80.00", Some(1))),
        ("money without a payout", standing("80.00", "0.00", None)),
        ("open for too long", standing("80.00", "80.00", Some(97))),
        ("both", standing("80.01", "80.00", Some(200))),
    ];
    let look: Look =
        cases.into_iter().map(|(name, standing)| ((name.to_owned(), cny("0").currency()), standing)).collect();
    let found = wrong(&look, HOUR * 96, NOW);
    let lines: Vec<String> = found
        .iter()
        .map(|alarm| format!("{}: {} holds {}, {}", alarm.kind.code(), alarm.plan, alarm.balance, alarm.explained))
        .collect();
    expect![[r#"
        UNEXPLAINED: a payout that the account does not hold holds 0.00 CNY, 80.00 CNY
        UNEXPLAINED: both holds 80.01 CNY, 80.00 CNY
        UNEXPLAINED: money without a payout holds 80.00 CNY, 0.00 CNY
        OVERDUE: both holds 80.01 CNY, 80.00 CNY
        OVERDUE: open for too long holds 80.00 CNY, 80.00 CNY"#]]
    .assert_eq(&lines.join("\n"));
    assert!(wrong(&Look::new(), HOUR, Timestamp::MAX).is_empty());
}

#[test]
fn an_alarm_goes_up_once_and_comes_down_by_itself() {
    let alarm = |kind, plan: &str, balance: &str| Alarm {
        kind,
        plan: plan.to_owned(),
        balance: cny(balance),
        explained: cny("0.00"),
    };
    let up = [alarm(Kind::Unexplained, "spring", "1.00"), alarm(Kind::Overdue, "spring", "1.00")];
    // The same alarm, however its amounts move.
    let found = [alarm(Kind::Unexplained, "spring", "2.00"), alarm(Kind::Unexplained, "summer", "1.00")];
    let (rise, fall) = changes(&found, &up);
    assert_eq!((rise, fall), (vec![&found[1]], vec![&up[1]]));
}
