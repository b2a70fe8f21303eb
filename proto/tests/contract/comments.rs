//! Every service, rpc, message, field, oneof, enum and value says what it is.

use crate::walk;
use prost_reflect::{DescriptorPool, FileDescriptor};
use std::collections::HashMap;

#[test]
fn everything_in_the_contract_has_a_comment() {
    let pool = with_comments();
    let mut silent = Vec::new();
    let mut counted = 0;
    for file in pool.files().filter(|file| file.package_name().starts_with("handsel.")) {
        let comments = comments(&file);
        for (name, path) in parts(&file) {
            counted += 1;
            if comments.get(&path).is_none_or(|comment| comment.trim().len() < 3) {
                silent.push(name);
            }
        }
    }
    assert!(silent.is_empty(), "without a comment: {silent:#?}");
    assert!(counted > 500, "only {counted} parts found: the walk is broken");
}

/// The name and the path (as `SourceCodeInfo` counts it) of everything that a reader may look up.
fn parts(file: &FileDescriptor) -> Vec<(String, Vec<i32>)> {
    let pool = file.parent_pool();
    let here = |name: &str| name == file.name();
    let mut parts = Vec::new();
    for service in file.services() {
        parts.push((service.full_name().to_owned(), service.path().to_vec()));
        parts.extend(service.methods().map(|rpc| (rpc.full_name().to_owned(), rpc.path().to_vec())));
    }
    for message in pool.all_messages().filter(|one| here(one.parent_file().name()) && !one.is_map_entry()) {
        parts.push((message.full_name().to_owned(), message.path().to_vec()));
        parts.extend(message.fields().map(|field| (field.full_name().to_owned(), field.path().to_vec())));
        let real = message.oneofs().filter(|oneof| !oneof.is_synthetic());
        parts.extend(real.map(|oneof| (oneof.full_name().to_owned(), oneof.path().to_vec())));
    }
    for kind in pool.all_enums().filter(|kind| here(kind.parent_file().name())) {
        parts.push((kind.full_name().to_owned(), kind.path().to_vec()));
        parts.extend(kind.values().map(|value| (value.full_name().to_owned(), value.path().to_vec())));
    }
    parts
}

fn comments(file: &FileDescriptor) -> HashMap<Vec<i32>, String> {
    let info = file.file_descriptor_proto().source_code_info.clone().unwrap();
    info.location.into_iter().map(|place| (place.path, place.leading_comments.unwrap_or_default())).collect()
}

/// The contract as built, but with its comments.
fn with_comments() -> DescriptorPool {
    let here = walk::folder();
    let mut compiler = protox::Compiler::new([here.clone(), here.join("third_party")]).unwrap();
    compiler.include_imports(true).include_source_info(true).open_files(walk::files()).unwrap();
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
}
