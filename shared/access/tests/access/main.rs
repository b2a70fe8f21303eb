//! Who may call, situation by situation.

#![expect(clippy::unwrap_used, reason = "where a situation cannot be set up, the test fails")]

mod callers;
mod dev_issuer;
mod layer;
mod provider;
mod rules;
mod tokens;
