//! The compiled rules beside the validator, on the messages that the two engines' comparison makes up.

#[path = "../../examples/decide/making.rs"]
mod making;

use super::*;
use crate::POOL;
use making::Maker;
use prost_protovalidate::Validator;
use prost_reflect::prost::Message as _;
use std::collections::BTreeMap;

fn requests() -> Vec<MessageDescriptor> {
    let inputs = POOL.services().flat_map(|service| service.methods().map(|rpc| rpc.input()).collect::<Vec<_>>());
    let by_name: BTreeMap<String, MessageDescriptor> =
        inputs.map(|input| (input.full_name().to_owned(), input)).collect();
    by_name.into_values().collect()
}

#[test]
fn what_is_surely_kept_is_kept_and_nearly_all_that_is_kept_is_surely_so() {
    let (requests, validator, mut maker) = (requests(), Validator::new(), Maker::new(7));
    let (mut good, mut sure) = (0_u32, 0_u32);
    for descriptor in requests.iter().cycle().take(4_000) {
        let message = maker.message(descriptor);
        let bytes = message.encode_to_vec();
        let verdict = validator.validate(&message);
        let kept = surely_kept(descriptor.full_name(), &bytes);
        assert!(!kept || verdict.is_ok(), "{}: {verdict:?}\n{message:?}", descriptor.full_name());
        good += u32::from(verdict.is_ok());
        sure += u32::from(kept);
    }
    assert!(good > 500, "only {good} good messages: the comparison compares nothing");
    assert!(sure * 10 > good * 9, "of {good} good messages only {sure} are known to be");
}

#[test]
fn every_request_has_rules_that_are_known_here() {
    let compiled = &*COMPILED;
    let unknown: Vec<String> = requests()
        .iter()
        .map(|request| request.full_name().to_owned())
        .filter(|name| !compiled.plans[compiled.by_name[name]].known)
        .collect();
    assert!(unknown.is_empty(), "the validator is asked about each of these: {unknown:#?}");
}

#[test]
fn cut_off_and_garbled_bytes_are_never_sure() {
    let mut maker = Maker::new(3);
    for descriptor in requests().iter().take(40) {
        let bytes = maker.message(descriptor).encode_to_vec();
        for end in 0..bytes.len() {
            let cut = DynamicMessageOf(descriptor).decodes(&bytes[..end]);
            assert!(cut || !surely_kept(descriptor.full_name(), &bytes[..end]), "{}", descriptor.full_name());
        }
    }
}

/// Whether bytes are a message at all.
struct DynamicMessageOf<'a>(&'a MessageDescriptor);

impl DynamicMessageOf<'_> {
    fn decodes(&self, bytes: &[u8]) -> bool {
        prost_reflect::DynamicMessage::decode(self.0.clone(), bytes).is_ok()
    }
}
