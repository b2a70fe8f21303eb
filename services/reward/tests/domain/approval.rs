//! Four eyes, and the control sum.

use crate::{cny, reward};
use handsel_money::Money;
use handsel_reward::domain::{
    approval::{Makers, control, second_person},
    plan::check_etag,
    state::Standing,
};

#[test]
fn whoever_made_it_does_not_check_it() {
    let reward = reward(Standing::PendingApproval, 0);
    let makers = Makers { registrar: "tom".into(), plan_maker: "mia".into() };
    for (person, allowed) in [("tom", false), ("mia", false), ("fay", true)] {
        assert_eq!(second_person(&reward, &makers, person).is_ok(), allowed, "{person}");
    }
    let nobody = Makers { registrar: String::new(), ..makers };
    assert!(second_person(&reward, &nobody, "tom").is_ok());
}

#[test]
fn the_control_sum_is_that_of_the_net_amounts() {
    let two = [reward(Standing::PendingApproval, 0), reward(Standing::PendingApproval, 0)];
    let euro = Money::parse_major("EUR".parse().unwrap(), "160.00").unwrap();
    for (sum, expected) in [
        (cny("160.00"), None),
        (cny("200.00"), Some("CONTROL_SUM_MISMATCH")),
        (cny("159.99"), Some("CONTROL_SUM_MISMATCH")),
        (euro, Some("CURRENCY_MISMATCH")),
    ] {
        assert_eq!(control(&two, sum).err().map(|refusal| refusal.reason()), expected, "{sum}");
    }
}

#[test]
fn an_etag_is_the_revision_or_nothing() {
    for (etag, fits) in [("", true), ("7", true), ("6", false), ("07", false), ("x", false)] {
        assert_eq!(check_etag("plans/spring", 7, etag).is_ok(), fits, "{etag}");
    }
}
