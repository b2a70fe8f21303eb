//! Every vector of the calculation's specification, run against the calculation.
//!
//! The files under `tests/vectors` were made by an independent implementation. A field that is not known here fails the test,
//! and so does a number of cases other than the one stated: nothing is skipped in silence.

#![cfg(test)]

mod accumulated;
mod cash;
mod deposit;
mod harness;
mod loan;
mod milestones;
mod plain;
mod terms;
