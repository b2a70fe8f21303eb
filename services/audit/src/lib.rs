//! A log that proves that nothing was changed and nothing is missing.
