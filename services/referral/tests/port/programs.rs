//! Programs: validated whole, made by one person and activated by another, with the plan's version pinned.

use crate::bank::{Bank, any_of, czk, start};
use handsel_access::DevToken;
use handsel_proto::handsel::referral::v1::{
    ActivateProgramRequest, CreateProgramRequest, Eligibility, FactKind, FollowUpRule, GetProgramRequest,
    ListProgramsRequest, Program, SuccessRule, program::State, program_service_client::ProgramServiceClient,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use std::net::Ipv4Addr;
use tonic::Code;

on_both_engines! {
    async fn a_program_takes_two_people_and_an_active_plan(lab: Lab) {
        let bank = Bank::open(lab).await;
        let program = Program {
            eligibility: Some(Eligibility { max_referrals_per_referrer: 5 }),
            follow_up: Some(FollowUpRule { core_hours: 6, other_hours: 48 }),
            ..bank.program()
        };
        let made = bank.create_program("friends", program.clone(), "mary").await.unwrap();
        assert_eq!((made.name.as_str(), made.state(), made.version), ("programs/friends", State::Draft, 1));
        assert_eq!((made.maker.as_str(), made.checker.as_str(), made.plan_version), ("mary", "", 0));
        assert_eq!((made.eligibility, made.follow_up, made.plan.clone()), (program.eligibility, program.follow_up, program.plan));
        assert_eq!(made.success.as_ref().unwrap().grace_days, 5, "the default is shown");

        let submitted = bank.submit("friends", &made.etag, "sue").await.unwrap();
        assert_eq!(submitted.state(), State::InReview);
        assert_ne!(submitted.etag, made.etag);
        for person in ["mary", "sue"] {
            let refused = bank.activate("friends", "", person).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"));
        }
        let active = bank.activate("friends", &submitted.etag, "carl").await.unwrap();
        assert_eq!((active.state(), active.plan_version, active.checker.as_str()), (State::Active, 3, "carl"));
        let request = bank.lab.call(GetProgramRequest { name: active.name.clone() }, &bank.teller());
        assert_eq!(bank.programs().get_program(request).await.unwrap().into_inner(), active);
        assert_eq!(bank.statements().await, ["program.created", "program.submitted", "program.activated"]);
    }

    async fn an_account_checks_nothing_that_it_made_whoever_uses_it(lab: Lab) {
        let bank = Bank::open(lab).await;
        let token = |subject: &str, person: Option<&str>| {
            let token = DevToken::of_role(Role::ProgramAdmin, subject);
            bank.lab.issuer.issue(&DevToken { person: person.map(str::to_owned), ..token }).unwrap()
        };
        // One account, whose tokens name the human only sometimes.
        let (request_id, program) = (bank.request_id(), Some(bank.program()));
        let request = CreateProgramRequest { request_id, program_id: "friends".into(), program };
        bank.programs().create_program(bank.lab.call(request, &token("u-17", None))).await.unwrap();
        bank.submit("friends", "", "sue").await.unwrap();
        let activate = |token: &str| {
            let (request_id, name) = (bank.request_id(), "programs/friends".into());
            bank.lab.call(ActivateProgramRequest { request_id, name, etag: String::new() }, token)
        };
        let own = bank.programs().activate_program(activate(&token("u-17", Some("anna")))).await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        bank.programs().activate_program(activate(&token("u-18", Some("ben")))).await.unwrap();
    }

    async fn every_fault_of_a_draft_is_named_at_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        let program = Program {
            display_name: " ".into(),
            end_time: Some(bank.wire_now()),
            success: Some(SuccessRule {
                requirements: vec![
                    any_of(FactKind::CardIssued, Some(czk(1))),
                    any_of(FactKind::LoanDrawn, Some(czk(0))),
                    any_of(FactKind::AccountClosed, None),
                ],
                within_days: 30,
                grace_days: 0,
                qualifying_amount: FactKind::AccountOpened.into(),
                reversal_days: 0,
            }),
            ..bank.program()
        };
        let refused = bank.create_program("friends", program, "mary").await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        assert_eq!(violated_fields(&refused), [
            "program.display_name",
            "program.end_time",
            "program.success.qualifying_amount",
            "program.success.requirements[0].any_of[0].minimum",
            "program.success.requirements[1].any_of[0].minimum",
            "program.success.requirements[2].any_of[0].kind",
        ]);
        let mut finer = bank.program();
        let mut minimum = czk(1);
        minimum.nanos = 1;
        finer.success.as_mut().unwrap().requirements[1] = any_of(FactKind::FirstDeposit, Some(minimum));
        let refused = bank.create_program("friends", finer, "mary").await.unwrap_err();
        assert_eq!(reason(&refused), "AMOUNT_PRECISION");
        assert_eq!(violated_fields(&refused), ["program.success.requirements[1].any_of[0].minimum"]);
        assert!(bank.statements().await.is_empty(), "nothing was written");
    }

    async fn what_refuses_an_act_on_a_program(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_program("friends", bank.program(), "mary").await.unwrap();
        let taken = bank.create_program("friends", bank.program(), "mary").await.unwrap_err();
        assert_eq!((taken.code(), reason(&taken).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
        let early = bank.activate("friends", "", "carl").await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        let stale = bank.submit("friends", "r9", "mary").await.unwrap_err();
        assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
        let unknown = bank.submit("nobody", "", "mary").await.unwrap_err();
        assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "NOT_FOUND"));
        let request = ActivateProgramRequest { request_id: bank.request_id(), name: "programs/friends".into(), etag: String::new() };
        let nobody = bank.lab.token(Role::ProgramAdmin, "*", None);
        let refused = bank.programs().activate_program(bank.lab.call(request, &nobody)).await.unwrap_err();
        assert_eq!(reason(&refused), "PERSON_REQUIRED");
    }

    async fn a_program_needs_a_plan_in_force(lab: Lab) {
        let bank = Bank::open(lab).await;
        for (id, plan) in [("drafted", "plans/draft"), ("unknown", "plans/nobody-knows")] {
            bank.create_program(id, Program { plan: plan.into(), ..bank.program() }, "mary").await.unwrap();
            bank.submit(id, "", "mary").await.unwrap();
            let refused = bank.activate(id, "", "carl").await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PLAN_NOT_ACTIVE"));
        }
    }

    async fn while_the_reward_service_is_away_nothing_is_activated(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_program("friends", bank.program(), "mary").await.unwrap();
        bank.submit("friends", "", "mary").await.unwrap();
        // A port on which nobody listens.
        let away = bank.lab.peer((Ipv4Addr::LOCALHOST, 1).into());
        let server = bank.lab.serve(start(&bank.lab, away).await).await;
        let mut programs = ProgramServiceClient::new(server.channel());
        let request = |id: &str| ActivateProgramRequest { request_id: id.into(), name: "programs/friends".into(), etag: String::new() };
        let id = bank.request_id();
        let refused = programs.activate_program(bank.lab.call(request(&id), &bank.admin("carl"))).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "PLAN_SERVICE_UNAVAILABLE"));
        // The same request goes through once the other answers, and again after that without it.
        let active = bank.programs().activate_program(bank.lab.call(request(&id), &bank.admin("carl"))).await.unwrap();
        let again = programs.activate_program(bank.lab.call(request(&id), &bank.admin("carl"))).await.unwrap();
        assert_eq!(active.into_inner(), again.into_inner());
    }

    async fn a_request_that_comes_again_is_done_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        let request = CreateProgramRequest {
            request_id: bank.request_id(),
            program_id: "friends".into(),
            program: Some(bank.program()),
        };
        let call = |request: &CreateProgramRequest| bank.lab.call(request.clone(), &bank.admin("mary"));
        let first = bank.programs().create_program(call(&request)).await.unwrap().into_inner();
        let second = bank.programs().create_program(call(&request)).await.unwrap().into_inner();
        assert_eq!(first, second);
        let other = CreateProgramRequest { program_id: "others".into(), ..request };
        let refused = bank.programs().create_program(call(&other)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(bank.statements().await, ["program.created"]);
    }

    async fn programs_are_listed_newest_first(lab: Lab) {
        let bank = Bank::open(lab).await;
        for id in ["one", "two", "three"] {
            bank.create_program(id, bank.program(), "mary").await.unwrap();
            bank.lab.clock.advance(std::time::Duration::from_secs(1)).unwrap();
        }
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListProgramsRequest { page_size: 2, page_token };
            let page = bank.programs().list_programs(bank.lab.call(request, &bank.teller())).await.unwrap().into_inner();
            names.extend(page.programs.into_iter().map(|program| program.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["programs/three", "programs/two", "programs/one"]);
        let request = ListProgramsRequest { page_size: 2, page_token: "rubbish".into() };
        let refused = bank.programs().list_programs(bank.lab.call(request, &bank.teller())).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
    }
}
