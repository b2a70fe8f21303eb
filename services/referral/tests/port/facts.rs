//! Facts through the port: late, repeated, reordered, hostile.

use crate::bank::{Bank, DAY, any_of, czk, start};
use handsel_proto::{
    google::r#type::Money,
    handsel::referral::v1::{
        Fact, FactKind, FactOutcome, IngestFactsRequest, Program, Referral, fact_outcome::Result as Outcome,
        fact_service_client::FactServiceClient, referral::State,
    },
};
use handsel_service::{Part, wire::to_timestamp};
use handsel_testkit::{Lab, on_both_engines, run_jobs_until_idle};
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::Code;

const HOUR: Duration = Duration::from_secs(3600);

fn results(outcomes: &[FactOutcome]) -> Vec<Outcome> {
    outcomes.iter().map(FactOutcome::result).collect()
}

/// A registered referral, one day ago.
async fn registered(bank: &Bank) -> Referral {
    bank.run_program("friends", |_| {}).await;
    let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
    bank.lab.clock.advance(DAY).unwrap();
    referral
}

on_both_engines! {
    async fn a_fact_in_another_currency_than_the_plans_meets_nothing(lab: Lab) {
        let bank = Bank::open(lab).await;
        // Any first deposit will do, so nothing but the plan names a currency.
        let any = |program: &mut Program| program.success.as_mut().unwrap().requirements[1] = any_of(FactKind::FirstDeposit, None);
        bank.run_program("friends", any).await;
        let referral = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        bank.lab.clock.advance(DAY).unwrap();
        let opened = bank.fact("opened", FactKind::AccountOpened, None, 3 * HOUR);
        let euros = Some(Money { currency_code: "EUR".into(), units: 200, nanos: 0 });
        let foreign = bank.fact("foreign", FactKind::FirstDeposit, euros, 2 * HOUR);
        let outcomes = bank.ingest(vec![Fact { referral: referral.name.clone(), ..opened }, foreign]).await;
        assert_eq!(results(&outcomes), [Outcome::Applied, Outcome::Applied]);
        assert_eq!(outcomes[1].state(), State::Converting, "the plan could never pay for it");

        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(5_000)), HOUR);
        assert_eq!(bank.ingest(vec![deposit]).await[0].state(), State::Qualified);
        let qualified = bank.referral(&referral.name).await;
        assert_eq!(qualified.qualifying_amount, Some(czk(5_000)));
        let evidence: Vec<(&str, i32)> =
            qualified.evidence.iter().map(|each| (each.fact_id.as_str(), each.requirement)).collect();
        assert_eq!(evidence, [("opened", 1), ("foreign", 0), ("deposit", 2)]);
    }

    async fn an_account_and_a_deposit_qualify(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let opened = bank.fact("opened", FactKind::AccountOpened, None, 2 * HOUR);
        let outcomes = bank.ingest(vec![Fact { referral: referral.name.clone(), ..opened.clone() }]).await;
        assert_eq!((outcomes[0].result(), outcomes[0].state()), (Outcome::Applied, State::Converting));
        assert_eq!(outcomes[0].referral, referral.name);
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(5_000)), HOUR);
        let outcomes = bank.ingest(vec![deposit.clone(), opened]).await;
        assert_eq!(results(&outcomes), [Outcome::Applied, Outcome::Duplicate]);
        assert_eq!(outcomes[1].state(), State::Qualified);

        let qualified = bank.referral(&referral.name).await;
        assert_eq!(qualified.state(), State::Qualified);
        assert_eq!(qualified.referee_customer, "customers/200");
        assert_eq!(qualified.qualifying_amount, Some(czk(5_000)));
        assert_eq!(qualified.qualify_time, deposit.occur_time);
        let evidence: Vec<(&str, i32)> =
            qualified.evidence.iter().map(|each| (each.fact_id.as_str(), each.requirement)).collect();
        assert_eq!(evidence, [("opened", 1), ("deposit", 2)]);
        assert_ne!(qualified.etag, referral.etag);

        let later = bank.fact("later", FactKind::FirstDeposit, Some(czk(9_000)), Duration::ZERO);
        assert_eq!(results(&bank.ingest(vec![later]).await), [Outcome::Applied]);
        let after = bank.referral(&referral.name).await;
        assert_eq!((after.qualifying_amount, after.qualify_time), (qualified.qualifying_amount, qualified.qualify_time));
        assert_eq!(after.evidence.last().map(|each| each.requirement), Some(0), "on record, and not counted");
        let told: Vec<String> = bank.statements().await.into_iter().skip_while(|kind| kind != "fact.recorded").collect();
        assert_eq!(told, [
            "fact.recorded", "referral.converting", "fact.recorded", "referral.qualified", "fact.recorded",
        ]);
    }

    async fn closing_the_account_within_the_days_reverses(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let opened = bank.fact("opened", FactKind::AccountOpened, None, 2 * HOUR);
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(5_000)), HOUR);
        bank.ingest(vec![Fact { referral: referral.name.clone(), ..opened }, deposit]).await;
        bank.lab.clock.advance(DAY).unwrap();
        let closed = bank.fact("closed", FactKind::AccountClosed, None, HOUR);
        let outcomes = bank.ingest(vec![closed.clone()]).await;
        assert_eq!((outcomes[0].result(), outcomes[0].state()), (Outcome::Applied, State::Reversed));
        assert_eq!(results(&bank.ingest(vec![closed.clone()]).await), [Outcome::Duplicate]);

        let reversed = bank.referral(&referral.name).await;
        assert_eq!((reversed.state(), reversed.reverse_time), (State::Reversed, closed.occur_time));
        assert_eq!(reversed.qualifying_amount, Some(czk(5_000)), "what it had qualified for stays on record");
        run_jobs_until_idle(&bank.service.jobs()).await;
        let told: Vec<(String, String)> =
            bank.reward.reversed().into_iter().map(|said| (said.referral, said.reason)).collect();
        assert_eq!(told, [(referral.name, "ACCOUNT_CLOSED".to_owned())]);
    }

    async fn any_order_of_arrival_ends_the_same(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
        let mut ends = Vec::new();
        for (round, order) in orders.into_iter().enumerate() {
            let referral = bank.register(bank.introduction("friends", &format!("+42060112345{round}"))).await.unwrap();
            let customer = format!("customers/20{round}");
            let after = |hours: u32| Some(to_timestamp(bank.now().checked_add(hours * HOUR).unwrap()));
            let fact = |id: &str, kind: FactKind, amount: Option<Money>, hours: u32| Fact {
                fact_id: format!("{id}-{round}"),
                kind: kind.into(),
                customer: customer.clone(),
                referral: referral.name.clone(),
                amount,
                occur_time: after(hours),
            };
            let eur = Money { currency_code: "EUR".into(), units: 9_000, nanos: 0 };
            let facts = [
                fact("opened", FactKind::AccountOpened, None, 1),
                fact("small", FactKind::FirstDeposit, Some(czk(999)), 2),
                fact("foreign", FactKind::FirstDeposit, Some(eur), 3),
                fact("deposit", FactKind::FirstDeposit, Some(czk(1_000)), 4),
            ];
            let registered = bank.now();
            bank.lab.clock.advance(DAY).unwrap();
            for place in order {
                assert_eq!(results(&bank.ingest(vec![facts[place].clone()]).await), [Outcome::Applied]);
            }
            let end = bank.referral(&referral.name).await;
            let qualified_after = end.qualify_time.as_ref().map(|at| at.seconds - registered.as_micros() / 1_000_000);
            ends.push((end.state(), qualified_after, end.qualifying_amount.clone()));
        }
        assert!(ends.iter().all(|end| *end == (State::Qualified, Some(4 * 3600), Some(czk(1_000)))), "{ends:?}");
    }

    async fn what_refuses_a_fact_leaves_the_others_of_its_batch(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let of = |fact: Fact| Fact { referral: referral.name.clone(), ..fact };
        let opened = of(bank.fact("opened", FactKind::AccountOpened, None, HOUR));
        bank.ingest(vec![opened.clone()]).await;
        let deposit = |id: &str, amount| bank.fact(id, FactKind::FirstDeposit, amount, HOUR);
        let ahead = to_timestamp(bank.now().checked_add(Duration::from_secs(301)).unwrap());
        let finer = Money { nanos: 1, ..czk(1) };
        let strange = Money { currency_code: "QQQ".into(), ..czk(1) };
        let nobody = format!("referrals/{}", bank.request_id());
        let rejected = bank.register(bank.introduction("friends", "+420601123456")).await.unwrap();
        let table = vec![
            (deposit("f1", None), "FIELD_INVALID"),
            (deposit("f2", Some(czk(0))), "FIELD_INVALID"),
            (deposit("f3", Some(czk(-1))), "FIELD_INVALID"),
            (deposit("f4", Some(strange)), "FIELD_INVALID"),
            (deposit("f5", Some(finer)), "AMOUNT_PRECISION"),
            (Fact { amount: Some(czk(1)), ..bank.fact("f6", FactKind::CardIssued, None, HOUR) }, "FIELD_INVALID"),
            (Fact { occur_time: Some(ahead), ..deposit("f7", Some(czk(1))) }, "FUTURE_TIME"),
            (bank.fact("opened", FactKind::AccountOpened, None, 2 * HOUR), "FACT_ID_REUSED"),
            (Fact { referral: nobody, ..deposit("f8", Some(czk(1))) }, "NOT_FOUND"),
            (Fact { referral: rejected.name, ..deposit("f9", Some(czk(1))) }, "STATE_CONFLICT"),
            (of(Fact { customer: "customers/201".into(), ..deposit("g1", Some(czk(1))) }), "CUSTOMER_CONFLICT"),
            (of(Fact { customer: "customers/100".into(), ..deposit("g2", Some(czk(1))) }), "CUSTOMER_CONFLICT"),
        ];
        let mut facts: Vec<Fact> = table.iter().map(|(fact, _)| fact.clone()).collect();
        facts.push(deposit("good", Some(czk(1_000))));
        let outcomes = bank.ingest(facts).await;
        for (outcome, (fact, reason)) in outcomes.iter().zip(&table) {
            assert_eq!((outcome.fact_id.as_str(), outcome.result()), (fact.fact_id.as_str(), Outcome::Refused));
            assert_eq!(&outcome.reason, reason, "{}: {}", outcome.fact_id, outcome.detail);
            assert!(!outcome.detail.is_empty());
        }
        assert_eq!(outcomes.last().map(|last| (last.result(), last.state())), Some((Outcome::Applied, State::Qualified)));
        assert_eq!(bank.referral(&referral.name).await.evidence.len(), 2);
        let kinds = bank.statements().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "fact.refused").count(), 1, "refused ones in sum");
    }

    async fn a_fact_that_matches_nothing_is_taken_once_it_does(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(1_000)), HOUR);
        for _ in 0..2 {
            assert_eq!(results(&bank.ingest(vec![deposit.clone()]).await), [Outcome::Unmatched]);
        }
        let other = Fact { amount: Some(czk(2_000)), ..deposit.clone() };
        assert_eq!(bank.ingest(vec![other]).await[0].reason, "FACT_ID_REUSED");
        let opened = bank.fact("opened", FactKind::AccountOpened, None, HOUR);
        let opened = Fact { referral: referral.name.clone(), ..opened };
        // Within a batch, the fact that names the referral counts first, wherever it stands.
        let outcomes = bank.ingest(vec![deposit.clone(), opened]).await;
        assert_eq!(results(&outcomes), [Outcome::Applied, Outcome::Applied]);
        assert_eq!(outcomes[0].state(), State::Qualified);
        assert_eq!(results(&bank.ingest(vec![deposit]).await), [Outcome::Duplicate]);
    }

    async fn a_batch_that_holds_a_fact_twice_takes_it_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let opened = bank.fact("opened", FactKind::AccountOpened, None, HOUR);
        let opened = Fact { referral: referral.name.clone(), ..opened };
        let other = Fact { kind: FactKind::CardIssued.into(), ..opened.clone() };
        let outcomes = bank.ingest(vec![opened.clone(), opened, other]).await;
        assert_eq!(results(&outcomes), [Outcome::Applied, Outcome::Duplicate, Outcome::Refused]);
        assert_eq!(bank.referral(&referral.name).await.evidence.len(), 1);
    }

    async fn facts_in_their_grace_count_and_after_it_do_not(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let late = bank.register(bank.introduction("friends", "+420601000002")).await.unwrap();
        let opened = bank.fact("opened", FactKind::AccountOpened, None, Duration::ZERO);
        let deposit = bank.fact("deposit", FactKind::FirstDeposit, Some(czk(1_000)), Duration::ZERO);
        // One day has passed: 34 days and a moment later the grace of the first is still on.
        bank.lab.clock.advance(34 * DAY - Duration::from_secs(1)).unwrap();
        let of = |fact: &Fact, referral: &Referral| Fact { referral: referral.name.clone(), ..fact.clone() };
        let outcomes = bank.ingest(vec![of(&opened, &referral), of(&deposit, &referral)]).await;
        assert_eq!(outcomes[1].state(), State::Qualified);
        bank.lab.clock.advance(DAY + Duration::from_secs(1)).unwrap();
        let other = |fact: &Fact| Fact {
            fact_id: format!("{}-2", fact.fact_id),
            customer: "customers/201".into(),
            ..of(fact, &late)
        };
        let outcomes = bank.ingest(vec![other(&opened), other(&deposit)]).await;
        assert_eq!(results(&outcomes), [Outcome::Applied, Outcome::Applied]);
        assert_eq!(outcomes[1].state(), State::Expired, "whether the job has run or not");
        assert_eq!(bank.referral(&late.name).await.evidence.iter().map(|each| each.requirement).sum::<i32>(), 0);
    }

    async fn two_processes_that_are_told_the_same_take_it_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.run_program("friends", |_| {}).await;
        let other = bank.lab.serve(start(&bank.lab, bank.lab.peer(bank.server.address())).await).await;
        let mut batches = Vec::new();
        for number in 0..12 {
            let phone = format!("+4206010000{number:02}");
            let referral = bank.register(bank.introduction("friends", &phone)).await.unwrap();
            let of = |fact: Fact| Fact {
                fact_id: format!("{}-{number}", fact.fact_id),
                customer: format!("customers/3{number:02}"),
                referral: referral.name.clone(),
                ..fact
            };
            batches.push(vec![
                of(bank.fact("opened", FactKind::AccountOpened, None, Duration::ZERO)),
                of(bank.fact("deposit", FactKind::FirstDeposit, Some(czk(1_000)), Duration::ZERO)),
            ]);
        }
        let ingest = async |channel: tonic::transport::Channel, facts: Vec<Fact>| {
            let request = bank.lab.call(IngestFactsRequest { facts }, &bank.core_banking());
            FactServiceClient::new(channel).batch_ingest_facts(request).await.unwrap().into_inner().outcomes
        };
        let here = batches.iter().map(|facts| ingest(bank.server.channel(), facts.clone()));
        let there = batches.iter().rev().map(|facts| ingest(other.channel(), facts.clone()));
        let (here, there) =
            futures::future::join(futures::future::join_all(here), futures::future::join_all(there)).await;
        let all: Vec<FactOutcome> = here.into_iter().chain(there).flatten().collect();
        assert_eq!(all.iter().filter(|outcome| outcome.result() == Outcome::Applied).count(), 24);
        assert_eq!(all.iter().filter(|outcome| outcome.result() == Outcome::Duplicate).count(), 24);
        let kinds = bank.statements().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "referral.qualified").count(), 12);
        assert_eq!(kinds.iter().filter(|kind| *kind == "fact.recorded").count(), 24);
    }

    async fn hostile_sizes_are_refused_whole(lab: Lab) {
        let bank = Bank::open(lab).await;
        registered(&bank).await;
        let fact = |number: usize| bank.fact(&format!("f{number}"), FactKind::CardIssued, None, HOUR);
        for count in [0, 501] {
            let request = IngestFactsRequest { facts: (0..count).map(fact).collect() };
            let refused = bank.facts().batch_ingest_facts(bank.lab.call(request, &bank.core_banking())).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument, "{count} facts");
        }
        let long = Fact { fact_id: "x".repeat(65), ..fact(0) };
        let request = bank.lab.call(IngestFactsRequest { facts: vec![long] }, &bank.core_banking());
        assert_eq!(bank.facts().batch_ingest_facts(request).await.unwrap_err().code(), Code::InvalidArgument);
        let most = bank.ingest((0..500).map(fact).collect()).await;
        assert_eq!(most.len(), 500);
        assert!(most.iter().all(|outcome| outcome.result() == Outcome::Unmatched));
        assert_eq!(bank.statements().await.last().unwrap(), "fact.unmatched", "one statement for all of them");
    }

    async fn a_stream_answers_each_request_in_order_once_it_is_committed(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let requests: Vec<IngestFactsRequest> = (0..40)
            .map(|number| {
                let card = bank.fact(&format!("card-{number}"), FactKind::CardIssued, None, HOUR);
                IngestFactsRequest { facts: vec![Fact { referral: referral.name.clone(), ..card }] }
            })
            .collect();
        let request = bank.lab.call(tokio_stream::iter(requests), &bank.core_banking());
        let answers: Vec<_> = bank.facts().ingest_facts(request).await.unwrap().into_inner().collect().await;
        let ids: Vec<String> =
            answers.into_iter().map(|answer| answer.unwrap().outcomes[0].fact_id.clone()).collect();
        assert_eq!(ids, (0..40).map(|number| format!("card-{number}")).collect::<Vec<_>>());
        assert_eq!(bank.referral(&referral.name).await.evidence.len(), 40);
    }

    async fn a_stream_ends_at_a_request_that_breaks_the_contract(lab: Lab) {
        let bank = Bank::open(lab).await;
        let referral = registered(&bank).await;
        let card = bank.fact("card", FactKind::CardIssued, None, HOUR);
        let good = IngestFactsRequest { facts: vec![Fact { referral: referral.name, ..card }] };
        let bad = IngestFactsRequest { facts: Vec::new() };
        let request = bank.lab.call(tokio_stream::iter(vec![good.clone(), bad, good]), &bank.core_banking());
        let mut answers = bank.facts().ingest_facts(request).await.unwrap().into_inner();
        assert_eq!(answers.next().await.unwrap().unwrap().outcomes[0].result(), Outcome::Applied);
        assert_eq!(answers.next().await.unwrap().unwrap_err().code(), Code::InvalidArgument);
        assert!(answers.next().await.is_none());
    }
}
