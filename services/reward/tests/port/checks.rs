//! A reward says at each station of its way what it waits for, why, and until when.

use crate::{
    bank::{Bank, DAY, approval_band, introduction_plan, money, request_id},
    core_bank::{CoreBank, passed},
};
use handsel_proto::handsel::{
    access::v1::Role as Approver,
    corebank::v1::{payout_check::Kind, payout_outcome::Status as Fate},
    reward::v1::{self as wire, check::Rule, check::Verdict},
};
use handsel_reward::{PayoutGate, RewardConfig};
use handsel_testkit::{Lab, Role, on_both_engines};

/// What it waits for: the check, its reason, and the words.
fn waits(reward: &wire::Reward) -> (Rule, String, String) {
    let in_the_way = |check: &&wire::Check| matches!(check.verdict(), Verdict::Fail | Verdict::Pending);
    let first = reward.checks.iter().find(in_the_way).unwrap();
    assert_eq!(reward.until_time, first.until_time);
    (first.rule(), first.reason.clone(), reward.waiting_for.clone())
}

fn expected(rule: Rule, reason: &str, words: &str) -> (Rule, String, String) {
    (rule, reason.to_owned(), words.to_owned())
}

on_both_engines! {
    async fn a_reward_says_what_it_waits_for_all_the_way(lab: Lab) {
        let core = CoreBank::content();
        core.denies(Kind::Arrears, "ARREARS_30");
        let server = lab.serve(core.clone()).await;
        let gate = PayoutGate::Bank(lab.peer(server.address()));
        let bank = Bank::configured(lab.clone(), RewardConfig { gate, ..RewardConfig::pull("BANKCNBJ") }).await;
        let two = wire::ApprovalBand {
            roles: vec![Approver::FinanceApprover.into(), Approver::ComplianceOfficer.into()],
            approvers: 2,
            ..approval_band("100.00 CNY")
        };
        let plan = wire::Plan {
            approval_bands: vec![two],
            gate_checks: vec![wire::GateCheck::Arrears.into()],
            expiry_days: 60,
            ..introduction_plan()
        };
        bank.put_in_force("spring", plan).await;
        let name = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        let accrued = bank.reward(&name).await;
        assert_eq!(waits(&accrued).0, Rule::HoldingPeriod);
        assert_eq!(accrued.until_time, accrued.due_time);

        let hold = bank.place_hold(50, &name).await.unwrap();
        bank.pass(DAY * 30).await;
        let words = format!("two people to release {} (SUSPECTED_COLLUSION)", hold.name);
        assert_eq!(waits(&bank.reward(&name).await), expected(Rule::Hold, "SUSPECTED_COLLUSION", &words));
        bank.release_hold("karel", 51, &hold.name).await.unwrap();
        bank.release_hold("lena", 52, &hold.name).await.unwrap();

        bank.approve("fay", &request_id(11), &[&name], "240.00 CNY").await.unwrap();
        let half = bank.reward(&name).await;
        let words = "the approval of 1 in the role finance.approver or compliance.officer (1 of 2 given)";
        assert_eq!(waits(&half), expected(Rule::Approval, "APPROVAL_MISSING", words));
        let request = wire::GetRewardRequest { name: name.clone(), language_code: "zh-Hans".into() };
        let call = bank.lab.call(request, &bank.lab.token(Role::BranchStaff, "0101", "tom"));
        let chinese = bank.rewards().get_reward(call).await.unwrap().into_inner();
        assert_eq!(chinese.waiting_for, "等待审批：尚缺1名财务审批人或合规人员（须2人，已有1人）");
        assert_eq!(chinese.checks.len(), half.checks.len());

        bank.approve("gus", &request_id(12), &[&name], "240.00 CNY").await.unwrap();
        let words = "the bank's word on the beneficiary's arrears";
        assert_eq!(waits(&bank.reward(&name).await), expected(Rule::Gate, "ARREARS_NOT_ASKED", words));
        bank.run_jobs().await;
        let refused = bank.reward(&name).await;
        let words = "the beneficiary's arrears to be in order (ARREARS_30)";
        assert_eq!(waits(&refused), expected(Rule::Gate, "ARREARS_FAIL", words));
        assert!(refused.until_time.is_some(), "the bank is asked again then");

        let down = bank.stop("fay", 31, "a call from the bank").await;
        assert!(!down.signs.is_empty());
        core.says(|asked| Ok(passed(asked)));
        bank.pass(DAY).await;
        let words = "two people to lift the settlement latch";
        assert_eq!(waits(&bank.reward(&name).await), expected(Rule::SettlementLatch, "LATCHED", words));
        let proposal = bank.propose("fay", 32).await.unwrap().proposal.unwrap().id;
        bank.confirm("gus", 33, &proposal).await.unwrap();

        bank.run_jobs().await;
        let decided = bank.reward(&name).await;
        assert_eq!(waits(&decided), expected(Rule::Attempt, "NOT_SENT", "core banking to take the instruction"));
        let id = bank.instructions().await.into_iter().find(|one| one.reward == name).unwrap().end_to_end_id;
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "APPLIED PAID");
        let paid = bank.reward(&name).await;
        assert_eq!((paid.waiting_for.as_str(), paid.until_time), ("", None));
        assert!(paid.checks.iter().all(|one| matches!(one.verdict(), Verdict::Pass | Verdict::NotApplicable)));
        let gate = paid.checks.iter().find(|one| one.rule() == Rule::Gate).unwrap();
        assert_eq!(gate.verdict(), Verdict::Pass);
        assert_eq!(paid.reward_amount, money("300.00 CNY"));
        let listed = bank.approve("fay", &request_id(11), &[&name], "240.00 CNY").await.unwrap();
        assert!(listed[0].checks.is_empty(), "only the answer of GetReward has them");
    }
}
