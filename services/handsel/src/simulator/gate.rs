//! What the simulated core bank says of those who are to be paid.

use super::faults::{Fault, Faults};
use handsel_proto::handsel::corebank::v1::{PayoutAnswer, PayoutCheck, PayoutQuestion, payout_check::Verdict};

/// Yes to everything, but for what is to go wrong.
pub(crate) fn answer(question: &PayoutQuestion, faults: Faults) -> PayoutAnswer {
    let check = |kind: i32| {
        let dice = format!("{}/{kind}", question.reward);
        let (verdict, reason_code) = if faults.strike(Fault::GateFail, &dice) {
            (Verdict::Fail, "SIMULATED")
        } else if faults.strike(Fault::GateUnknown, &dice) {
            (Verdict::Unknown, "SIMULATED")
        } else {
            (Verdict::Pass, "")
        };
        PayoutCheck { kind, verdict: verdict.into(), reason_code: reason_code.to_owned() }
    };
    PayoutAnswer { reward: question.reward.clone(), checks: question.checks.iter().map(|kind| check(*kind)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_proto::handsel::corebank::v1::payout_check::Kind;

    #[test]
    fn each_check_is_answered_and_goes_wrong_as_told() {
        let question = PayoutQuestion {
            reward: "rewards/1".to_owned(),
            checks: vec![Kind::Standing.into(), Kind::Sanctions.into()],
            ..PayoutQuestion::default()
        };
        let verdicts = |faults: Faults| -> Vec<Verdict> {
            answer(&question, faults).checks.iter().map(PayoutCheck::verdict).collect()
        };
        assert_eq!(verdicts(Faults::default()), [Verdict::Pass, Verdict::Pass]);
        assert_eq!(verdicts(Faults { gate_fail: 100, ..Faults::default() }), [Verdict::Fail, Verdict::Fail]);
        assert_eq!(verdicts(Faults { gate_unknown: 100, ..Faults::default() }), [Verdict::Unknown, Verdict::Unknown]);
    }
}
