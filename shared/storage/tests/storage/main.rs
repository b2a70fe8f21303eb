//! Storage on both engines: what it promises to the services.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what it needs by failing")]

mod bulk;
mod commands;
mod lanes;
mod once;
mod opening;
mod place;
mod transact;
mod values;
