//! What kind of customer each is.
