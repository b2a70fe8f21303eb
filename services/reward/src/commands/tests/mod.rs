//! What only the inside can show.

mod closings;
mod rolled_back;
mod set_based;
