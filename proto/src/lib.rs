//! The contract: messages, clients and servers compiled from the `.proto` files beside this crate, the descriptors that
//! access rules, field rules and reflection are read from, and the codec that enforces the field rules.
//!
//! Never here: a decision, a clock, a database.

pub mod codec;
mod rules;
mod step;

// What the comparison of engines makes up names this crate from outside.
#[cfg(test)]
extern crate self as handsel_proto;

use prost_reflect::DescriptorPool;
use std::sync::LazyLock;

#[expect(missing_docs, unused_qualifications, reason = "generated")]
#[expect(clippy::all, clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated")]
mod contract {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}
pub use contract::{google, handsel};
pub use step::CalculationStep;

/// The whole contract with its imports and options, as an encoded `FileDescriptorSet`, without comments.
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same, decoded once.
#[expect(clippy::expect_used, reason = "made by build.rs from the same files; a test decodes it")]
pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("descriptors made by build.rs"));
