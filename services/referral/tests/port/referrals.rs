//! Registration: every check, kept and shown; what is pinned; whose branch; and a request that comes again.

use crate::bank::{Bank, DAY, czk};
use handsel_proto::handsel::referral::v1::{
    Check, Consent, CreateReferralRequest, Eligibility, Fact, FactKind, GetReferralRequest, Referral,
    check::{Rule, Verdict},
    referee::Contact,
    referral::State,
};
use handsel_service::wire::to_timestamp;
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use std::time::Duration;
use tonic::Code;

fn failed(referral: &Referral) -> Vec<Rule> {
    referral.checks.iter().filter(|check| check.verdict() == Verdict::Fail).map(Check::rule).collect()
}

/// Makes customer 200 known: the referee with this telephone, who opened an account.
async fn becomes_customer_200(bank: &Bank, phone: &str) {
    let referral = bank.register(bank.introduction("friends", phone)).await.unwrap();
    let opened = bank.fact("known", FactKind::AccountOpened, None, Duration::ZERO);
    bank.ingest(vec![Fact { referral: referral.name, ..opened }]).await;
}

on_both_engines! {
    async fn an_introduction_is_registered_with_all_that_it_will_be_judged_by(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        assert_eq!(referral.state(), State::Registered);
        assert_eq!((referral.program_version, referral.plan.as_str(), referral.plan_version), (1, "plans/live", 3));
        assert_eq!((referral.registrar.as_str(), referral.branch.as_str()), ("anna", "0101"));
        let verdicts: Vec<(Rule, Verdict)> = referral.checks.iter().map(|check| (check.rule(), check.verdict())).collect();
        assert_eq!(verdicts, [
            (Rule::ProgramActive, Verdict::Pass),
            (Rule::ConsentGiven, Verdict::Pass),
            (Rule::CodeNotExpired, Verdict::NotApplicable),
            (Rule::CodeNotExhausted, Verdict::NotApplicable),
            (Rule::NotSelfReferral, Verdict::Pass),
            (Rule::ReferrerWithinLimit, Verdict::NotApplicable),
            (Rule::NotACustomer, Verdict::Pass),
            (Rule::NotReferredBefore, Verdict::Pass),
        ]);
        let after = |distance| Some(to_timestamp(bank.now().checked_add(distance).unwrap()));
        assert_eq!(referral.expire_time, after(35 * DAY));
        assert_eq!(referral.follow_up.as_ref().unwrap().due_time, after(DAY));
        assert_eq!(bank.referral(&referral.name).await, referral);
        assert_eq!(bank.statements().await.last().unwrap(), "referral.registered");
    }

    async fn the_first_registered_wins_however_the_contact_is_written(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        bank.run_program("others", |_| {}).await;
        let by_mail = |program: &str, address: &str| {
            let mut referral = bank.introduction(program, "+420601123456");
            referral.referee.as_mut().unwrap().contact = Some(Contact::Email(address.into()));
            referral
        };
        let first = bank.register(by_mail("friends", "Jan.Novak@example.org")).await.unwrap();
        assert_eq!(first.state(), State::Registered);
        let second = bank.register(by_mail("others", "jan.novak@EXAMPLE.org")).await.unwrap();
        assert_eq!((second.state(), failed(&second)), (State::Rejected, vec![Rule::NotReferredBefore]));
        let third = bank.register(bank.introduction("others", "+420601123456")).await.unwrap();
        assert_eq!(third.state(), State::Registered, "a rejected referral holds nothing, another contact is another person");
        assert_eq!(bank.statements().await.iter().filter(|kind| *kind == "referral.rejected").count(), 1);
    }

    async fn one_of_many_at_once_wins(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let at_once = (0..6).map(|number| {
            let referrer = format!("customers/{number}");
            bank.register(Referral { referrer, ..bank.introduction("friends", "+420601123456") })
        });
        let registered = futures::future::join_all(at_once).await;
        let won = registered.into_iter().filter(|referral| referral.as_ref().unwrap().state() == State::Registered);
        assert_eq!(won.count(), 1);
    }

    async fn what_rejects_an_introduction(lab: Lab) {
        let bank = Bank::open(lab).await;
        let end = to_timestamp(bank.now().checked_add(DAY).unwrap());
        let start = to_timestamp(bank.now().checked_add(Duration::from_secs(60)).unwrap());
        bank.run_program("friends", |_| {}).await;
        bank.run_program("limited", |program| {
            program.eligibility = Some(Eligibility { max_referrals_per_referrer: 1 });
        }).await;
        bank.run_program("later", |program| program.start_time = Some(start)).await;
        bank.run_program("over", |program| program.end_time = Some(end)).await;
        bank.create_program("draft", bank.program(), "mary").await.unwrap();
        becomes_customer_200(&bank, "+420601999999").await;
        bank.register(bank.introduction("limited", "+420601000001")).await.unwrap();

        let of = |program: &str| bank.introduction(program, "+420601123456");
        let future = Consent { give_time: Some(start), ..of("friends").consent.unwrap() };
        for (referral, rules) in [
            (of("draft"), vec![Rule::ProgramActive]),
            (of("later"), vec![Rule::ProgramActive]),
            (Referral { consent: Some(future), ..of("friends") }, vec![Rule::ConsentGiven]),
            (of("limited"), vec![Rule::ReferrerWithinLimit]),
            (bank.introduction("friends", "+420601999999"), vec![Rule::NotACustomer, Rule::NotReferredBefore]),
            (
                Referral { referrer: "customers/200".into(), ..bank.introduction("friends", "+420601999999") },
                vec![Rule::NotSelfReferral, Rule::NotACustomer, Rule::NotReferredBefore],
            ),
        ] {
            let rejected = bank.register(referral).await.unwrap();
            assert_eq!((rejected.state(), failed(&rejected)), (State::Rejected, rules));
            assert_eq!(rejected.checks.len(), 8, "all are kept");
            assert!(rejected.checks.iter().all(|check| (check.verdict() == Verdict::Pass) == check.detail.is_empty()));
        }
        bank.lab.clock.advance(DAY).unwrap();
        assert_eq!(failed(&bank.register(of("over")).await.unwrap()), [Rule::ProgramActive]);
        let other = Referral { referrer: "customers/101".into(), ..of("limited") };
        assert_eq!(bank.register(other).await.unwrap().state(), State::Registered);
    }

    async fn what_makes_no_sense_is_refused(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let before = bank.statements().await.len();
        let unknown = bank.register(bank.introduction("nobody", "+420601123456")).await.unwrap_err();
        assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "NOT_FOUND"));
        let masked = bank.register(bank.introduction("friends", "+420****456")).await.unwrap_err();
        assert_eq!(violated_fields(&masked), ["referral.referee.phone"]);
        assert!(!masked.message().contains("456"), "an answer holds no contact");
        let nobody = Referral { referrer: String::new(), ..bank.introduction("friends", "+420601123456") };
        assert_eq!(violated_fields(&bank.register(nobody).await.unwrap_err()), ["referral.referrer"]);
        let elsewhere = Referral { branch: "0202".into(), ..bank.introduction("friends", "+420601123456") };
        let refused = bank.register(elsewhere).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "BRANCH_MISMATCH"));
        assert_eq!(bank.statements().await.len(), before, "nothing was written");
    }

    async fn a_registration_that_comes_again_is_done_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let request = CreateReferralRequest {
            request_id: bank.request_id(),
            referral: Some(bank.introduction("friends", "+420601123456")),
        };
        let call = |request: &CreateReferralRequest| bank.lab.call(request.clone(), &bank.teller());
        let first = bank.referrals().create_referral(call(&request)).await.unwrap().into_inner();
        let second = bank.referrals().create_referral(call(&request)).await.unwrap().into_inner();
        assert_eq!(first, second);
        assert_eq!(first.state(), State::Registered);
        let mut other = request.clone();
        other.referral.as_mut().unwrap().referee.as_mut().unwrap().display_name = "Eva Nová".into();
        let refused = bank.referrals().create_referral(call(&other)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    }

    async fn a_branch_reads_its_own(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        let read = async |role, branch: &str| {
            let request = GetReferralRequest { name: referral.name.clone() };
            let token = bank.lab.token(role, branch, "somebody");
            bank.referrals().get_referral(bank.lab.call(request, &token)).await
        };
        assert!(read(Role::BranchManager, "0101").await.is_ok());
        assert!(read(Role::ComplianceOfficer, "*").await.is_ok());
        assert_eq!(reason(&read(Role::BranchStaff, "0202").await.unwrap_err()), "BRANCH_MISMATCH");
        let name = format!("referrals/{}", bank.request_id());
        let request = bank.lab.call(GetReferralRequest { name }, &bank.teller());
        assert_eq!(reason(&bank.referrals().get_referral(request).await.unwrap_err()), "NOT_FOUND");
    }

    async fn who_is_a_customer_by_then_cannot_be_referred_again(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        becomes_customer_200(&bank, "+420601999999").await;
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(5_000)), Duration::ZERO);
        bank.ingest(vec![deposit]).await;
        let again = Referral { referrer: "customers/101".into(), ..bank.introduction("friends", "+420601999999") };
        assert_eq!(failed(&bank.register(again).await.unwrap()), [Rule::NotACustomer, Rule::NotReferredBefore]);
    }
}
