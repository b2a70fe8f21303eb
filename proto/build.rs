//! Compiles the contract: messages, clients and servers for the crate, one descriptor set for everything that reads the
//! contract at run time (access rules, field rules, reflection).

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=handsel");
    println!("cargo:rerun-if-changed=third_party");

    // Twice, because comments are wanted in the Rust docs and not in the program.
    let with_comments = compile(&here, true)?;
    let without = compile(&here, false)?;
    // Encoded by protox: a round trip through prost_types would drop the custom options.
    fs::write(out.join("descriptors.bin"), without.encode_file_descriptor_set())?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .extern_path(".google.rpc", "::tonic_types::pb")
        .extern_path(".google.api", "::unused")
        .extern_path(".buf", "::unused")
        .extern_path(".handsel.reward.v1.CalculationStep", "crate::step::CalculationStep")
        .codec_path("crate::codec::ValidatingCodec")
        .include_file("contract.rs")
        .compile_fds_with_config(with_comments.file_descriptor_set(), config)?;
    Ok(())
}

fn compile(here: &std::path::Path, source_info: bool) -> Result<protox::Compiler, Box<dyn Error>> {
    let mut files = Vec::new();
    for package in fs::read_dir(here.join("handsel"))? {
        for file in fs::read_dir(package?.path().join("v1"))? {
            files.push(file?.path());
        }
    }
    files.sort();
    let mut compiler = protox::Compiler::new([here.to_path_buf(), here.join("third_party")])?;
    compiler.include_imports(true).include_source_info(source_info);
    compiler.open_files(files)?;
    Ok(compiler)
}
