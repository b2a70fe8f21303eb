//! Writes made-up messages of every request type with what our rules say of them, one JSON object a line: the first holds the
//! descriptors, each other one a message and its violations. `tests/differential/compare.py` asks another engine the same.
//!
//! `cargo run -p handsel-proto --example decide -- 2000 1 > decided.jsonl` (how many messages, seed)

mod making;

use base64::{Engine, engine::general_purpose::STANDARD};
use handsel_proto::{DESCRIPTORS, POOL};
use making::Maker;
use prost_protovalidate::{Error, Validator};
use prost_reflect::{DynamicMessage, MessageDescriptor, prost::Message};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    io::{self, BufWriter, Write},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let count: usize = arguments.next().as_deref().unwrap_or("2000").parse()?;
    let seed: u64 = arguments.next().as_deref().unwrap_or("1").parse()?;
    let requests = requests();
    let validator = Validator::new();
    let mut maker = Maker::new(seed);
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{}", json!({ "descriptors": STANDARD.encode(DESCRIPTORS) }))?;
    for descriptor in requests.iter().cycle().take(count) {
        let message = maker.message(descriptor);
        writeln!(
            out,
            "{}",
            json!({
                "type": descriptor.full_name(),
                "message": STANDARD.encode(message.encode_to_vec()),
                "violations": violations(&validator, &message)?,
            })
        )?;
    }
    Ok(out.flush()?)
}

/// The request of every rpc, each once, by name.
fn requests() -> Vec<MessageDescriptor> {
    let inputs = POOL.services().flat_map(|service| service.methods().map(|rpc| rpc.input()).collect::<Vec<_>>());
    let by_name: BTreeMap<String, MessageDescriptor> =
        inputs.map(|input| (input.full_name().to_owned(), input)).collect();
    by_name.into_values().collect()
}

/// Each violation as `[field, rule]`.
fn violations(validator: &Validator, message: &DynamicMessage) -> Result<Value, Error> {
    match validator.validate(message) {
        Ok(()) => Ok(json!([])),
        Err(Error::Validation(broken)) => {
            Ok(broken.violations().iter().map(|one| json!([one.field_path(), one.rule_id()])).collect())
        }
        Err(other) => Err(other),
    }
}
