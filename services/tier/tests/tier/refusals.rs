//! When an evaluation is refused: with the call's own error, before anything is done.

use crate::stage::Stage;
use crate::words::{activity, by_bands, by_quintiles};
use handsel_access::{Branch, DevToken};
use handsel_proto::handsel::tier::v1::{ActivateTierPolicyRequest, GetTierRequest};
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use tonic::Code;

on_both_engines! {
    async fn evaluations_are_refused_with_their_reasons(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.activated("rank", by_quintiles()).await;
        stage.create("draft", by_bands()).await.unwrap();
        stage.ingest(&[activity("A1", "1", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        // As of now is not the future.
        stage.evaluate("value", "2026-01-05T09:00:00Z").await.unwrap();
        for (policy, as_of, code, expected) in [
            ("missing", "2026-01-05T09:00:00Z", Code::NotFound, "NOT_FOUND"),
            ("draft", "2026-01-05T09:00:00Z", Code::FailedPrecondition, "STATE_CONFLICT"),
            ("value", "2026-01-05T09:00:00.000001Z", Code::InvalidArgument, "FUTURE_TIME"),
            ("value", "2026-01-05T08:59:59.999999Z", Code::FailedPrecondition, "EVALUATED_LATER"),
            // One customer has one tier at a time.
            ("rank", "2026-01-05T09:00:00Z", Code::FailedPrecondition, "EVALUATED_LATER"),
        ] {
            let error = stage.tiers().evaluate_tiers(stage.evaluation(policy, as_of)).await.unwrap_err();
            assert_eq!((error.code(), reason(&error).as_str()), (code, expected), "{policy} as of {as_of}");
        }
        let error = stage.evaluate("value", "2026-01-05T09:00:00.000001Z").await.unwrap_err();
        assert_eq!(violated_fields(&error), ["as_of_time"]);
    }

    async fn what_is_not_as_the_contract_says_is_refused_before_it_is_looked_for(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let request = GetTierRequest { name: "customers/1".to_owned(), at_time: None };
        let error = stage.tiers().get_tier(stage.by("mila", request)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        let beyond = prost_types::Timestamp { seconds: 400_000_000_000, nanos: 0 };
        let request = GetTierRequest { name: "customers/1/tier".to_owned(), at_time: Some(beyond) };
        let error = stage.tiers().get_tier(stage.by("mila", request)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::OutOfRange, "OUT_OF_RANGE"));
        let request = ActivateTierPolicyRequest { etag: "no number".to_owned(), ..stage.activation("value") };
        let error = stage.policies().activate_tier_policy(stage.by("ota", request)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        assert_eq!(violated_fields(&error), ["etag"]);
        let error = stage.policies().activate_tier_policy(stage.by("ota", stage.activation("value"))).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::NotFound, "NOT_FOUND"));
    }

    async fn four_eyes_are_two_peoples(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.create("value", by_bands()).await.unwrap();
        let machine = lab.token(Role::ProgramAdmin, "*", None);
        let request = lab.call(stage.activation("value"), &machine);
        let error = stage.policies().activate_tier_policy(request).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::PermissionDenied, "PERSON_REQUIRED"));

        // The maker's token named no human, so the account is on record: it activates nothing, whoever uses it.
        let of_account = |person: Option<&str>| {
            let token = DevToken::of_role(Role::ProgramAdmin, "u-17");
            let person = person.map(str::to_owned);
            lab.issuer.issue(&DevToken { person, branch: Branch::All, ..token }).unwrap()
        };
        let request = lab.call(stage.creation("other", by_bands()), &of_account(None));
        let made = stage.policies().create_tier_policy(request).await.unwrap().into_inner();
        assert_eq!(made.maker, "u-17");
        let request = lab.call(stage.activation("other"), &of_account(Some("anna")));
        let error = stage.policies().activate_tier_policy(request).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"));
    }
}
