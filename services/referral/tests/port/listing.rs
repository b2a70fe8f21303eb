//! Lists and the funnel: filters, pages, branches.

use crate::bank::Bank;
use handsel_proto::handsel::referral::v1::{
    Channel, Funnel, GetFunnelRequest, ListReferralsRequest, Referral, funnel::Step, referral::State,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::time::Duration;
use tonic::Status;

/// Three introductions in branch 0101, the last rejected, and one in 0202 by another referrer.
async fn four(bank: &Bank) -> Vec<Referral> {
    bank.run_program("friends", |_| {}).await;
    bank.run_program("others", |_| {}).await;
    let mut all = Vec::new();
    for (program, phone) in [("friends", "+420601000001"), ("others", "+420601000002"), ("friends", "+420601000001")] {
        all.push(bank.register(bank.introduction(program, phone)).await.unwrap());
        bank.lab.clock.advance(Duration::from_secs(1)).unwrap();
    }
    let elsewhere = Referral {
        branch: "0202".into(),
        referrer: "customers/101".into(),
        channel: Channel::BranchForm.into(),
        ..bank.introduction("friends", "+420601000004")
    };
    let token = bank.lab.token(Role::BranchManager, "*", "mona");
    let request = handsel_proto::handsel::referral::v1::CreateReferralRequest {
        request_id: bank.request_id(),
        referral: Some(elsewhere),
    };
    all.push(bank.referrals().create_referral(bank.lab.call(request, &token)).await.unwrap().into_inner());
    all
}

async fn names(bank: &Bank, request: ListReferralsRequest, token: &str) -> Result<Vec<String>, Status> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListReferralsRequest { page_size: 2, page_token, ..request.clone() };
        let page = bank.referrals().list_referrals(bank.lab.call(request, token)).await?.into_inner();
        names.extend(page.referrals.into_iter().map(|referral| referral.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(names);
        }
    }
}

on_both_engines! {
    async fn a_list_shows_what_its_filters_and_the_callers_branch_let_through(lab: Lab) {
        let bank = Bank::open(lab).await;
        let all = four(&bank).await;
        let of = |places: &[usize]| places.iter().map(|place| all[*place].name.clone()).collect::<Vec<_>>();
        let whole_bank = bank.lab.token(Role::ComplianceOfficer, "*", "olga");
        let plain = ListReferralsRequest::default;
        for (request, token, shown) in [
            (plain(), &whole_bank, of(&[3, 2, 1, 0])),
            (plain(), &bank.teller(), of(&[2, 1, 0])),
            (ListReferralsRequest { branch: "0101".into(), ..plain() }, &bank.teller(), of(&[2, 1, 0])),
            (ListReferralsRequest { branch: "0202".into(), ..plain() }, &whole_bank, of(&[3])),
            (ListReferralsRequest { program: "programs/others".into(), ..plain() }, &whole_bank, of(&[1])),
            (ListReferralsRequest { referrer: "customers/101".into(), ..plain() }, &whole_bank, of(&[3])),
            (ListReferralsRequest { state: State::Rejected.into(), ..plain() }, &whole_bank, of(&[2])),
            (ListReferralsRequest { state: State::Qualified.into(), ..plain() }, &whole_bank, of(&[])),
        ] {
            assert_eq!(names(&bank, request.clone(), token).await.unwrap(), shown, "{request:?}");
        }
        let request = ListReferralsRequest { branch: "0202".into(), ..plain() };
        assert_eq!(reason(&names(&bank, request, &bank.teller()).await.unwrap_err()), "BRANCH_MISMATCH");
    }

    async fn a_page_token_holds_for_its_own_filters(lab: Lab) {
        let bank = Bank::open(lab).await;
        four(&bank).await;
        let whole_bank = bank.lab.token(Role::ComplianceOfficer, "*", "olga");
        let request = ListReferralsRequest { page_size: 1, ..ListReferralsRequest::default() };
        let page = bank.referrals().list_referrals(bank.lab.call(request.clone(), &whole_bank)).await.unwrap();
        let page_token = page.into_inner().next_page_token;
        let narrower = ListReferralsRequest { page_token: page_token.clone(), ..request.clone() };
        let refused = bank.referrals().list_referrals(bank.lab.call(narrower, &bank.teller())).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN", "the branch is a filter too");
        let wider = ListReferralsRequest { page_token, page_size: 2, ..request };
        assert!(bank.referrals().list_referrals(bank.lab.call(wider, &whole_bank)).await.is_ok());
    }

    async fn the_funnel_counts_by_state_and_channel(lab: Lab) {
        let bank = Bank::open(lab).await;
        four(&bank).await;
        let funnel = async |request: GetFunnelRequest, branch: &str| -> Result<Vec<(State, Channel, i64)>, Status> {
            let token = bank.lab.token(Role::BranchManager, branch, "mona");
            let Funnel { steps } = bank.referrals().get_funnel(bank.lab.call(request, &token)).await?.into_inner();
            Ok(steps.iter().map(|step: &Step| (step.state(), step.channel(), step.count)).collect())
        };
        assert_eq!(funnel(GetFunnelRequest::default(), "*").await.unwrap(), [
            (State::Registered, Channel::BranchForm, 1),
            (State::Registered, Channel::WordOfMouth, 2),
            (State::Rejected, Channel::WordOfMouth, 1),
        ]);
        let program = "programs/others".to_owned();
        let others = funnel(GetFunnelRequest { program, branch: String::new() }, "0101").await.unwrap();
        assert_eq!(others, [(State::Registered, Channel::WordOfMouth, 1)]);
        let elsewhere = GetFunnelRequest { program: String::new(), branch: "0202".into() };
        assert_eq!(reason(&funnel(elsewhere, "0101").await.unwrap_err()), "BRANCH_MISMATCH");
    }
}
