//! Versions of a plan: what pins, what goes on, what two people stop; and what customers are told of each.

use crate::bank::{Bank, brief, introduction_plan, money, request_id};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Code, Response, Status};

type Answer = Result<wire::Plan, Status>;

impl Bank {
    async fn next_version(&self, person: &str, request: u32, plan: wire::Plan) -> Answer {
        let request = wire::CreatePlanVersionRequest {
            request_id: request_id(request),
            name: "plans/spring".into(),
            plan: Some(plan),
        };
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        self.plans().create_plan_version(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    async fn version(&self, version: i32) -> Answer {
        let request = wire::GetPlanRequest { name: "plans/spring".into(), version };
        let token = self.lab.token(Role::ProgramAdmin, "*", "mia");
        self.plans().get_plan(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    async fn change(&self, person: &str, request: u32, change: &str) -> Answer {
        let (name, etag) = ("plans/spring".to_owned(), String::new());
        let request_id = request_id(request);
        let token = self.lab.token(Role::ProgramAdmin, "*", person);
        let mut plans = self.plans();
        let answer = match change {
            "pause" => plans.pause_plan(self.lab.call(wire::PausePlanRequest { request_id, name, etag }, &token)).await,
            "resume" => {
                plans.resume_plan(self.lab.call(wire::ResumePlanRequest { request_id, name, etag }, &token)).await
            }
            _ => plans.end_plan(self.lab.call(wire::EndPlanRequest { request_id, name, etag }, &token)).await,
        };
        answer.map(Response::into_inner)
    }

    async fn suspend(&self, person: &str, request: u32, version: i32, reason: &str) -> Answer {
        let request = wire::SuspendPlanVersionRequest {
            request_id: request_id(request),
            name: "plans/spring".into(),
            version,
            reason: reason.into(),
        };
        let token = self.lab.token(Role::ComplianceOfficer, "*", person);
        self.plans().suspend_plan_version(self.lab.call(request, &token)).await.map(Response::into_inner)
    }

    async fn sheet(&self, version: i32, language: &str) -> wire::TermsSheet {
        let request =
            wire::GetTermsSheetRequest { name: "plans/spring".into(), version, language_code: language.into() };
        let token = self.lab.token(Role::BranchStaff, "0101", "tom");
        self.plans().get_terms_sheet(self.lab.call(request, &token)).await.unwrap().into_inner()
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let refused = answer.unwrap_err();
    (refused.code(), reason(&refused))
}

fn dearer() -> wire::Plan {
    let mut plan = introduction_plan();
    plan.role_rules[1] = crate::bank::fixed(wire::BeneficiaryRole::Referee, "60.00 CNY");
    plan.budget = money("90000.00 CNY");
    plan
}

on_both_engines! {
    async fn the_version_in_force_goes_on_while_the_next_is_made(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let draft = bank.next_version("mia", 10, dearer()).await.unwrap();
        assert_eq!((draft.version, draft.state()), (2, wire::plan::State::Draft));
        assert_eq!(bank.next_version("mia", 10, dearer()).await.unwrap(), draft, "told again");
        assert_eq!(refused(bank.next_version("mia", 11, dearer()).await).1, "STATE_CONFLICT");
        assert_eq!(bank.plan("spring").await.version, 1, "unless asked otherwise, the one in force");
        assert_eq!(bank.version(2).await.unwrap().state(), wire::plan::State::Draft);
        assert_eq!(refused(bank.version(3).await).1, "NOT_FOUND");

        // A referral that is pinned to the draft has nothing yet; one that is pinned to the old version keeps it for ever.
        let pinned = |number, version| wire::Qualification {
            plan_version: version,
            ..bank.qualification(number, "10000.00 CNY")
        };
        assert_eq!(refused(bank.grant(pinned(1, 2)).await).1, "PLAN_NOT_ACTIVE");
        bank.submit_plan("mia", &request_id(12), "plans/spring").await.unwrap();
        let active = bank.activate_plan("chen", &request_id(13), "plans/spring").await.unwrap();
        assert_eq!((active.version, active.state()), (2, wire::plan::State::Active));
        assert_eq!(bank.version(1).await.unwrap().state(), wire::plan::State::Ended);
        assert_eq!(bank.plan("spring").await.version, 2);
        let lines = |rewards: Vec<wire::Reward>| rewards.iter().map(brief).collect::<Vec<_>>();
        assert_eq!(
            lines(bank.grant(pinned(2, 1)).await.unwrap()),
            ["REFERRER ACCRUED 100.00 CNY", "REFEREE ACCRUED 50.00 CNY"]
        );
        assert_eq!(
            lines(bank.grant(pinned(3, 2)).await.unwrap()),
            ["REFERRER ACCRUED 100.00 CNY", "REFEREE ACCRUED 60.00 CNY"]
        );
        // One counter for all versions.
        assert_eq!(bank.plan("spring").await.granted, money("310.00 CNY"));
    }

    async fn a_version_keeps_the_currency_of_its_plan(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let euros = wire::Plan {
            currency_code: "EUR".into(),
            role_rules: vec![crate::bank::fixed(wire::BeneficiaryRole::Referee, "5.00 EUR")],
            beneficiary_cap: None,
            budget: None,
            on_exceed: 0,
            approval_bands: Vec::new(),
            ..introduction_plan()
        };
        assert_eq!(refused(bank.next_version("mia", 10, euros).await), (Code::InvalidArgument, "CURRENCY_MISMATCH".into()));
    }

    async fn a_plan_is_paused_resumed_by_another_and_ended(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        assert_eq!(refused(bank.change("chen", 20, "resume").await).1, "STATE_CONFLICT");
        assert_eq!(bank.change("mia", 21, "pause").await.unwrap().state(), wire::plan::State::Paused);
        assert_eq!(refused(bank.change("mia", 22, "resume").await).1, "MAKER_IS_CHECKER");
        assert_eq!(bank.change("chen", 23, "resume").await.unwrap().state(), wire::plan::State::Active);
        bank.change("mia", 24, "pause").await.unwrap();
        assert_eq!(bank.change("mia", 25, "end").await.unwrap().state(), wire::plan::State::Ended);
        assert_eq!(refused(bank.change("mia", 26, "end").await).1, "PLAN_NOT_ACTIVE");
        // What was promised is kept.
        assert_eq!(bank.grant(bank.qualification(1, "10000.00 CNY")).await.unwrap().len(), 2);
    }

    async fn two_people_stop_the_grants_of_a_version(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let before = bank.grant(bank.qualification(1, "10000.00 CNY")).await.unwrap();
        let asked = bank.suspend("olga", 30, 1, "REGULATOR_ORDER").await.unwrap();
        assert_eq!(asked.suspension.as_ref().map(|one| one.confirmed_by.as_str()), Some(""));
        assert_eq!(refused(bank.suspend("olga", 31, 1, "REGULATOR_ORDER").await).1, "MAKER_IS_CHECKER");
        assert_eq!(refused(bank.suspend("pia", 32, 1, "OTHER").await).1, "STATE_CONFLICT");
        assert_eq!(bank.grant(bank.qualification(2, "10000.00 CNY")).await.unwrap().len(), 2, "asked for only");

        let stopped = bank.suspend("pia", 33, 1, "REGULATOR_ORDER").await.unwrap();
        assert_eq!(stopped.suspension.map(|one| one.confirmed_by), Some("pia".into()));
        let late = bank.grant(bank.qualification(3, "10000.00 CNY")).await;
        assert_eq!(refused(late), (Code::FailedPrecondition, "PLAN_SUSPENDED".into()));
        assert_eq!(bank.grant(bank.qualification(1, "10000.00 CNY")).await.unwrap(), before, "what was granted stands");
        assert_eq!(refused(bank.suspend("quinn", 34, 1, "REGULATOR_ORDER").await).1, "STATE_CONFLICT");
    }

    async fn a_terms_sheet_is_the_same_for_ever(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_plan("mia", &request_id(1), "spring", introduction_plan()).await.unwrap();
        let draft = bank.sheet(0, "").await;
        bank.submit_plan("mia", &request_id(2), "plans/spring").await.unwrap();
        bank.activate_plan("chen", &request_id(3), "plans/spring").await.unwrap();
        let kept = bank.sheet(1, "en").await;
        assert_eq!(kept, draft, "what the checker read is what customers read");
        assert_eq!((kept.digest.len(), kept.version, kept.language_code.as_str()), (64, 1, "en"));
        let chinese = bank.sheet(1, "zh-Hans").await;
        assert!(chinese.text.contains("推荐人获得") && chinese.digest != kept.digest, "{}", chinese.text);
        for sql in ["UPDATE terms_sheet SET text = 'x'", "DELETE FROM terms_sheet"] {
            let touched: Result<Vec<(i64,)>, _> = bank.db.all(sql, ()).await;
            assert!(touched.is_err(), "{sql}");
        }
    }
}
