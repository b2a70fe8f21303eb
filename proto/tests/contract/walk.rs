//! Ways through the contract.

use handsel_proto::POOL;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use std::{collections::BTreeSet, fs, path::PathBuf};

/// The folder of the contract.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The contract's own files.
pub(crate) fn files() -> Vec<PathBuf> {
    let packages = fs::read_dir(folder().join("handsel")).unwrap();
    let mut files: Vec<PathBuf> = packages
        .flat_map(|package| fs::read_dir(package.unwrap().path().join("v1")).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Every rpc.
pub(crate) fn rpcs() -> Vec<MethodDescriptor> {
    POOL.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// Every message that is ours, nested ones too.
pub(crate) fn messages() -> Vec<MessageDescriptor> {
    POOL.all_messages().filter(|message| message.full_name().starts_with("handsel.")).collect()
}

/// Every enum that is ours, nested ones too.
pub(crate) fn enums() -> Vec<EnumDescriptor> {
    POOL.all_enums().filter(|kind| kind.full_name().starts_with("handsel.")).collect()
}

/// Every field that a client can set: those of the requests and of what they hold, without those that only answers fill
/// (AIP-203). Well-known types apart, whose shape bounds them.
pub(crate) fn request_fields() -> Vec<FieldDescriptor> {
    let mut waiting: Vec<MessageDescriptor> = rpcs().iter().map(MethodDescriptor::input).collect();
    let mut seen = BTreeSet::new();
    let mut fields = Vec::new();
    while let Some(message) = waiting.pop() {
        if message.full_name().starts_with("google.protobuf.") || !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields().filter(|field| !only_answered(field)) {
            if let Kind::Message(inner) = field.kind() {
                waiting.push(inner);
            }
            fields.push(field);
        }
    }
    fields.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    fields
}

/// Whether the service fills the field in and never reads what a client put there.
fn only_answered(field: &FieldDescriptor) -> bool {
    let option = POOL.get_extension_by_name("google.api.field_behavior").unwrap();
    let behavior = POOL.get_enum_by_name("google.api.FieldBehavior").unwrap();
    let number = |name| Value::EnumNumber(behavior.get_value_by_name(name).unwrap().number());
    let (answered, named) = (number("OUTPUT_ONLY"), number("IDENTIFIER"));
    let options = field.options();
    let said = options.get_extension(&option);
    said.as_list().is_some_and(|said| said.contains(&answered) || said.contains(&named))
}

/// The `buf.validate` rules of a field.
pub(crate) fn rules(field: &FieldDescriptor) -> Option<DynamicMessage> {
    let option = POOL.get_extension_by_name("buf.validate.field").unwrap();
    let options = field.options();
    options.has_extension(&option).then(|| options.get_extension(&option).as_message().unwrap().clone())
}

/// What lies at a path of fields, where each step is set.
pub(crate) fn set_at(message: &DynamicMessage, path: &[&str]) -> Option<DynamicMessage> {
    path.iter().try_fold(message.clone(), |message, step| {
        message.has_field_by_name(step).then(|| message.get_field_by_name(step)?.as_message().cloned())?
    })
}
