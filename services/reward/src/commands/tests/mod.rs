//! What only the inside can show.

mod set_based;
