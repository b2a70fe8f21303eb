//! What a transaction owes the rest of the world, and the relay that pays it.
