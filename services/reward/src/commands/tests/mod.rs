//! What only the inside can show.

mod rolled_back;
mod set_based;
