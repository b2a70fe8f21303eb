//! What might be called next: mostly what fits where things stand, sometimes what does not.

use super::{
    acts::{Act, Call},
    chance::Chance,
    truth::{AttemptRow, RewardRow, Truth},
};
use crate::bank::{money, referral, request_id};
use crate::rate_desk::{contract, date};
use handsel_proto::handsel::{
    corebank::v1::{PayoutOutcome, RateReceipt, payout_outcome::Status as Fate, rate_receipt},
    relay::v1::Origin,
    reward::v1::{
        self as wire,
        deliver_request::{Message, message::Content},
        resolution::Verdict,
    },
};
use handsel_service::wire::to_timestamp;
use handsel_testkit::Role;
use std::time::Duration;
use uuid::Uuid;

/// Among them are those who have a hand in every reward, and one of the beneficiaries.
const PEOPLE: [&str; 7] = ["tom", "mia", "bea", "fay", "gus", "hal", "20"];
const PLANS: [&str; 3] = ["spring", "summer", "autumn"];
const CUSTOMERS: [&str; 4] = ["10", "20", "30", "40"];

pub(super) struct Scene {
    pub(super) chance: Chance,
    referrals: u32,
    requests: u32,
    messages: i64,
}

impl Scene {
    pub(super) fn of(seed: u64) -> Self {
        Self { chance: Chance::of(seed), referrals: 0, requests: 1000, messages: 0 }
    }

    fn request(&mut self) -> String {
        self.requests += 1;
        request_id(self.requests)
    }

    fn reward(&self, truth: &Truth, states: &[&str]) -> String {
        let fitting: Vec<Uuid> =
            truth.rewards.iter().filter(|one| states.contains(&one.state.as_str())).map(|one| one.id).collect();
        let every: Vec<Uuid> = truth.rewards.iter().map(|one| one.id).collect();
        let from = if self.chance.percent(85) { &fitting } else { &every };
        let id = self.chance.one(from).or_else(|| self.chance.one(&every)).copied();
        format!("rewards/{}", id.unwrap_or(Uuid::from_u128(9)))
    }

    /// The next call.
    pub(super) fn next(&mut self, truth: &Truth) -> Call {
        let call = |role, branch, person, act| Call { act, role, branch, person };
        let person = self.chance.of_these(PEOPLE);
        // People do not leave it at that for long.
        if truth.latched && self.chance.percent(12) {
            return self.latch(truth, person);
        }
        match self.chance.below(100) {
            0..16 => call(Role::Service, "*", "", Act::Grant(self.grant(truth))),
            16..29 => {
                let role = self.chance.of_these([Role::FinanceApprover, Role::ComplianceOfficer, Role::ProgramAdmin]);
                call(role, "*", person, Act::Approve(self.approval(truth)))
            }
            29..31 => call(Role::FinanceApprover, "*", person, Act::Reject(self.rejection(truth))),
            31..36 => call(Role::BranchManager, "0101", person, Act::SetPayee(self.payee(truth))),
            36..40 => call(Role::ComplianceOfficer, "*", person, Act::Reverse(self.reversal(truth))),
            40..42 => call(Role::Service, "*", "", Act::Deliver(self.message(truth))),
            42..46 => self.resolution(truth, person),
            46..51 => call(Role::FinanceApprover, "*", person, Act::Retry(self.retry(truth))),
            51..53 => call(Role::ComplianceOfficer, "*", person, Act::Hold(self.hold(truth))),
            53..57 => call(Role::ComplianceOfficer, "*", person, Act::Release(self.release(truth))),
            57..62 => call(Role::BranchStaff, "0101", person, Act::Choose(self.choice(truth))),
            62..64 => call(Role::FinanceApprover, "*", person, Act::Recover(self.recovery(truth))),
            64..69 => self.latch(truth, person),
            69..71 => self.remittance(truth, person),
            79..93 if !truth.attempts.is_empty() => call(Role::CoreBanking, "", "", Act::Report(self.report(truth))),
            71..93 => call(Role::CoreBanking, "", "", Act::Pull(wire::ListInstructionsRequest::default())),
            93..99 => self.rate(truth, person),
            _ if self.chance.percent(30) => call(Role::ComplianceOfficer, "*", person, Act::Suspend(self.suspension())),
            _ => {
                let request = wire::StartRecomputationRequest { request_id: self.request() };
                call(Role::ComplianceOfficer, "*", person, Act::Recompute(request))
            }
        }
    }

    fn grant(&mut self, truth: &Truth) -> wire::GrantRewardsRequest {
        self.referrals += 1;
        let plan = self.chance.of_these(PLANS);
        let qualification = wire::Qualification {
            referral: referral(self.referrals),
            plan: format!("plans/{plan}"),
            plan_version: 1,
            branch: "0101".into(),
            referrer: format!("customers/{}", self.chance.of_these(CUSTOMERS)),
            referee: format!("customers/{}", self.chance.of_these(CUSTOMERS)),
            qualifying_amount: money(self.chance.of_these(["30000.00 CNY", "2000.00 CNY", "0.01 CNY"])),
            qualify_time: Some(to_timestamp(truth.now)),
            registrar: "tom".into(),
            stage: String::new(),
            staff: Vec::new(),
        };
        wire::GrantRewardsRequest { qualification: Some(qualification) }
    }

    fn approval(&mut self, truth: &Truth) -> wire::ApproveRewardsRequest {
        let count = 1 + self.chance.below(3);
        let mut names: Vec<String> = (0..count).map(|_| self.reward(truth, &["PENDING_APPROVAL"])).collect();
        names.sort();
        names.dedup();
        let net = |name: &String| {
            let of = |one: &&RewardRow| name.ends_with(&one.id.to_string());
            truth.rewards.iter().find(of).map_or(0, |one| one.net_minor)
        };
        let off = i64::from(self.chance.percent(5));
        let sum = handsel_money::Money::new("CNY".parse().unwrap(), names.iter().map(net).sum::<i64>() + off);
        let control_count = i32::try_from(names.len()).unwrap() + i32::from(self.chance.percent(5));
        let control_sum = Some(handsel_service::wire::to_money(sum));
        wire::ApproveRewardsRequest { request_id: self.request(), names, control_count, control_sum }
    }

    fn rejection(&mut self, truth: &Truth) -> wire::RejectRewardRequest {
        let name = self.reward(truth, &["PENDING_APPROVAL"]);
        let etag = if self.chance.percent(10) { "77".into() } else { String::new() };
        wire::RejectRewardRequest { request_id: self.request(), name, etag, reason: "DUPLICATE_CUSTOMER".into() }
    }

    fn payee(&mut self, truth: &Truth) -> wire::SetPayeeRequest {
        let name = self.reward(truth, &["ACCRUED", "DUE", "PENDING_APPROVAL", "APPROVED", "FAILED", "RETURNED"]);
        let account_reference = format!("ACC-{}", self.chance.below(9));
        wire::SetPayeeRequest { request_id: self.request(), name, etag: String::new(), account_reference }
    }

    fn reversal(&mut self, truth: &Truth) -> wire::ReverseRewardRequest {
        wire::ReverseRewardRequest {
            request_id: self.request(),
            name: self.reward(truth, &["PAYING", "PAID", "FAILED", "RETURNED", "PENDING_APPROVAL"]),
            etag: String::new(),
            reason: "ACCOUNT_CLOSED".into(),
            trigger_time: Some(to_timestamp(truth.now)),
        }
    }

    /// What a call that was answered means for what comes next: the next message of the referral service has the next number.
    pub(super) fn heard(&mut self, call: &Call) {
        if let Act::Deliver(message) = &call.act {
            self.messages = self.messages.max(message.messages[0].sequence);
        }
    }

    /// The referral service says that a referral was reversed.
    fn message(&mut self, truth: &Truth) -> wire::DeliverRequest {
        let number = u32::try_from(self.chance.below(usize::try_from(self.referrals).unwrap() + 1)).unwrap();
        let reversal = wire::Reversal {
            referral: referral(number),
            reason: "ACCOUNT_CLOSED".into(),
            trigger_time: Some(to_timestamp(truth.now)),
        };
        let content = Some(Content::Reversal(reversal));
        wire::DeliverRequest {
            origin: Some(Origin { source: "referral/reward".into(), epoch: 1 }),
            messages: vec![Message { sequence: self.messages + 1, traceparent: String::new(), content }],
        }
    }

    fn retry(&mut self, truth: &Truth) -> wire::RetryPayoutRequest {
        let name = self.reward(truth, &["FAILED", "RETURNED"]);
        wire::RetryPayoutRequest { request_id: self.request(), name, etag: String::new() }
    }

    fn hold(&mut self, truth: &Truth) -> wire::PlaceHoldRequest {
        let target = match self.chance.below(20) {
            0 => format!("plans/{}", self.chance.of_these(PLANS)),
            1 | 2 => format!("customers/{}", self.chance.of_these(CUSTOMERS)),
            3 => referral(1 + u32::try_from(self.chance.below(20)).unwrap()),
            _ => self.reward(truth, &["PAYING", "APPROVED", "PENDING_APPROVAL", "FAILED"]),
        };
        wire::PlaceHoldRequest { request_id: self.request(), target, reason: "SUSPECTED_COLLUSION".into() }
    }

    fn release(&mut self, truth: &Truth) -> wire::ReleaseHoldRequest {
        let id = self.chance.one(&truth.holds).map_or(Uuid::from_u128(9), |hold| hold.id);
        wire::ReleaseHoldRequest { request_id: self.request(), name: format!("holds/{id}"), etag: String::new() }
    }

    fn choice(&mut self, truth: &Truth) -> wire::ChooseRewardRequest {
        let open: Vec<Uuid> = truth.choices.iter().filter(|it| it.side.is_none()).map(|it| it.reward_id).collect();
        let id = self.chance.one(&open).copied();
        let name = id.map_or_else(|| self.reward(truth, &["ACCRUED"]), |id| format!("rewards/{id}"));
        let side = self.chance.of_these([wire::ChoiceSide::Cash, wire::ChoiceSide::Rate]).into();
        wire::ChooseRewardRequest { request_id: self.request(), name: format!("{name}/choice"), side }
    }

    fn recovery(&mut self, truth: &Truth) -> wire::RecordRecoveryRequest {
        let id = self.chance.one(&truth.claims).map_or(Uuid::from_u128(9), |claim| claim.id);
        wire::RecordRecoveryRequest {
            request_id: self.request(),
            name: format!("claims/{id}"),
            amount: money(self.chance.of_these(["5.00 CNY", "20.00 CNY", "400.00 CNY"])),
            bank_reference: format!("IN-{}", self.chance.below(30)),
        }
    }

    fn latch(&mut self, truth: &Truth, person: &'static str) -> Call {
        let request_id = self.request();
        let act = match (truth.latched, truth.proposal) {
            (false, _) if self.chance.percent(25) => {
                Act::Latch(wire::LatchSettlementRequest { request_id, reason: "a doubt".into() })
            }
            (true, Some(proposal)) if self.chance.percent(60) => {
                Act::ConfirmRelease(wire::ConfirmReleaseRequest { request_id, proposal: proposal.to_string() })
            }
            _ => {
                let reconciled = "the bank's statement of today, payout by payout".into();
                Act::ProposeRelease(wire::ProposeReleaseRequest { request_id, reconciled })
            }
        };
        Call { act, role: Role::FinanceApprover, branch: "*", person }
    }

    fn suspension(&mut self) -> wire::SuspendPlanVersionRequest {
        let (name, reason) = ("plans/autumn".into(), "too dear".into());
        wire::SuspendPlanVersionRequest { request_id: self.request(), name, version: 1, reason }
    }

    /// Two people say what became of an attempt, or give a reward up.
    fn resolution(&mut self, truth: &Truth, person: &'static str) -> Call {
        let request_id = self.request();
        let act = match self.chance.one(&truth.proposals) {
            Some(one) if self.chance.percent(60) => {
                let name = format!("resolutions/{}", one.id);
                if one.verdict == "WRITTEN_OFF" {
                    Act::ConfirmWriteOff(wire::ConfirmWriteOffRequest { request_id, name })
                } else {
                    Act::ConfirmResolution(wire::ConfirmResolutionRequest { request_id, name })
                }
            }
            _ if self.chance.percent(30) || truth.attempts.is_empty() => {
                let reward = self.reward(truth, &["FAILED", "RETURNED"]);
                let reason = "ACCOUNT_GONE".into();
                Act::ProposeWriteOff(wire::ProposeWriteOffRequest { request_id, reward, reason })
            }
            _ => {
                let contradicted = |one: &&AttemptRow| truth.paid_against.contains(&one.reward_id);
                let open = |one: &&AttemptRow| matches!(one.status.as_str(), "UNKNOWN" | "ACCEPTED");
                let fitting: Vec<&AttemptRow> =
                    truth.attempts.iter().filter(|one| contradicted(one) || open(one)).collect();
                let end_to_end_id = match self.chance.one(&fitting) {
                    Some(one) => one.end_to_end_id.clone(),
                    None => self.chance.one(&truth.attempts).unwrap().end_to_end_id.clone(),
                };
                let outcome = self.chance.of_these([Verdict::Settled, Verdict::Rejected]);
                let settled = outcome == Verdict::Settled;
                Act::ProposeResolution(wire::ProposeResolutionRequest {
                    request_id,
                    bank_reference: if settled { format!("TX-{}", &end_to_end_id[..12]) } else { String::new() },
                    end_to_end_id,
                    outcome: outcome.into(),
                    occur_time: Some(to_timestamp(truth.now)),
                    reason: "ACCOUNT_STATEMENT".into(),
                    evidence: "page 3 of the statement".into(),
                })
            }
        };
        Call { act, role: Role::FinanceApprover, branch: "*", person }
    }

    fn remittance(&mut self, truth: &Truth, person: &'static str) -> Call {
        let request_id = self.request();
        let act = match self.chance.one(&truth.remittances) {
            Some(one) if self.chance.percent(60) => {
                let name = format!("tax-remittances/{}", one.id);
                Act::ConfirmRemittance(wire::ConfirmTaxRemittanceRequest { request_id, name })
            }
            _ => Act::ProposeRemittance(wire::ProposeTaxRemittanceRequest {
                request_id,
                amount: money(self.chance.of_these(["10.00 CNY", "100.00 CNY"])),
                period: "2026-Q1".into(),
                reference: format!("TAX-{}", self.chance.below(9)),
            }),
        };
        Call { act, role: Role::FinanceApprover, branch: "*", person }
    }

    /// What the bank says: of attempts that wait mostly, of any now and then, and once in a while of what nobody has made.
    fn report(&mut self, truth: &Truth) -> wire::ReportOutcomesRequest {
        let open: Vec<&str> = truth
            .attempts
            .iter()
            .filter(|one| matches!(one.status.as_str(), "UNKNOWN" | "ACCEPTED"))
            .map(|one| one.end_to_end_id.as_str())
            .collect();
        let every: Vec<&str> = truth.attempts.iter().map(|one| one.end_to_end_id.as_str()).collect();
        let outcomes = (0..=self.chance.below(4)).map(|_| {
            let from = if self.chance.percent(60) { &open } else { &every };
            let id = self.chance.one(from).copied().filter(|_| !self.chance.percent(1));
            let end_to_end_id = id.unwrap_or("0123456789abcdef0123456789abcdef012").to_owned();
            let status =
                self.chance.of_these([Fate::Accepted, Fate::Settled, Fate::Settled, Fate::Rejected, Fate::Returned]);
            let reference = match self.chance.below(10) {
                0 => "TX-OTHER".to_owned(),
                _ => format!("TX-{}", &end_to_end_id[..12]),
            };
            let ahead = if self.chance.percent(3) { Duration::from_secs(3600) } else { Duration::ZERO };
            PayoutOutcome {
                end_to_end_id,
                status: status.into(),
                reason_code: if status == Fate::Rejected { "AC04".into() } else { String::new() },
                bank_reference: if status == Fate::Settled { reference } else { String::new() },
                occur_time: Some(to_timestamp(truth.now.checked_add(ahead).unwrap())),
            }
        });
        wire::ReportOutcomesRequest { outcomes: outcomes.collect() }
    }

    fn rate(&mut self, truth: &Truth, person: &'static str) -> Call {
        let id = self.chance.one(&truth.grants).map_or(Uuid::from_u128(9), |grant| grant.id);
        let name = format!("rate-grants/{id}");
        let bank = |act| Call { act, role: Role::CoreBanking, branch: "", person: "" };
        match self.chance.below(6) {
            0 | 1 => {
                let start = truth.now.date_in(&"Asia/Shanghai".parse().unwrap());
                let part = |part: i64| i32::try_from(part).unwrap();
                let start = date(part(start.year()), part(start.month()), part(start.day()));
                let contract = contract(&format!("D-{}", self.chance.below(40)), "20000.00 CNY", start);
                bank(Act::TakeRate(wire::ActivateRateGrantRequest { name, contract: Some(contract) }))
            }
            2 => bank(Act::EndRate(wire::EndRateGrantRequest {
                name,
                end_time: Some(to_timestamp(truth.now)),
                reason: "CLOSED_EARLY".into(),
            })),
            3 => {
                let (request_id, etag, reason) = (self.request(), String::new(), "FRAUD".into());
                let act = Act::RevokeRate(wire::RevokeRateGrantRequest { request_id, name, etag, reason });
                Call { act, role: Role::FinanceApprover, branch: "*", person }
            }
            4 => bank(Act::PullRates(wire::ListRateInstructionsRequest::default())),
            _ => {
                let open = self.chance.one(&truth.rate_instructions);
                let instruction_id = open.map_or_else(|| "0".repeat(35), |one| one.instruction_id.clone());
                let result = self.chance.of_these([rate_receipt::Result::Taken, rate_receipt::Result::Refused]).into();
                let reason_code = if result == i32::from(rate_receipt::Result::Refused) { "NO" } else { "" }.to_owned();
                let receipts = vec![RateReceipt { instruction_id, result, reason_code }];
                bank(Act::AnswerRates(wire::ReportRateInstructionsRequest { receipts }))
            }
        }
    }
}
