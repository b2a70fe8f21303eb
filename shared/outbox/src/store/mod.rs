//! Every SQL statement of the outbox and the inbox, and their rows.

pub(crate) mod inbox;
pub(crate) mod outbox;
pub(crate) mod parked;
pub(crate) mod relay;
pub(crate) mod sent;
