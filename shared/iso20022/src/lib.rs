//! Payment files as banks exchange them: ISO 20022 messages, written and read as streams, exact and bounded.
//!
//! | file | holds |
//! |---|---|
//! | `account` | IBANs with their check digits, other account numbers, BICs |
//! | `text` | identifiers and texts within a scheme's character set and length |
//! | `sum` | control sums: exact decimals over any currencies |
//! | `transfer` | what a payment file says: its header and one credit transfer |
//! | `pain001` | the writer of `pain.001.001.09`, customer credit transfer initiation |
//! | `order` | the reader of what that writer wrote: the writer's own check, and a bank's side |
//! | `status`, `pain002` | the reader of `pain.002.001.03` and `.10`, payment status report |
//! | `entry`, `camt053` | the reader of `camt.053.001.02` and `.08`, bank to customer statement |
//! | `bank` | the writers of those two, as a bank's side: simulators and tests answer with them |
//! | `xml` | one pass over untrusted XML, with a limit on everything |
//! | `values`, `limits`, `error` | fields as they are read, how much is read, and why a file is refused |
//!
//! Nothing here reads a clock or the network, uses a float, or panics on anything a file holds.
#![warn(clippy::arithmetic_side_effects)]

mod account;
pub mod bank;
pub mod camt053;
mod entry;
mod error;
mod limits;
mod order;
pub mod pain001;
pub mod pain002;
mod status;
mod sum;
mod text;
mod transfer;
mod values;
mod xml;

pub use account::{Account, Bic, Iban};
pub use entry::{Booked, Booking, Direction, Statement};
pub use error::{Fault, FieldError, FileError};
pub use limits::Limits;
pub use order::{OrderHead, OrderReader, Ordered};
pub use status::{Reported, Status, StatusMeaning};
pub use sum::ControlSum;
pub use text::{CharacterSet, Identifier, Line};
pub use transfer::{Address, ChargeBearer, CreditTransfer, Debtor, OrderHeader, Party};
