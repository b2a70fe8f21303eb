//! What goes wrong at the simulated core bank, and when: decided by the instruction and a seed, so that a run can be repeated.

use aws_lc_rs::digest::{SHA256, digest};
use std::str::FromStr;

/// How often each thing goes wrong, in percent of instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Faults {
    /// Chosen by this, besides the instruction itself.
    pub(crate) seed: u64,
    /// Accepted at first, settled only when asked again.
    pub(crate) delay: u8,
    /// The outcome is reported twice.
    pub(crate) duplicate: u8,
    /// The payment is refused for good.
    pub(crate) reject: u8,
    /// Paid, but the first answer never arrives.
    pub(crate) lost_answer: u8,
    /// Nothing is heard at first; then it is accepted; then settled.
    pub(crate) late_acceptance: u8,
    /// The bank does not know where to pay a beneficiary.
    pub(crate) unknown_payee: u8,
    /// Asked before payment, the bank says no.
    pub(crate) gate_fail: u8,
    /// Asked before payment, the bank does not know.
    pub(crate) gate_unknown: u8,
    /// Paid by a file, and back again in a later statement.
    pub(crate) returned: u8,
    /// A statement also lists a payment that is none of ours.
    pub(crate) unknown_id: u8,
}

/// One thing that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Delay,
    Duplicate,
    Reject,
    LostAnswer,
    LateAcceptance,
    UnknownPayee,
    GateFail,
    GateUnknown,
    Returned,
    UnknownId,
}

impl Faults {
    /// True if this goes wrong with this instruction.
    pub(crate) fn strike(&self, fault: Fault, end_to_end_id: &str) -> bool {
        let percent = match fault {
            Fault::Delay => self.delay,
            Fault::Duplicate => self.duplicate,
            Fault::Reject => self.reject,
            Fault::LostAnswer => self.lost_answer,
            Fault::LateAcceptance => self.late_acceptance,
            Fault::UnknownPayee => self.unknown_payee,
            Fault::GateFail => self.gate_fail,
            Fault::GateUnknown => self.gate_unknown,
            Fault::Returned => self.returned,
            Fault::UnknownId => self.unknown_id,
        };
        let dice = digest(&SHA256, format!("{}/{fault:?}/{end_to_end_id}", self.seed).as_bytes());
        let throw = dice.as_ref().iter().take(2).fold(0u16, |throw, byte| throw << 8 | u16::from(*byte)) % 100;
        throw < u16::from(percent)
    }
}

/// `delay=10,lost-answer=5,seed=7`: percentages, and the seed.
impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part:?} is not NAME=PERCENT"))?;
            if name == "seed" {
                faults.seed = value.parse().map_err(|_| format!("{value:?} is not a number"))?;
                continue;
            }
            let percent = value.parse().ok().filter(|percent| *percent <= 100);
            let percent = percent.ok_or_else(|| format!("{value:?} is not a percentage from 0 to 100"))?;
            match name {
                "delay" => faults.delay = percent,
                "duplicate" => faults.duplicate = percent,
                "reject" => faults.reject = percent,
                "lost-answer" => faults.lost_answer = percent,
                "late-acceptance" => faults.late_acceptance = percent,
                "unknown-payee" => faults.unknown_payee = percent,
                "gate-fail" => faults.gate_fail = percent,
                "gate-unknown" => faults.gate_unknown = percent,
                "returned" => faults.returned = percent,
                "unknown-id" => faults.unknown_id = percent,
                _ => {
                    return Err(format!(
                        "{name:?} is none of delay, duplicate, reject, lost-answer, late-acceptance, unknown-payee, gate-fail, \
                         gate-unknown, returned, unknown-id, seed"
                    ));
                }
            }
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_on_the_command_line() {
        let faults: Faults = "delay=10,lost-answer=100,seed=7".parse().unwrap();
        assert_eq!(faults, Faults { delay: 10, lost_answer: 100, seed: 7, ..Faults::default() });
        assert!("delay=101".parse::<Faults>().is_err());
        assert!("explode=1".parse::<Faults>().is_err());
        assert!("delay".parse::<Faults>().is_err());
    }

    #[test]
    fn strike_as_often_as_asked_and_always_the_same() {
        let faults = Faults { reject: 25, ..Faults::default() };
        let struck = |faults: &Faults| (0..4_000).filter(|id| faults.strike(Fault::Reject, &id.to_string())).count();
        assert!((850..1_150).contains(&struck(&faults)), "{}", struck(&faults));
        assert_eq!(struck(&faults), struck(&faults));
        assert_eq!(struck(&Faults::default()), 0);
        assert_eq!(struck(&Faults { reject: 100, ..Faults::default() }), 4_000);
    }
}
