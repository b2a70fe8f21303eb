//! The life of a code: issued, read as it is written, used up, expired; and whose it is.

use crate::bank::Bank;
use handsel_proto::handsel::referral::v1::{
    Channel, Check, Code, GetCodeRequest, Referral,
    check::{Rule, Verdict},
    referral::State,
};
use handsel_service::wire::to_timestamp;
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use std::time::Duration;

fn with_code(referral: Referral, code: &Code) -> Referral {
    Referral { channel: Channel::CustomerCode.into(), code: code.name.clone(), referrer: String::new(), ..referral }
}

fn failed(referral: &Referral) -> Vec<Rule> {
    referral.checks.iter().filter(|check| check.verdict() == Verdict::Fail).map(Check::rule).collect()
}

async fn used(bank: &Bank, code: &Code) -> i32 {
    let request = bank.lab.call(GetCodeRequest { name: code.name.clone() }, &bank.teller());
    bank.codes().get_code(request).await.unwrap().into_inner().usage_count
}

on_both_engines! {
    async fn a_code_is_found_however_it_is_written(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let code = bank.code("friends", |code| code.usage_limit = 7).await.unwrap();
        let plain = code.name.replace('-', "");
        for name in [code.name.clone(), plain.clone(), format!("codes/{}", plain["codes/".len()..].to_lowercase())] {
            let request = bank.lab.call(GetCodeRequest { name }, &bank.teller());
            assert_eq!(bank.codes().get_code(request).await.unwrap().into_inner(), code);
        }
        let elsewhere = bank.lab.token(Role::BranchStaff, "0202", "eve");
        let request = bank.lab.call(GetCodeRequest { name: code.name.clone() }, &elsewhere);
        assert_eq!(reason(&bank.codes().get_code(request).await.unwrap_err()), "BRANCH_MISMATCH");
    }

    async fn a_code_ties_its_owner_until_it_is_used_up_or_expired(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let expiry = to_timestamp(bank.now().checked_add(Duration::from_secs(3600)).unwrap());
        let code = bank.code("friends", |code| (code.usage_limit, code.expire_time) = (1, Some(expiry))).await.unwrap();
        let written = Code { name: code.name.replace('-', "").to_lowercase(), ..code.clone() };
        let first = bank.register(with_code(bank.introduction("friends", "+420601000001"), &written)).await.unwrap();
        assert_eq!((first.state(), first.referrer.as_str(), &first.code), (State::Registered, "customers/100", &code.name));
        assert_eq!(used(&bank, &code).await, 1);
        let second = bank.register(with_code(bank.introduction("friends", "+420601000002"), &code)).await.unwrap();
        assert_eq!((second.state(), failed(&second)), (State::Rejected, vec![Rule::CodeNotExhausted]));
        bank.lab.clock.advance(Duration::from_secs(3600)).unwrap();
        let third = bank.register(with_code(bank.introduction("friends", "+420601000003"), &code)).await.unwrap();
        assert_eq!(failed(&third), [Rule::CodeNotExpired, Rule::CodeNotExhausted]);
        assert_eq!(used(&bank, &code).await, 1, "rejected ones are not counted");
    }

    async fn what_refuses_a_code(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_program("draft", bank.program(), "mary").await.unwrap();
        bank.run_program("friends", |_| {}).await;
        bank.run_program("others", |_| {}).await;
        assert_eq!(reason(&bank.code("nobody", |_| {}).await.unwrap_err()), "NOT_FOUND");
        assert_eq!(reason(&bank.code("draft", |_| {}).await.unwrap_err()), "STATE_CONFLICT");
        assert_eq!(reason(&bank.code("friends", |code| code.branch = "0202".into()).await.unwrap_err()), "BRANCH_MISMATCH");
        let past = bank.wire_now();
        let refused = bank.code("friends", |code| code.expire_time = Some(past)).await.unwrap_err();
        assert_eq!(violated_fields(&refused), ["code.expire_time"]);

        let code = bank.code("friends", |_| {}).await.unwrap();
        let introduction = || with_code(bank.introduction("friends", "+420601000001"), &code);
        let not_his = Referral { referrer: "customers/101".into(), ..introduction() };
        assert_eq!(violated_fields(&bank.register(not_his).await.unwrap_err()), ["referral.referrer"]);
        let elsewhere = Referral { program: "programs/others".into(), ..introduction() };
        assert_eq!(violated_fields(&bank.register(elsewhere).await.unwrap_err()), ["referral.code"]);
        for name in ["codes/K7MP-3XQD", "codes/K7MP-3XQA", "codes/WHAT"] {
            let unknown = Referral { code: name.into(), ..introduction() };
            assert_eq!(reason(&bank.register(unknown).await.unwrap_err()), "NOT_FOUND", "{name}");
        }
        let missing = Referral { code: String::new(), ..introduction() };
        assert_eq!(violated_fields(&bank.register(missing).await.unwrap_err()), ["referral.code", "referral.referrer"]);
        let stated = Referral { referrer: "customers/100".into(), ..introduction() };
        assert_eq!(bank.register(stated).await.unwrap().state(), State::Registered);
    }

    async fn a_limit_holds_when_many_register_at_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let code = bank.code("friends", |code| code.usage_limit = 3).await.unwrap();
        let at_once = (0..8).map(|number| {
            bank.register(with_code(bank.introduction("friends", &format!("+42060100000{number}")), &code))
        });
        let registered = futures::future::join_all(at_once).await;
        let states: Vec<State> = registered.into_iter().map(|referral| referral.unwrap().state()).collect();
        assert_eq!(states.iter().filter(|state| **state == State::Registered).count(), 3, "{states:?}");
    }
}
