//! What beneficiaries were paid in a year, and whose rewards are to be reported.

pub(crate) use crate::store::tax::{of_beneficiary, reportable};
