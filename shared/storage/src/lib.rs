//! One way to write SQL for two engines: commands, transactions, lanes, migrations.
//!
//! A statement is one string with `$1…`, its parameters a tuple, its row a [`row!`] struct. A write is a [`Command`]:
//! [`Db::transact`] runs one in its own transaction, [`Lanes`] let commands that wait at the same moment share one.
//! This is the only crate that knows there are two engines.

mod at;
mod backup;
mod column;
mod command;
mod db;
mod exact;
mod fault;
mod folder;
mod lanes;
mod location;
mod lock;
mod migrate;
mod once;
mod params;
mod purge;
mod repeat;
mod row;
mod seat;
mod text_enum;
mod transact;
mod tx;

pub use at::At;
pub use backup::{ToCopy, back_up, check_copy, embedded_file};
pub use column::Column;
pub use command::Command;
pub use db::Db;
pub use exact::Exact;
pub use fault::{Fault, StorageError};
pub use folder::FolderLock;
pub use lanes::{LaneSettings, Lanes};
pub use location::{Engine, Location};
pub use lock::{Lock, LockKey, LockTable};
pub use migrate::{MIGRATIONS, Migration};
pub use once::{Done, Once, OnceRefused, RequestKey};
pub use params::{Params, Put, Value};
pub use purge::PurgeRequests;
pub use row::Row;
pub use text_enum::{TextEnum, UnknownText};
pub use tx::Tx;

/// What [`row!`] and [`text_enum!`] expand to; not for use by hand.
#[doc(hidden)]
pub use sqlx;
