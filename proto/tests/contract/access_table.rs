//! Every rpc declares its access rule, and the README's table says the same.

use crate::walk;
use handsel_proto::{
    POOL,
    handsel::access::v1::{Idempotency, Role, Rule, Scope},
};
use prost_reflect::{MethodDescriptor, prost::Message};
use std::{env, fmt::Write, fs};

const BEGIN: &str = "<!-- access-table:begin -->\n";
const END: &str = "<!-- access-table:end -->";

#[test]
fn every_rpc_has_a_complete_rule() {
    for rpc in walk::rpcs() {
        let name = rpc.full_name();
        let rule = rule(&rpc).unwrap_or_else(|| panic!("{name} has no access rule"));
        assert!(!rule.roles.is_empty(), "{name} has no roles");
        assert!(rule.roles().all(|role| role != Role::Unspecified), "{name} has an unspecified role");
        assert_ne!(rule.scope(), Scope::Unspecified, "{name} has no scope");
        assert_ne!(rule.idempotency(), Idempotency::Unspecified, "{name} has no idempotency");
        let auditor = rule.roles().any(|role| role == Role::InternalAuditor);
        assert!(!auditor || rule.idempotency() == Idempotency::Read, "{name}: the internal auditor changes nothing");
        assert!(!rule.four_eyes || rule.idempotency() != Idempotency::Read, "{name}: four eyes for a read");
    }
}

#[test]
fn an_rpc_of_idempotency_request_id_has_that_field() {
    for rpc in walk::rpcs() {
        let promised = rule(&rpc).unwrap().idempotency() == Idempotency::RequestId;
        let there = rpc.input().get_field_by_name("request_id").is_some();
        assert_eq!(promised, there, "{}", rpc.full_name());
    }
}

#[test]
fn the_readme_says_what_the_contract_says() {
    let path = walk::folder().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let generated = table();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{generated}{END}{after}")).unwrap();
        return;
    }
    assert!(
        written == generated,
        "proto/README.md is behind the contract: UPDATE=1 cargo test -p handsel-proto access_table"
    );
}

fn table() -> String {
    let mut table =
        "| rpc | roles | scope | four eyes | safe to repeat by | personal data |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for rpc in walk::rpcs() {
        let rule = rule(&rpc).unwrap();
        let roles: Vec<String> =
            rule.roles().map(|role| format!("`{}`", word(role.as_str_name(), "ROLE_", "."))).collect();
        writeln!(
            table,
            "| `{}/{}` | {} | {} | {} | {} | {} |",
            rpc.parent_service().full_name().trim_start_matches("handsel."),
            rpc.name(),
            roles.join(", "),
            word(rule.scope().as_str_name(), "SCOPE_", " "),
            if rule.four_eyes { "yes" } else { "" },
            word(rule.idempotency().as_str_name(), "IDEMPOTENCY_", " "),
            if rule.personal_data { "yes" } else { "" },
        )
        .unwrap();
    }
    table
}

/// `ROLE_BRANCH_STAFF` → `branch.staff`.
fn word(name: &str, prefix: &str, between: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase().replace('_', between)
}

fn rule(rpc: &MethodDescriptor) -> Option<Rule> {
    let option = POOL.get_extension_by_name("handsel.access.v1.rule").unwrap();
    let options = rpc.options();
    options.has_extension(&option).then(|| {
        let bytes = options.get_extension(&option).as_message().unwrap().encode_to_vec();
        Rule::decode(bytes.as_slice()).unwrap()
    })
}
