//! Small parts of requests. Request ids are made from what a request is about, so that a run taken up after a crash repeats
//! its calls instead of making them twice.

use handsel_proto::google::r#type::{Decimal, Money};
use uuid::Uuid;

/// The name space of the demo's request ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0d_6f5c_0c0a_5c3e_9d55_1b1f_9a3c_7e21);

/// The id of the request about this.
pub(crate) fn request_id(about: &str) -> String {
    Uuid::new_v5(&NAMESPACE, about.as_bytes()).to_string()
}

/// Whole crowns.
pub(crate) fn crowns(units: i64) -> Money {
    Money { currency_code: "CZK".to_owned(), units, nanos: 0 }
}

/// A decimal as written.
pub(crate) fn decimal(value: &str) -> Decimal {
    Decimal { value: value.to_owned() }
}

/// A customer of the sample bank.
pub(crate) fn customer(number: u32) -> String {
    format!("customers/{number}")
}
