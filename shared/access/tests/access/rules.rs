//! The rules as the contract declares them, and contracts that cannot be served.

use handsel_access::{Idempotency, Role, RuleError, Rules, Scope};
use handsel_proto::POOL;
use prost_reflect::DescriptorPool;
use std::{fs, path::Path};

#[test]
fn every_rpc_of_the_contract_has_a_complete_rule() {
    let rules = Rules::read(&POOL).unwrap();
    let rpcs: usize = POOL.services().map(|service| service.methods().len()).sum();
    assert_eq!(rules.iter().count(), rpcs);

    let rule = rules.of("/handsel.referral.v1.CodeService/CreateCode").unwrap();
    assert_eq!(rule.roles, [Role::BranchStaff, Role::BranchManager].into());
    assert_eq!((rule.scope, rule.idempotency), (Scope::Branch, Idempotency::RequestId));
    assert!(!rule.four_eyes && !rule.personal_data);
    assert!(rules.of("/handsel.referral.v1.CodeService/DropCode").is_none());
    assert!(rules.of("").is_none());
}

#[test]
fn a_contract_with_an_incomplete_rule_is_refused_by_the_rpcs_name() {
    let path = "/bad.v1.BadService/Do".to_owned();
    let table = [
        ("", RuleError::NoRule(path.clone())),
        ("scope: SCOPE_BANK idempotency: IDEMPOTENCY_READ", RuleError::Roles(path.clone())),
        (
            "roles: [ROLE_SERVICE, ROLE_UNSPECIFIED] scope: SCOPE_BANK idempotency: IDEMPOTENCY_READ",
            RuleError::Roles(path.clone()),
        ),
        ("roles: [ROLE_SERVICE] idempotency: IDEMPOTENCY_READ", RuleError::Scope(path.clone())),
        ("roles: [ROLE_SERVICE] scope: SCOPE_BANK", RuleError::Idempotency(path.clone())),
        (
            "roles: [ROLE_INTERNAL_AUDITOR] scope: SCOPE_BANK idempotency: IDEMPOTENCY_NATURAL_KEY",
            RuleError::AuditorWrites(path.clone()),
        ),
    ];
    for (rule, error) in table {
        assert_eq!(Rules::read(&contract_with(rule)).unwrap_err(), error, "{rule}");
        assert!(error.to_string().contains(&path));
    }
    let whole = contract_with("roles: [ROLE_SERVICE] scope: SCOPE_BANK idempotency: IDEMPOTENCY_READ");
    assert!(Rules::read(&whole).is_ok());
}

#[test]
fn a_pool_without_the_option_is_refused() {
    assert_eq!(Rules::read(&DescriptorPool::new()).unwrap_err(), RuleError::NoOption);
}

/// A contract of one rpc with this rule, or with none where the text is empty.
fn contract_with(rule: &str) -> DescriptorPool {
    let option =
        if rule.is_empty() { String::new() } else { format!("option (handsel.access.v1.rule) = {{ {rule} }};") };
    let text = format!(
        "syntax = \"proto3\"; package bad.v1; import \"handsel/access/v1/rule.proto\"; message Nothing {{}}
         service BadService {{ rpc Do(Nothing) returns (Nothing) {{ {option} }} }}"
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.proto"), text).unwrap();
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let mut compiler =
        protox::Compiler::new([folder.path().to_owned(), proto.clone(), proto.join("third_party")]).unwrap();
    compiler.include_imports(true).open_file("bad.proto").unwrap();
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
}
