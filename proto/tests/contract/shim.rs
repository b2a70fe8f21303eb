//! What the stand-in for protoc hands out is what the vendored file says.

use crate::walk;
use std::{fs, process::Command};

#[test]
fn the_shim_hands_out_the_vendored_descriptors() {
    let here = walk::folder();
    let mut compiler = protox::Compiler::new([here.join("third_party")]).unwrap();
    compiler.include_imports(true).include_source_info(true).open_file("buf/validate/validate.proto").unwrap();
    let with_source = compiler.encode_file_descriptor_set();
    let mut compiler = protox::Compiler::new([here.join("third_party")]).unwrap();
    compiler.include_imports(true).open_file("buf/validate/validate.proto").unwrap();
    let without = compiler.encode_file_descriptor_set();
    let kept = fs::read(here.join("protoc-shim/validate.fds")).unwrap();
    assert!(
        kept == with_source || kept == without,
        "validate.fds: {} bytes, wanted {} or {}",
        kept.len(),
        with_source.len(),
        without.len()
    );
}

#[test]
fn the_shim_knows_one_file_only() {
    let shim = walk::folder().join("protoc-shim/protoc");
    let copy = std::env::temp_dir().join(format!("handsel-shim-{}", std::process::id()));
    let run = |wanted: &str| Command::new(&shim).arg("-o").arg(&copy).arg(wanted).output().unwrap();
    assert!(run("buf/validate/validate.proto").status.success());
    assert_eq!(fs::read(&copy).unwrap(), fs::read(walk::folder().join("protoc-shim/validate.fds")).unwrap());
    fs::remove_file(&copy).unwrap();
    let refused = run("handsel/access/v1/rule.proto");
    assert!(!refused.status.success() && !copy.exists());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("handsel/access/v1/rule.proto"));
}
