//! The tier service through its port, on both engines.
#![cfg(test)]

mod activities;
mod evaluation;
mod inboxes;
mod order;
mod policies;
mod refusals;
mod relays;
mod resumption;
mod schema;
mod stage;
mod statements;
mod words;
