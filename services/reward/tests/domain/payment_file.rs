//! Where a file stands, and what it takes there.

use crate::{NOW, cny};
use handsel_reward::domain::payment_file::{FileState, PaymentFile};

fn closed() -> PaymentFile {
    let file = PaymentFile::begin("BANK", 1, "CNY".parse().unwrap(), "2026-01-05".parse().unwrap(), "fay".into(), NOW);
    file.enter(&[cny("80.00"), cny("20.00")], NOW).unwrap().close(NOW).unwrap()
}

#[test]
fn no_file_is_sealed_with_a_payout_that_has_ended() {
    let refused = closed().seal("a".repeat(64), 1, 1, NOW).unwrap_err();
    assert_eq!(refused.reason(), "STATE_CONFLICT");
    let sealed = closed().seal("a".repeat(64), 1, 0, NOW).unwrap();
    assert_eq!(sealed.state, FileState::Sealed);
    assert_eq!(sealed.leave_out(&[cny("80.00")], NOW).unwrap_err().reason(), "STATE_CONFLICT", "its bytes are decided");
}

#[test]
fn what_leaves_a_closed_file_makes_room_again() {
    let file = closed().leave_out(&[cny("80.00")], NOW).unwrap();
    assert_eq!((file.state, file.payouts, file.sum, file.entered), (FileState::Gathering, 1, cny("20.00"), 2));
}
