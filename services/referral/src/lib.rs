//! Who introduced whom, and did it succeed.
