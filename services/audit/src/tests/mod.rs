//! Tests of several rooms together, past the contract: of what takes more leaves than a test would hand in.

mod index;
