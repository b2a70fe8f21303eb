//! Values as texts of their own.

use std::fmt;

use crate::{Date, Decimal, Rounding, Timestamp, Zone};

/// A value that traces are made of: by the dozen for every reward, so that those that are written most are made in one piece. The formatter
/// takes several times as long.
pub trait Written: fmt::Display {
    /// What `Display` writes.
    fn written(&self) -> String {
        self.to_string()
    }
}

impl<T: Written + ?Sized> Written for &T {
    fn written(&self) -> String {
        T::written(self)
    }
}

impl Written for str {
    fn written(&self) -> String {
        self.to_owned()
    }
}

impl Written for String {
    fn written(&self) -> String {
        self.clone()
    }
}

impl Written for Rounding {
    fn written(&self) -> String {
        self.name().to_owned()
    }
}

impl Written for i64 {}
impl Written for u32 {}
impl Written for usize {}
impl Written for Decimal {}
impl Written for Date {}
impl Written for Timestamp {}
impl Written for Zone {}
