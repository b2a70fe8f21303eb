//! The life of a policy: made by one person, activated by another, never changed.

use crate::stage::{CHECKER, MAKER, Stage};
use crate::words::{Core, amount, by_bands, by_quintiles, condition};
use expect_test::expect;
use handsel_proto::handsel::tier::v1::{
    ActivateTierPolicyRequest, CreateTierPolicyRequest, GetTierPolicyRequest, ListTierPoliciesRequest, TierPolicy,
    tier_policy::{Scoring, State},
};
use handsel_testkit::{Lab, on_both_engines, reason, violated_fields};
use std::time::Duration;
use tonic::Code;
use tonic_types::StatusExt;

on_both_engines! {
    async fn one_person_makes_it_and_another_activates_it(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let creation = stage.creation("value", by_bands());
        let draft = stage.policies().create_tier_policy(stage.by(MAKER, creation.clone())).await.unwrap().into_inner();
        expect![[r#"
            TierPolicy {
                name: "tierPolicies/value",
                display_name: "Value of a month",
                state: Draft,
                window_days: 30,
                currency_code: "CZK",
                tiers: [
                    TierCondition {
                        tier: "CORE",
                        min_recency: 4,
                        min_frequency: 0,
                        min_monetary: 0,
                        min_total: 12,
                        core: true,
                    },
                    TierCondition {
                        tier: "GENERAL",
                        min_recency: 0,
                        min_frequency: 0,
                        min_monetary: 0,
                        min_total: 6,
                        core: false,
                    },
                ],
                default_tier: "AT_RISK",
                etag: "1",
                maker: "mila",
                checker: "",
                create_time: Some(
                    Timestamp {
                        seconds: 1767603600,
                        nanos: 0,
                    },
                ),
                update_time: Some(
                    Timestamp {
                        seconds: 1767603600,
                        nanos: 0,
                    },
                ),
                scoring: Some(
                    Bands(
                        BandScoring {
                            recency_days: [
                                3,
                                7,
                                14,
                                28,
                            ],
                            frequency: [
                                2,
                                3,
                                5,
                                8,
                            ],
                            monetary: [
                                Money {
                                    currency_code: "CZK",
                                    units: 100,
                                    nanos: 0,
                                },
                                Money {
                                    currency_code: "CZK",
                                    units: 500,
                                    nanos: 0,
                                },
                                Money {
                                    currency_code: "CZK",
                                    units: 1000,
                                    nanos: 0,
                                },
                                Money {
                                    currency_code: "CZK",
                                    units: 5000,
                                    nanos: 0,
                                },
                            ],
                        },
                    ),
                ),
            }
        "#]].assert_debug_eq(&draft);

        // Sent again it is the same policy; other content under the same id is none.
        let again = stage.policies().create_tier_policy(stage.by(MAKER, creation.clone())).await.unwrap().into_inner();
        assert_eq!(again, draft);
        let other = CreateTierPolicyRequest { tier_policy_id: "other".to_owned(), ..creation };
        let error = stage.policies().create_tier_policy(stage.by(MAKER, other)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));

        let error = stage.policies().activate_tier_policy(stage.by(MAKER, stage.activation("value"))).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"));
        let stale = ActivateTierPolicyRequest { etag: "7".to_owned(), ..stage.activation("value") };
        let error = stage.policies().activate_tier_policy(stage.by(CHECKER, stale)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::Aborted, "ETAG_MISMATCH"));

        lab.clock.advance(Duration::from_secs(3_600)).unwrap();
        let activation = ActivateTierPolicyRequest { etag: draft.etag.clone(), ..stage.activation("value") };
        let active =
            stage.policies().activate_tier_policy(stage.by(CHECKER, activation.clone())).await.unwrap().into_inner();
        let expected = TierPolicy {
            state: State::Active.into(),
            etag: "2".to_owned(),
            checker: CHECKER.to_owned(),
            update_time: active.update_time,
            ..draft.clone()
        };
        assert_eq!(active, expected);
        assert_eq!(active.update_time.unwrap().seconds - draft.update_time.unwrap().seconds, 3_600);

        // The etag has moved on, but the request is the same.
        let again = stage.policies().activate_tier_policy(stage.by(CHECKER, activation)).await.unwrap().into_inner();
        assert_eq!(again, active);
        let error = stage.policies().activate_tier_policy(stage.by(CHECKER, stage.activation("value"))).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        let name = active.name.clone();
        let read = stage.policies().get_tier_policy(stage.by(MAKER, GetTierPolicyRequest { name })).await.unwrap();
        assert_eq!(read.into_inner(), active);
    }

    async fn its_faults_are_named_all_at_once(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let mut policy = by_bands();
        let Some(Scoring::Bands(bands)) = &mut policy.scoring else { panic!("no bands") };
        bands.recency_days = vec![3, 3, 14, 10];
        bands.frequency[0] = 0;
        bands.monetary[1].nanos = 1;
        bands.monetary[2] = amount("1000 EUR").unwrap();
        policy.tiers.push(condition("CORE", 1, 1, Core::No));
        let error = stage.create("value", policy.clone()).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        let violations = error.get_details_bad_request().unwrap().field_violations;
        let told: Vec<String> = violations.iter().map(|one| format!("{}: {}", one.field, one.description)).collect();
        expect![[r#"
            tier_policy.bands.monetary[1]: finer than the minor unit of CZK
            tier_policy.bands.recency_days[1]: must be above the one before
            tier_policy.bands.recency_days[3]: must be above the one before
            tier_policy.bands.frequency[0]: must be 1 or more
            tier_policy.bands.monetary[2].currency_code: must be the policy's currency, CZK
            tier_policy.tiers[2].tier: CORE stands here twice"#]].assert_eq(&told.join("\n"));

        policy.currency_code = "XXQ".to_owned();
        let fields = violated_fields(&stage.create("value", policy).await.unwrap_err());
        assert_eq!(fields[0], "tier_policy.currency_code");
        assert_eq!(fields.last().unwrap(), "tier_policy.tiers[2].tier");
        let name = "tierPolicies/value".to_owned();
        let error = stage.policies().get_tier_policy(stage.by(MAKER, GetTierPolicyRequest { name })).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::NotFound, "NOT_FOUND"));
    }

    async fn a_fault_of_one_kind_carries_its_own_reason(lab: Lab) {
        let stage = Stage::set(&lab).await;
        for (money, nanos, expected) in [
            ("1000 EUR", 0, (Code::InvalidArgument, "CURRENCY_MISMATCH", "tier_policy.bands.monetary[2].currency_code")),
            ("1000 CZK", 1, (Code::InvalidArgument, "AMOUNT_PRECISION", "tier_policy.bands.monetary[2]")),
            ("92233720368547758.07 CZK", 80_000_000, (Code::OutOfRange, "OUT_OF_RANGE", "tier_policy.bands.monetary[2]")),
        ] {
            let mut policy = by_bands();
            let Some(Scoring::Bands(bands)) = &mut policy.scoring else { panic!("no bands") };
            bands.monetary[2] = amount(money).unwrap();
            bands.monetary[2].nanos += nanos;
            let error = stage.create("value", policy).await.unwrap_err();
            let (reason, fields) = (reason(&error), violated_fields(&error));
            assert_eq!((error.code(), reason.as_str(), fields[0].as_str()), expected, "{money}");
        }
    }

    async fn they_are_listed_newest_first_a_page_at_a_time(lab: Lab) {
        let stage = Stage::set(&lab).await;
        for (id, policy) in [("first", by_bands()), ("second", by_quintiles()), ("third", by_bands()), ("twin", by_bands())] {
            stage.create(id, policy).await.unwrap();
            if id != "third" {
                lab.clock.advance(Duration::from_secs(1)).unwrap();
            }
        }
        let (mut pages, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = stage.by(MAKER, ListTierPoliciesRequest { page_size: 3, page_token });
            let page = stage.policies().list_tier_policies(request).await.unwrap().into_inner();
            pages.push(page.tier_policies.into_iter().map(|policy| policy.name).collect::<Vec<_>>());
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [
            vec!["tierPolicies/twin", "tierPolicies/third", "tierPolicies/second"],
            vec!["tierPolicies/first"],
        ]);
        let made_up = ListTierPoliciesRequest { page_size: 3, page_token: "AAAA".to_owned() };
        let error = stage.policies().list_tier_policies(stage.by(MAKER, made_up)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
    }

    async fn of_two_who_take_one_name_at_once_one_gets_it(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let (one, other) = tokio::join!(stage.create("value", by_bands()), stage.create("value", by_quintiles()));
        let error = match (one, other) {
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
            both => panic!("{both:?}"),
        };
        assert_eq!((error.code(), reason(&error).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
    }
}
