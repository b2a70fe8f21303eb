//! Branches see their own rewards.

use crate::bank::{Bank, introduction_plan};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::Code;

on_both_engines! {
    async fn a_branch_sees_its_own_rewards_only(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let mine = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let theirs = wire::Qualification { branch: "0202".into(), ..bank.qualification(2, "30000.00 CNY") };
        let theirs = bank.grant(theirs).await.unwrap();
        let teller = bank.lab.token(Role::BranchStaff, "0101", "tom");

        let get = |name: &str| bank.lab.call(wire::GetRewardRequest { name: name.to_owned(), ..wire::GetRewardRequest::default() }, &teller);
        assert!(bank.rewards().get_reward(get(&mine[0].name)).await.is_ok());
        let denied = bank.rewards().get_reward(get(&theirs[0].name)).await.unwrap_err();
        assert_eq!((denied.code(), reason(&denied).as_str()), (Code::PermissionDenied, "BRANCH_MISMATCH"));

        let list = |branch: &str| {
            let request = wire::ListRewardsRequest { branch: branch.to_owned(), ..wire::ListRewardsRequest::default() };
            bank.lab.call(request, &teller)
        };
        for branch in ["", "0101"] {
            let seen = bank.rewards().list_rewards(list(branch)).await.unwrap().into_inner().rewards;
            assert!(seen.len() == 2 && seen.iter().all(|reward| reward.branch == "0101"), "{branch}");
        }
        let denied = bank.rewards().list_rewards(list("0202")).await.unwrap_err();
        assert_eq!((denied.code(), reason(&denied).as_str()), (Code::PermissionDenied, "BRANCH_MISMATCH"));

        let everywhere = bank.lab.token(Role::ComplianceOfficer, "*", "ida");
        let all = bank.rewards().list_rewards(bank.lab.call(wire::ListRewardsRequest::default(), &everywhere)).await;
        assert_eq!(all.unwrap().into_inner().rewards.len(), 4);
    }

    async fn a_page_token_of_another_branch_is_no_use(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let request = wire::ListRewardsRequest { page_size: 1, ..wire::ListRewardsRequest::default() };
        let here = bank.lab.token(Role::BranchStaff, "0101", "tom");
        let there = bank.lab.token(Role::BranchStaff, "0202", "ann");
        let page = bank.rewards().list_rewards(bank.lab.call(request.clone(), &here)).await.unwrap().into_inner();
        let request = wire::ListRewardsRequest { page_token: page.next_page_token, ..request };
        assert!(bank.rewards().list_rewards(bank.lab.call(request.clone(), &here)).await.is_ok());
        let refused = bank.rewards().list_rewards(bank.lab.call(request, &there)).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
    }
}
