//! What tests share: a settable clock, seeded ids, both engines, tokens, real servers on port 0.
