//! What the log decides, without a database: who may write, what of a source is taken, what a leaf is, which tiles fill.
//!
//! Beyond `handsel_money` it knows [`crate::tlog`], whose hashes it folds: still no async, no SQL, no clock, no chance.

pub(crate) mod act;
pub(crate) mod admission;
pub(crate) mod case;
pub(crate) mod decision;
pub(crate) mod extension;
pub(crate) mod frontier;
pub(crate) mod hold;
pub(crate) mod kept;
pub(crate) mod leaf;
pub(crate) mod lease;
pub(crate) mod prune;
pub(crate) mod reconciliation;
pub(crate) mod refused;
pub(crate) mod retention;
pub(crate) mod round;
pub(crate) mod run;
pub(crate) mod said;
pub(crate) mod term;
pub(crate) mod violation;
