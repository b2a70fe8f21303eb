//! The loops: what is owed to the reward service, referrals whose time runs out, what is kept only for a while.

use crate::bank::{Bank, DAY, czk};
use handsel_proto::handsel::referral::v1::{Fact, FactKind, fact_outcome::Result as Outcome, referral::State};
use handsel_service::Part;
use handsel_testkit::{Lab, on_both_engines, run_jobs_until_idle};
use std::time::Duration;

on_both_engines! {
    async fn the_reward_service_is_told_once_what_has_qualified(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        let opened = bank.fact("opened", FactKind::AccountOpened, None, Duration::ZERO);
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(1_000)), Duration::ZERO);
        bank.ingest(vec![Fact { referral: referral.name.clone(), ..opened }, deposit]).await;
        run_jobs_until_idle(&bank.service.jobs()).await;
        run_jobs_until_idle(&bank.service.jobs()).await;
        let told = bank.reward.told();
        assert_eq!(told.len(), 1);
        let told = &told[0];
        assert_eq!((&told.referral, told.plan.as_str(), told.plan_version), (&referral.name, "plans/live", 3));
        assert_eq!((told.branch.as_str(), told.registrar.as_str()), ("0101", "anna"));
        assert_eq!((told.referrer.as_str(), told.referee.as_str()), ("customers/100", "customers/200"));
        assert_eq!((told.qualifying_amount.clone(), told.qualify_time), (Some(czk(1_000)), Some(bank.wire_now())));
    }

    async fn a_referral_expires_after_its_grace(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let waiting = bank.register(bank.introduction("friends", "+420601000001")).await.unwrap();
        let converting = bank.register(bank.introduction("friends", "+420601000002")).await.unwrap();
        let opened = bank.fact("opened", FactKind::AccountOpened, None, Duration::ZERO);
        bank.ingest(vec![Fact { referral: converting.name.clone(), ..opened }]).await;
        bank.lab.clock.advance(35 * DAY - Duration::from_micros(1)).unwrap();
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(bank.referral(&waiting.name).await.state(), State::Registered);
        assert_eq!(bank.referral(&converting.name).await.state(), State::Converting);
        bank.lab.clock.advance(Duration::from_micros(1)).unwrap();
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(bank.referral(&waiting.name).await.state(), State::Expired);
        assert_eq!(bank.referral(&converting.name).await.state(), State::Expired);
        let kinds = bank.statements().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "referral.expired").count(), 2);
        let again = bank.register(bank.introduction("friends", "+420601000001")).await.unwrap();
        assert_eq!(again.state(), State::Registered, "an expired referral holds its contact no more");
        assert!(bank.reward.told().is_empty());
    }

    async fn facts_that_matched_nothing_are_forgotten_after_30_days(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let card = bank.fact("card", FactKind::CardIssued, None, Duration::ZERO);
        bank.ingest(vec![card.clone()]).await;
        let count = async || bank.db.one::<(i64,)>("SELECT COUNT(*) FROM unmatched_fact", ()).await.unwrap().0;
        bank.lab.clock.advance(30 * DAY).unwrap();
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(count().await, 1);
        bank.lab.clock.advance(Duration::from_secs(1)).unwrap();
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(count().await, 0);
        assert_eq!(bank.ingest(vec![card]).await[0].result(), Outcome::Unmatched);
    }

    async fn keys_of_people_on_record_stay_and_others_go(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        bank.register(bank.introduction("nobody", "+420601000001")).await.unwrap_err();
        let count = async || bank.keys_db.one::<(i64,)>("SELECT COUNT(*) FROM data_key", ()).await.unwrap().0;
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(count().await, 4, "a call may still be under way");
        bank.lab.system.advance(Duration::from_secs(3601)).unwrap();
        run_jobs_until_idle(&bank.service.jobs()).await;
        assert_eq!(count().await, 2, "one for the desk, one for the log");
        // The tokens of before are an hour old; a new one reads on.
        assert_eq!(bank.referral(&referral.name).await.referee, referral.referee);
    }
}
