//! What a statement announces, held against what it lists: counts, sums, and opening balance + entries = closing balance.

use super::fields::{Whole, direction};
use crate::{
    Booking, ControlSum, Direction, Fault,
    values::{self, once},
    xml::Leaf,
};

/// A count and a sum, each as far as given.
#[derive(Default)]
struct Said {
    count: Option<u64>,
    sum: Option<ControlSum>,
}

#[derive(Default)]
struct Counted {
    count: u64,
    sum: ControlSum,
}

/// The totals of one statement.
#[derive(Default)]
pub(super) struct Totals {
    all: Said,
    credits: Said,
    debits: Said,
    credited: Counted,
    debited: Counted,
    /// What booked entries come to.
    moved: ControlSum,
    balance: Balance,
    opening: Option<ControlSum>,
    closing: Option<ControlSum>,
    /// A page of several: its totals are those of all of them.
    part: bool,
}

/// A balance under way.
#[derive(Default)]
struct Balance {
    kind: Option<String>,
    amount: Option<ControlSum>,
    direction: Option<Direction>,
}

impl Totals {
    pub(super) fn not_whole(&mut self) {
        self.part = true;
    }

    pub(super) fn take(&mut self, path: &str, leaf: &Leaf) -> Result<(), Fault> {
        let text = leaf.text.as_str();
        if let Some(field) = path.strip_prefix("/Bal/") {
            return match field {
                "Tp/CdOrPrtry/Cd" | "Tp/CdOrPrtry/Prtry" => once(&mut self.balance.kind, values::reference(text)?),
                "Amt" => once(&mut self.balance.amount, ControlSum::of(values::amount(leaf)?)),
                "CdtDbtInd" => once(&mut self.balance.direction, direction(text)?),
                _ => Ok(()),
            };
        }
        let Some(field) = path.strip_prefix("/TxsSummry/") else { return Ok(()) };
        let (said, field) = match field.split_once('/') {
            Some(("TtlNtries", field)) => (&mut self.all, field),
            Some(("TtlCdtNtries", field)) => (&mut self.credits, field),
            Some(("TtlDbtNtries", field)) => (&mut self.debits, field),
            _ => return Ok(()),
        };
        match field {
            "NbOfNtries" => once(&mut said.count, values::count(text)?),
            "Sum" => once(&mut said.sum, values::sum(text)?),
            _ => Ok(()),
        }
    }

    /// Only the booked opening and closing balances say what lies between them.
    pub(super) fn balance_ends(&mut self) -> Result<(), Fault> {
        let Balance { kind, amount, direction } = std::mem::take(&mut self.balance);
        let amount = amount.ok_or(Fault::Missing("Bal/Amt"))?;
        let signed = match direction.ok_or(Fault::Missing("Bal/CdtDbtInd"))? {
            Direction::Credit => amount,
            Direction::Debit => ControlSum::ZERO.less(amount),
        };
        match kind.as_deref() {
            Some("OPBD") => once(&mut self.opening, signed),
            Some("CLBD") => once(&mut self.closing, signed),
            _ => Ok(()),
        }
    }

    pub(super) fn entry(&mut self, whole: &Whole) {
        let sum = ControlSum::of(whole.amount);
        let counted = match whole.direction {
            Direction::Credit => &mut self.credited,
            Direction::Debit => &mut self.debited,
        };
        counted.count = counted.count.saturating_add(1);
        counted.sum = counted.sum.and(sum);
        if whole.booking == Booking::Booked {
            self.moved = match whole.direction {
                Direction::Credit => self.moved.and(sum),
                Direction::Debit => self.moved.less(sum),
            };
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.part {
            return Ok(());
        }
        let all = Counted {
            count: self.credited.count.saturating_add(self.debited.count),
            sum: self.credited.sum.and(self.debited.sum),
        };
        self.all.check(&all)?;
        self.credits.check(&self.credited)?;
        self.debits.check(&self.debited)?;
        match (self.opening, self.closing) {
            (Some(opening), Some(closing)) if opening.and(self.moved) != closing => {
                Err(Fault::Sum { said: closing.to_string(), counted: opening.and(self.moved).to_string() })
            }
            _ => Ok(()),
        }
    }
}

impl Said {
    fn check(&self, counted: &Counted) -> Result<(), Fault> {
        if let Some(said) = self.count
            && said != counted.count
        {
            return Err(Fault::Count { said, counted: counted.count });
        }
        match self.sum {
            Some(said) if said != counted.sum => {
                Err(Fault::Sum { said: said.to_string(), counted: counted.sum.to_string() })
            }
            _ => Ok(()),
        }
    }
}
