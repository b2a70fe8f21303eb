//! The rpcs of the contract by path: which are unary, and which names may become labels.

use handsel_proto::POOL;
use std::{collections::HashMap, sync::LazyLock};

/// The label of a path that is not in the contract: callers must not be able to make labels.
pub(super) const OTHER: &str = "_OTHER";

/// How an rpc's messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One request, one response.
    Unary,
    /// A stream either way.
    Streaming,
}

/// What is known of an rpc by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Method {
    /// Its name, for metrics and traces.
    pub(super) label: &'static str,
    /// `None` outside the contract.
    pub(super) shape: Option<Shape>,
}

static METHODS: LazyLock<HashMap<String, Shape>> = LazyLock::new(|| {
    let methods = POOL.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .map(|method| {
            let shape = if method.is_client_streaming() || method.is_server_streaming() {
                Shape::Streaming
            } else {
                Shape::Unary
            };
            (format!("/{}/{}", method.parent_service().full_name(), method.name()), shape)
        })
        .collect()
});

/// The shape of the rpc at a path; `None` outside the contract.
pub(super) fn shape(path: &str) -> Option<Shape> {
    METHODS.get(path).copied()
}

/// The rpc at a path.
pub(super) fn of(path: &str) -> Method {
    match METHODS.get_key_value(path) {
        Some((path, shape)) => Method { label: path.trim_start_matches('/'), shape: Some(*shape) },
        None => Method { label: OTHER, shape: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_known_and_nothing_else() {
        assert_eq!(shape("/handsel.reward.v1.RewardService/GetReward"), Some(Shape::Unary));
        assert_eq!(shape("/handsel.referral.v1.FactService/IngestFacts"), Some(Shape::Streaming));
        assert_eq!(shape("/grpc.health.v1.Health/Watch"), None);
        assert_eq!(of("/handsel.reward.v1.RewardService/GetReward").label, "handsel.reward.v1.RewardService/GetReward");
        assert_eq!(of("/a/guess"), Method { label: OTHER, shape: None });
    }
}
