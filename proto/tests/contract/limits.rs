//! Whatever a client can make large has a limit, and no rule fails instead of judging.

use crate::walk;
use prost_protovalidate::{Error, Validator};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

/// Fields without a limit of their own, each with what bounds it.
const BOUNDED_ELSEWHERE: [(&str, &str); 5] = [
    ("google.type.Money.currency_code", "read into a currency: three letters or refused"),
    ("google.type.Decimal.value", "read into an exact decimal: refused beyond its digits"),
    ("handsel.corebank.v1.Instruction.payee", "Handsel sends it, the bank receives it"),
    ("handsel.corebank.v1.Instruction.remittance_text", "Handsel sends it, the bank receives it"),
    ("handsel.corebank.v1.Instruction.reward", "Handsel sends it, the bank receives it"),
];

#[test]
fn every_text_and_list_of_a_request_has_a_limit() {
    let unlimited: Vec<String> = walk::request_fields()
        .iter()
        .filter(|field| !limited(field) && !excepted(field))
        .map(|field| field.full_name().to_owned())
        .collect();
    assert!(unlimited.is_empty(), "without a limit: {unlimited:#?}");
}

#[test]
fn each_exception_is_still_one() {
    let fields = walk::request_fields();
    for (name, _) in BOUNDED_ELSEWHERE {
        let field = fields.iter().find(|field| field.full_name() == name);
        assert!(field.is_some_and(|field| !limited(field)), "{name} is no exception any more");
    }
}

#[test]
fn every_enum_of_a_request_is_one_that_exists() {
    let open: Vec<String> = walk::request_fields()
        .iter()
        .filter(|field| matches!(field.kind(), Kind::Enum(_)) && !known_values_only(field))
        .map(|field| field.full_name().to_owned())
        .collect();
    assert!(open.is_empty(), "takes numbers that the enum does not have: {open:#?}");
}

/// A rule that cannot be compiled would refuse every message of its type, in production.
#[test]
fn an_empty_message_of_every_type_is_judged() {
    let validator = Validator::new();
    for descriptor in walk::messages() {
        let judged = validator.validate(&DynamicMessage::new(descriptor.clone()));
        assert!(matches!(judged, Ok(()) | Err(Error::Validation(_))), "{}: {judged:?}", descriptor.full_name());
    }
}

#[test]
fn no_field_is_a_float() {
    for field in walk::messages().iter().flat_map(MessageDescriptor::fields) {
        assert!(!matches!(field.kind(), Kind::Float | Kind::Double), "{}", field.full_name());
    }
}

#[test]
fn every_enum_begins_with_unspecified() {
    for kind in walk::enums() {
        let first = kind.default_value();
        assert!(first.number() == 0 && first.name().ends_with("_UNSPECIFIED"), "{}", first.full_name());
    }
}

fn excepted(field: &FieldDescriptor) -> bool {
    BOUNDED_ELSEWHERE.iter().any(|(name, _)| *name == field.full_name())
}

/// Whether the field's rules bound its size: the number of its items, and the length of each.
fn limited(field: &FieldDescriptor) -> bool {
    let rules = walk::rules(field);
    let at = |path: &[&str]| rules.as_ref().and_then(|rules| walk::set_at(rules, path));
    let has = |path: &[&str], names: &[&str]| {
        at(path).is_some_and(|rules| names.iter().any(|name| rules.has_field_by_name(name)))
    };
    if field.is_map() {
        return has(&["map"], &["max_pairs"]);
    }
    let count = !field.is_list() || has(&["repeated"], &["max_items"]);
    let items: &[&str] = if field.is_list() { &["repeated", "items"] } else { &[] };
    let path = |kind| [items, &[kind]].concat();
    let length = match field.kind() {
        Kind::String => {
            let text = path("string");
            has(&text, &["max_len", "max_bytes", "len", "len_bytes", "const", "in", "uuid"])
                || at(&text).is_some_and(|rules| bounded_pattern(rules.get_field_by_name("pattern").as_deref()))
        }
        Kind::Bytes => has(&path("bytes"), &["max_len", "len", "const", "in"]),
        _ => true,
    };
    count && length
}

/// Whether a pattern holds the whole text and ends: no `*`, no `+`, no `{n,}`.
fn bounded_pattern(pattern: Option<&Value>) -> bool {
    let Some(Value::String(pattern)) = pattern else { return false };
    let unescaped = pattern.replace("\\+", "").replace("\\*", "");
    let outside_classes: String =
        unescaped.split('[').map(|part| part.rsplit_once(']').map_or(part, |(_, rest)| rest)).collect();
    let endless = outside_classes.contains(['*', '+']) || outside_classes.contains(",}");
    pattern.starts_with('^') && pattern.ends_with('$') && !endless
}

fn known_values_only(field: &FieldDescriptor) -> bool {
    let kind: &[&str] = if field.is_list() { &["repeated", "items", "enum"] } else { &["enum"] };
    let rules = walk::rules(field).and_then(|rules| walk::set_at(&rules, kind));
    rules.is_some_and(|rules| {
        rules.has_field_by_name("in")
            || rules.get_field_by_name("defined_only").is_some_and(|value| value.as_bool() == Some(true))
    })
}
