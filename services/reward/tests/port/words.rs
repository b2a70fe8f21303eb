//! A reward's story in the language that is asked for.

use crate::bank::{Bank, introduction_plan};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, violated_fields};

on_both_engines! {
    async fn a_story_is_told_in_the_language_asked_for(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let granted = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let teller = bank.lab.token(Role::BranchStaff, "0101", "tom");
        let ask = |language: &str| {
            let request =
                wire::GetRewardRequest { name: granted[0].name.clone(), language_code: language.to_owned() };
            bank.lab.call(request, &teller)
        };
        let english = bank.rewards().get_reward(ask("")).await.unwrap().into_inner();
        let same = bank.rewards().get_reward(ask("en")).await.unwrap().into_inner();
        let chinese = bank.rewards().get_reward(ask("zh-Hans")).await.unwrap().into_inner();
        assert_eq!(english, same);
        assert_eq!(english.steps, chinese.steps);
        assert_eq!(english.explanation.len(), chinese.explanation.len());
        assert!(english.explanation[0].starts_with("Customer 10 introduced"), "{:?}", english.explanation);
        assert!(chinese.explanation[0].starts_with("客户10推荐了新客户"), "{:?}", chinese.explanation);
        assert!(chinese.explanation.iter().any(|one| one == "本次奖励为人民币300.00元。"), "{:?}", chinese.explanation);
        let refused = bank.rewards().get_reward(ask("fr")).await.unwrap_err();
        assert_eq!(violated_fields(&refused), ["language_code"]);
    }
}
