//! Reads `pain.001.001.09` back, as a bank does: what is announced is there, no id twice, every amount exact.

use crate::{
    Account, ControlSum, Fault, FileError, Limits,
    pain001::NAMESPACE,
    values::{self, once},
    xml::{Expected, Leaf, Pass, Token},
};
use handsel_money::Money;
use std::{collections::HashSet, io::BufRead};

/// What stands above the transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderHead {
    /// The file's id.
    pub message_id: String,
    /// How many transfers it announces.
    pub count: u64,
    /// What they come to.
    pub sum: ControlSum,
}

/// One transfer of an order, as far as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Its id.
    pub end_to_end_id: String,
    /// What is to be paid.
    pub amount: Money,
    /// The creditor's account.
    pub account: String,
    /// What it is for, in the debtor's words; empty where he says nothing.
    pub remittance: String,
}

/// An order under way. Memory grows by one id a transfer.
pub struct OrderReader<R: BufRead> {
    pass: Pass<R>,
    limits: Limits,
    head: OrderHead,
    payment_information_id: Option<String>,
    debtor_account: Option<Account>,
    transfer: Transfer,
    read: (u64, ControlSum),
    ids: HashSet<Box<str>>,
}

#[derive(Default)]
struct Transfer {
    end_to_end_id: Option<String>,
    amount: Option<Money>,
    account: Option<String>,
    remittance: Option<String>,
}

impl<R: BufRead> OrderReader<R> {
    /// Begins an order: reads its group header.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn open(source: R, limits: Limits) -> Result<Self, FileError> {
        let mut pass = Pass::new(source, Expected { element: "CstmrCdtTrfInitn", namespaces: &[NAMESPACE] }, limits);
        let (mut message_id, mut count, mut sum) = (None, None, None);
        loop {
            let taken = match pass.next()? {
                None => Err(Fault::Missing("GrpHdr")),
                Some(Token::Close(None)) if pass.path() == "GrpHdr" => break,
                Some(Token::Open | Token::Close(None)) => Ok(()),
                Some(Token::Close(Some(leaf))) => match pass.path() {
                    "GrpHdr/MsgId" => values::reference(&leaf.text).and_then(|id| once(&mut message_id, id)),
                    "GrpHdr/NbOfTxs" => values::count(&leaf.text).and_then(|read| once(&mut count, read)),
                    "GrpHdr/CtrlSum" => values::sum(&leaf.text).and_then(|read| once(&mut sum, read)),
                    _ => Ok(()),
                },
            };
            taken.map_err(|fault| pass.refuse(fault))?;
        }
        let missing = |pass: &Pass<R>, what| pass.refuse(Fault::Missing(what));
        let head = OrderHead {
            message_id: message_id.ok_or_else(|| missing(&pass, "GrpHdr/MsgId"))?,
            count: count.ok_or_else(|| missing(&pass, "GrpHdr/NbOfTxs"))?,
            sum: sum.ok_or_else(|| missing(&pass, "GrpHdr/CtrlSum"))?,
        };
        let (transfer, ids) = (Transfer::default(), HashSet::new());
        let read = (0, ControlSum::ZERO);
        Ok(Self { pass, limits, head, payment_information_id: None, debtor_account: None, transfer, read, ids })
    }

    /// What stands above the transfers.
    pub fn head(&self) -> &OrderHead {
        &self.head
    }

    /// The payment information that the transfers read last are in.
    pub fn payment_information_id(&self) -> Option<&str> {
        self.payment_information_id.as_deref()
    }

    /// The account that the transfers read last leave from.
    pub fn debtor_account(&self) -> Option<&Account> {
        self.debtor_account.as_ref()
    }

    /// The next transfer; none at the end, where count and sum have been borne out.
    ///
    /// # Errors
    /// The first thing wrong with it.
    #[expect(clippy::should_implement_trait, reason = "an iterator that ends in an error is no iterator to loop over")]
    pub fn next(&mut self) -> Result<Option<Ordered>, FileError> {
        while let Some(token) = self.pass.next()? {
            if let Some(transfer) = self.read(&token).map_err(|fault| self.pass.refuse(fault))? {
                return Ok(Some(transfer));
            }
        }
        let (counted, sum) = self.read;
        if counted != self.head.count {
            return Err(self.pass.refuse(Fault::Count { said: self.head.count, counted }));
        }
        if sum != self.head.sum {
            return Err(self.pass.refuse(Fault::Sum { said: self.head.sum.to_string(), counted: sum.to_string() }));
        }
        Ok(None)
    }

    fn read(&mut self, token: &Token) -> Result<Option<Ordered>, Fault> {
        let Some(path) = self.pass.path().strip_prefix("PmtInf") else { return Ok(None) };
        let Some(path) = path.strip_prefix("/CdtTrfTxInf") else {
            if let Token::Close(Some(leaf)) = token {
                match path {
                    "/PmtInfId" => self.payment_information_id = Some(values::reference(&leaf.text)?),
                    "/DbtrAcct/Id/IBAN" => self.debtor_account = Some(Account::Iban(values::iban(&leaf.text)?)),
                    "/DbtrAcct/Id/Othr/Id" => self.debtor_account = Some(values::other_account(&leaf.text)?),
                    _ => {}
                }
            }
            return Ok(None);
        };
        match token {
            Token::Open if path.is_empty() => {
                self.transfer = Transfer::default();
                Ok(None)
            }
            Token::Close(None) if path.is_empty() => self.transfer_ends().map(Some),
            Token::Close(Some(leaf)) => self.transfer.take(path, leaf).map(|()| None),
            Token::Open | Token::Close(None) => Ok(None),
        }
    }

    fn transfer_ends(&mut self) -> Result<Ordered, Fault> {
        let transfer = std::mem::take(&mut self.transfer);
        let end_to_end_id = transfer.end_to_end_id.ok_or(Fault::Missing("EndToEndId"))?;
        let amount = transfer.amount.ok_or(Fault::Missing("InstdAmt"))?;
        let account = transfer.account.ok_or(Fault::Missing("CdtrAcct"))?;
        self.read = (self.read.0.saturating_add(1), self.read.1.plus(amount));
        if self.read.0 > self.limits.entries {
            return Err(Fault::TooLarge { what: "transactions", limit: self.limits.entries });
        }
        if !self.ids.insert(end_to_end_id.as_str().into()) {
            return Err(Fault::DuplicateId(end_to_end_id));
        }
        let remittance = transfer.remittance.unwrap_or_default();
        Ok(Ordered { end_to_end_id, amount, account, remittance })
    }
}

impl Transfer {
    fn take(&mut self, path: &str, leaf: &Leaf) -> Result<(), Fault> {
        match path {
            "/PmtId/EndToEndId" => once(&mut self.end_to_end_id, values::reference(&leaf.text)?),
            "/Amt/InstdAmt" => once(&mut self.amount, values::amount(leaf)?),
            "/CdtrAcct/Id/IBAN" | "/CdtrAcct/Id/Othr/Id" => once(&mut self.account, values::reference(&leaf.text)?),
            // It may stand several times: the first says what it is for.
            "/RmtInf/Ustrd" => {
                self.remittance.get_or_insert_with(|| leaf.text.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
