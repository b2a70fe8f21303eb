//! What a transaction owes the rest of the world, and the relay that pays it; and the receiver's side of the same protocol.
//!
//! - [`Outbox`]: a command writes what it owes in its own transaction. What cannot be sealed or encoded fails there.
//! - [`Relay`], [`AuditRelay`]: give numbers, send the same bytes until they are answered, keep the answers.
//! - [`inbox`]: takes each number once, in order, and answers it the same way for ever.
//! - [`statement`]: what an audit statement is, byte by byte.
//!
//! Never here: a rule of the business, the name of a message, a decision about money.

mod deliver;
pub mod inbox;
mod message;
mod outbox;
mod pseudonyms;
mod relay;
mod rpc;
pub mod statement;
mod store;

pub use deliver::{Deliver, DeliverFault, Delivered, Greeting, Numbered, Origin, Outcome, Receipt, Standing};
pub use outbox::{
    Answer, Outbox, Owed, Packed, Pending, Traced, answers, earliest_owed, oldest_wait, pending, take_statements,
};
pub use pseudonyms::{Pseudonyms, PseudonymsError};
pub use relay::{AuditRelay, Finding, Notice, Parked, PurgeSent, Relay, RelaySettings, ReleaseParked, Watch, parked};
pub use rpc::{AuditDeliver, deliver_by};
pub use statement::{Actor, Statement};

use handsel_storage::Migration;

/// The tables of outbox and inbox: versions 10 to 19 of every service's schema.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 10,
        name: "outbox",
        postgres: include_str!("../migrations/postgres/0010_outbox.sql"),
        sqlite: include_str!("../migrations/sqlite/0010_outbox.sql"),
    },
    Migration {
        version: 11,
        name: "inbox",
        postgres: include_str!("../migrations/postgres/0011_inbox.sql"),
        sqlite: include_str!("../migrations/sqlite/0011_inbox.sql"),
    },
    Migration {
        version: 12,
        name: "parked",
        postgres: include_str!("../migrations/postgres/0012_parked.sql"),
        sqlite: include_str!("../migrations/sqlite/0012_parked.sql"),
    },
];
