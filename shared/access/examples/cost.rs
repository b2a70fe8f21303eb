//! What a call costs before its handler: who calls and whether he may, then the contract's field rules. Prints nanoseconds each.
//!
//! `cargo run --release -p handsel-access --example cost`
#![expect(clippy::print_stdout, reason = "what it is for")]

use bytes::Bytes;
use handsel_access::{Branch, DevIssuer, DevToken, Role, Rules};
use handsel_proto::{
    POOL, codec,
    handsel::referral::v1::{Code, CreateCodeRequest},
};
use prost::Message;
use std::{error::Error, hint::black_box, sync::Arc, time::Instant};

const CALLS: u32 = 200_000;
const RPC: &str = "/handsel.referral.v1.CodeService/CreateCode";

fn main() -> Result<(), Box<dyn Error>> {
    let issuer = DevIssuer::from_seed(&[7; 32], Arc::new(|| 1_767_603_600))?;
    let teller = DevToken { branch: Branch::One("0101".into()), ..DevToken::of_role(Role::BranchStaff, "desk-7") };
    let (token, verifier, rules) = (issuer.issue(&teller)?, issuer.verifier()?, Rules::read(&POOL)?);
    let request = CreateCodeRequest {
        request_id: "018f3c6e-8f53-7d4e-9c50-0c3b0f1a2b3c".into(),
        code: Some(Code {
            program: "programs/spring".into(),
            referrer: "customers/4711".into(),
            branch: "0101".into(),
            ..Code::default()
        }),
    };
    let bytes = Bytes::from(request.encode_to_vec());
    // Once for all that is made at the first call.
    verifier.verify(&token)?;
    codec::read::<CreateCodeRequest>(bytes.clone())?;

    let access = each(|| {
        let caller = verifier.verify(black_box(&token))?;
        rules.of(RPC).ok_or("no such rpc")?.admits(&caller)?;
        Ok(())
    })?;
    let decoding = each(|| {
        black_box(CreateCodeRequest::decode(bytes.clone())?);
        Ok(())
    })?;
    let rules = each(|| Ok(codec::check::<CreateCodeRequest>(black_box(bytes.clone()))?))?;
    println!(
        "access {access} ns · decoding {decoding} ns · field rules {rules} ns · together {} ns",
        access + decoding + rules
    );
    Ok(())
}

fn each(mut call: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<u128, Box<dyn Error>> {
    let begun = Instant::now();
    for _ in 0..CALLS {
        call()?;
    }
    Ok(begun.elapsed().as_nanos() / u128::from(CALLS))
}
