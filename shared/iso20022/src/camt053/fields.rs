//! The fields of an entry and of one transaction in it.

use crate::{
    Booked, Booking, ControlSum, Direction, Fault, FieldError, Statement,
    values::{self, once},
    xml::Leaf,
};
use handsel_money::{Date, Money, Timestamp, Zone};
use std::sync::Arc;

/// What a bank writes where there is no id.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// An entry under way.
#[derive(Default)]
pub(super) struct Entry {
    amount: Option<Money>,
    direction: Option<Direction>,
    reversal: Option<bool>,
    status: Option<String>,
    booked_on: Option<Date>,
    booked_at: Option<Timestamp>,
    reference: Option<String>,
    /// Transactions of the whole entry.
    transactions: u64,
    batch: Batch,
    /// What a batch without transactions says of itself.
    unlisted: Option<u64>,
    payment_information_id: Option<String>,
}

/// One group of an entry's transactions.
#[derive(Default)]
struct Batch {
    count: Option<u64>,
    sum: Option<Money>,
    payment_information_id: Option<String>,
    counted: u64,
    /// What the transactions come to, while each says what moved.
    summed: ControlSum,
    silent: bool,
}

/// What an entry comes to.
pub(super) struct Whole {
    pub(super) amount: Money,
    pub(super) direction: Direction,
    pub(super) booking: Booking,
}

impl Entry {
    pub(super) fn take(&mut self, path: &str, leaf: &Leaf, zone: &Zone) -> Result<(), Fault> {
        let text = leaf.text.as_str();
        let heads = ["/Amt", "/CdtDbtInd", "/RvslInd", "/Sts", "/Sts/Cd", "/Sts/Prtry", "/AcctSvcrRef"];
        if self.transactions > 0 && heads.contains(&path) {
            return Err(Fault::OutOfOrder("NtryDtls"));
        }
        match path {
            "/Amt" => once(&mut self.amount, values::amount(leaf)?),
            "/CdtDbtInd" => once(&mut self.direction, direction(text)?),
            "/RvslInd" => once(&mut self.reversal, values::truth(text)?),
            "/Sts" | "/Sts/Cd" | "/Sts/Prtry" => once(&mut self.status, values::reference(text)?),
            "/BookgDt/Dt" => once(&mut self.booked_on, values::date(text)?),
            "/BookgDt/DtTm" => {
                once(&mut self.booked_at, values::instant(text, zone)?)?;
                once(&mut self.booked_on, values::date(text.get(..10).unwrap_or(text))?)
            }
            "/AcctSvcrRef" => once(&mut self.reference, values::reference(text)?),
            "/NtryDtls/Btch/NbOfTxs" => once(&mut self.batch.count, values::count(text)?),
            "/NtryDtls/Btch/TtlAmt" => once(&mut self.batch.sum, values::amount(leaf)?),
            "/NtryDtls/Btch/PmtInfId" => once(&mut self.batch.payment_information_id, values::reference(text)?),
            _ => Ok(()),
        }
    }

    /// A transaction of the entry.
    pub(super) fn add(&mut self, details: &Details) {
        self.transactions = self.transactions.saturating_add(1);
        self.batch.counted = self.batch.counted.saturating_add(1);
        match details.moved() {
            Some(amount) => self.batch.summed = self.batch.summed.plus(amount),
            None => self.batch.silent = true,
        }
    }

    /// What a batch announces it must hold; one that lists nothing says how much it does not list.
    pub(super) fn batch_ends(&mut self) -> Result<(), Fault> {
        let batch = std::mem::take(&mut self.batch);
        if batch.payment_information_id.is_some() {
            self.payment_information_id = batch.payment_information_id;
        }
        if batch.counted == 0 {
            self.unlisted = batch.count;
            return Ok(());
        }
        if let Some(said) = batch.count
            && said != batch.counted
        {
            return Err(Fault::Count { said, counted: batch.counted });
        }
        match batch.sum.map(ControlSum::of) {
            Some(said) if !batch.silent && said != batch.summed => {
                Err(Fault::Sum { said: said.to_string(), counted: batch.summed.to_string() })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn whole(&self) -> Result<Whole, Fault> {
        Ok(Whole {
            amount: self.amount.ok_or(Fault::Missing("Ntry/Amt"))?,
            direction: self.direction.ok_or(Fault::Missing("Ntry/CdtDbtInd"))?,
            booking: match self.status.as_deref().ok_or(Fault::Missing("Ntry/Sts"))? {
                "BOOK" => Booking::Booked,
                _ => Booking::NotBooked,
            },
        })
    }

    /// One transaction, or the entry itself where it lists none. Only an entry's single transaction moved the entry's amount.
    pub(super) fn book(
        &self,
        statement: Arc<Statement>,
        entry: u64,
        details: Option<Details>,
        last: bool,
    ) -> Result<Booked, Fault> {
        let whole = self.whole()?;
        let single = last && self.transactions <= 1;
        let listed = details.is_some();
        let details = details.unwrap_or_default();
        let amount = details.moved().or(if single { Some(whole.amount) } else { None });
        Ok(Booked {
            statement,
            entry,
            booking: whole.booking,
            direction: details.direction.unwrap_or(whole.direction),
            reversal: self.reversal.unwrap_or(false),
            returned: details.returned,
            end_to_end_id: details.end_to_end_id.filter(|id| id != NOT_PROVIDED),
            payment_information_id: details.payment_information_id.or_else(|| self.payment_information_id.clone()),
            amount,
            instructed: details.instructed,
            bank_reference: details.reference.or_else(|| self.reference.clone()),
            booked_on: self.booked_on,
            booked_at: self.booked_at,
            unlisted: if listed { None } else { self.unlisted },
        })
    }
}

/// A transaction under way.
#[derive(Default)]
pub(super) struct Details {
    end_to_end_id: Option<String>,
    payment_information_id: Option<String>,
    reference: Option<String>,
    amount: Option<Money>,
    transaction_amount: Option<Money>,
    instructed: Option<Money>,
    direction: Option<Direction>,
    returned: Option<String>,
}

impl Details {
    pub(super) fn take(&mut self, path: &str, leaf: &Leaf) -> Result<(), Fault> {
        let text = leaf.text.as_str();
        match path {
            "/Refs/EndToEndId" => once(&mut self.end_to_end_id, values::reference(text)?),
            "/Refs/PmtInfId" => once(&mut self.payment_information_id, values::reference(text)?),
            "/Refs/AcctSvcrRef" => once(&mut self.reference, values::reference(text)?),
            "/Amt" => once(&mut self.amount, values::amount(leaf)?),
            "/AmtDtls/TxAmt/Amt" => once(&mut self.transaction_amount, values::amount(leaf)?),
            "/AmtDtls/InstdAmt/Amt" => once(&mut self.instructed, values::amount(leaf)?),
            "/CdtDbtInd" => once(&mut self.direction, direction(text)?),
            "/RtrInf/Rsn/Cd" | "/RtrInf/Rsn/Prtry" => once(&mut self.returned, values::reference(text)?),
            // A return that gives no reason is one all the same.
            "/RtrInf/AddtlInf" => {
                self.returned.get_or_insert_default();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What moved on the account, where the transaction says so.
    fn moved(&self) -> Option<Money> {
        self.amount.or(self.transaction_amount)
    }
}

pub(super) fn direction(text: &str) -> Result<Direction, Fault> {
    match text {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        _ => Err(values::wrong(text, FieldError::OneOf("CRDT, DBIT"))),
    }
}
