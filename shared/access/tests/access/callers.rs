//! What a token says about its bearer, wherever the identity provider puts it.

use crate::provider::{Signer, TestClock, claims, verifier, verifier_with, with, without};
use handsel_access::{Branch, Caller, ClaimPath, Role, SettingsError, TokenSettings, role_name, role_named};
use serde_json::json;

/// The caller that a token with these claims makes under these settings.
fn caller(settings: &str, claims: &serde_json::Value) -> Caller {
    let ed = Signer::ed25519("ed");
    let settings: TokenSettings = toml::from_str(settings).unwrap();
    verifier_with(&settings, &[&ed], &TestClock::new()).verify(&ed.sign(claims)).unwrap().as_ref().clone()
}

#[test]
fn handsels_own_names_hold_without_configuration() {
    let ed = Signer::ed25519("ed");
    let caller = verifier(&[&ed], &TestClock::new()).verify(&ed.sign(&claims())).unwrap();
    assert_eq!(
        *caller,
        Caller {
            subject: "branch-desk-7".into(),
            person: Some("e.novakova".into()),
            roles: [Role::BranchStaff].into(),
            branch: Branch::One("0101".into()),
        }
    );
    assert_eq!(caller.person_or_subject(), "e.novakova");
    assert_eq!(caller.role_names().collect::<Vec<_>>(), ["branch.staff"]);
}

#[test]
fn keycloak_nests_roles() {
    let mut claims = with("realm_access", json!({"roles": ["teller", "offline_access"]}));
    claims["preferred_username"] = json!("novakova");
    claims["handsel"] = json!({"branch": "*"});
    let caller = caller(
        r#"
        issuer = "https://idp.bank.example"
        audience = "handsel"
        claims = { roles = "realm_access.roles", person = "preferred_username", branch = "handsel.branch" }
        roles = { teller = "branch.staff", "branch-head" = "branch.manager" }
        "#,
        &claims,
    );
    assert_eq!(caller.roles, [Role::BranchStaff].into());
    assert_eq!(caller.person.as_deref(), Some("novakova"));
    assert_eq!(caller.branch, Branch::All);
}

#[test]
fn a_claim_whose_name_holds_dots_and_slashes_is_found_by_pointer() {
    let caller = caller(
        r#"
        issuer = "https://idp.bank.example"
        audience = "handsel"
        claims.branch = "/https:~1~1bank.example~1claims/branch.no"
        "#,
        &with("https://bank.example/claims", json!({"branch.no": "0202"})),
    );
    assert_eq!(caller.branch, Branch::One("0202".into()));
}

#[test]
fn a_map_of_roles_replaces_our_names() {
    let settings = r#"
        issuer = "https://idp.bank.example"
        audience = "handsel"
        roles = { "Handsel.Approver" = "finance.approver", "Handsel.Head" = "finance.approver" }
    "#;
    let roles = |names| caller(settings, &with("roles", names)).roles;
    assert_eq!(roles(json!(["Handsel.Approver"])), [Role::FinanceApprover].into());
    assert_eq!(roles(json!(["Handsel.Head", "Handsel.Approver"])), [Role::FinanceApprover].into());
    assert_eq!(roles(json!(["finance.approver"])), [].into(), "our own name gives nothing where theirs are mapped");
    assert_eq!(roles(json!(["handsel.approver"])), [].into(), "names are compared letter for letter");
}

#[test]
fn roles_may_be_one_text() {
    let ed = Signer::ed25519("ed");
    let verifier = verifier(&[&ed], &TestClock::new());
    let caller = verifier.verify(&ed.sign(&with("roles", json!("openid service  operator")))).unwrap();
    assert_eq!(caller.roles, [Role::Service, Role::Operator].into());
}

#[test]
fn a_branch_reaches_itself() {
    let ed = Signer::ed25519("ed");
    let verifier = verifier(&[&ed], &TestClock::new());
    let reach = |claims| verifier.verify(&ed.sign(&claims)).unwrap();
    let (one, all, none) =
        (reach(claims()), reach(with("branch", json!("*"))), reach(with("branch", serde_json::Value::Null)));
    assert!(one.reaches("0101") && !one.reaches("0102") && !one.reaches("*") && !one.reaches(""));
    assert!(all.reaches("0101") && all.reaches("0102"));
    assert!(!none.reaches("0101") && !none.reaches(""));
    assert_eq!(none.branch, Branch::None);
    let refusal = one.must_reach("0102").unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::PermissionDenied);
    assert!(one.must_reach("0101").is_ok());
}

#[test]
fn an_account_without_a_person_acts_for_itself() {
    let ed = Signer::ed25519("ed");
    let caller = verifier(&[&ed], &TestClock::new()).verify(&ed.sign(&without("person"))).unwrap();
    assert_eq!((caller.person.as_deref(), caller.person_or_subject()), (None, "branch-desk-7"));
}

#[test]
fn every_role_of_the_contract_has_a_name_of_its_own() {
    for number in 1.. {
        let Ok(role) = Role::try_from(number) else { break };
        assert_eq!(role_named(role_name(role)), Some(role));
        let declared = role.as_str_name().trim_start_matches("ROLE_").to_lowercase().replace('_', ".");
        assert_eq!(role_name(role), declared);
    }
    assert_eq!(role_named("unspecified"), None);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let good = || TokenSettings::new("i", "a");
    let refused = |change: &dyn Fn(&mut TokenSettings)| {
        let mut settings = good();
        change(&mut settings);
        settings.check()
    };
    assert_eq!(good().check(), Ok(()));
    assert_eq!(refused(&|s| s.issuer.clear()), Err(SettingsError::Empty("issuer")));
    assert_eq!(refused(&|s| s.audience.clear()), Err(SettingsError::Empty("audience")));
    assert_eq!(refused(&|s| s.leeway_seconds = 121), Err(SettingsError::Leeway(121)));
    assert_eq!(refused(&|s| s.leeway_seconds = 120), Ok(()));
    assert_eq!(refused(&|s| s.remembered_tokens = 0), Err(SettingsError::Remembered(0)));
    let unknown = refused(&|s| _ = s.roles.insert("x".into(), "branch.boss".into()));
    assert_eq!(unknown, Err(SettingsError::UnknownRole("branch.boss".into())));
    for path in ["", ".", "a..b", "/", "/a//b", "a."] {
        assert_eq!(ClaimPath::try_from(path.to_owned()), Err(SettingsError::Path(path.to_owned())), "{path}");
    }
}
