//! Reads `camt.053`, bank to customer statement: what was booked on an account, transaction by transaction.

mod fields;
mod totals;

use crate::{
    Booked, Fault, FileError, Limits, Statement,
    values::{self, once},
    xml::{Expected, Leaf, Pass, Token},
};
use fields::{Details, Entry};
use handsel_money::{Timestamp, Zone};
use std::{collections::HashSet, io::BufRead, sync::Arc};
use totals::Totals;

/// The versions that are read, as banks send them: of 2009 and of 2019.
pub const NAMESPACES: &[&str] =
    &["urn:iso:std:iso:20022:tech:xsd:camt.053.001.02", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"];

/// What stands above the statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementHead {
    /// The message's id.
    pub message_id: String,
    /// When the bank made it.
    pub created_at: Timestamp,
}

/// Statements under way. Memory grows by one id a transaction.
pub struct StatementReader<R: BufRead> {
    pass: Pass<R>,
    zone: Zone,
    limits: Limits,
    head: StatementHead,
    /// Whether the message says that it is one page of several.
    message_paged: bool,
    statement: StatementFields,
    entry: Entry,
    details: Details,
    /// The transaction before this one: whether it is the entry's only one is known when the next begins or the entry ends.
    held: Option<Details>,
    read: u64,
    ids: HashSet<Box<str>>,
}

/// A statement under way.
#[derive(Default)]
struct StatementFields {
    id: Option<String>,
    account: Option<String>,
    known: Option<Arc<Statement>>,
    entries: u64,
    totals: Totals,
}

impl<R: BufRead> StatementReader<R> {
    /// Begins a message: reads all that stands above its statements. Instants without an offset are those of `zone`.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn open(source: R, zone: &Zone, limits: Limits) -> Result<Self, FileError> {
        let mut pass = Pass::new(source, Expected { element: "BkToCstmrStmt", namespaces: NAMESPACES }, limits);
        let (mut message_id, mut created_at, mut paged) = (None, None, false);
        loop {
            let taken = match pass.next()? {
                None => Err(Fault::Missing("GrpHdr")),
                Some(Token::Open) if pass.path() == "Stmt" => Err(Fault::OutOfOrder("GrpHdr")),
                Some(Token::Close(None)) if pass.path() == "GrpHdr" => break,
                Some(Token::Open | Token::Close(None)) => Ok(()),
                Some(Token::Close(Some(leaf))) => match pass.path() {
                    "GrpHdr/MsgId" => values::reference(&leaf.text).and_then(|id| once(&mut message_id, id)),
                    "GrpHdr/CreDtTm" => values::instant(&leaf.text, zone).and_then(|at| once(&mut created_at, at)),
                    "GrpHdr/MsgPgntn/PgNb" | "GrpHdr/MsgPgntn/LastPgInd" => {
                        paged |= is_part(pass.path(), &leaf);
                        Ok(())
                    }
                    _ => Ok(()),
                },
            };
            taken.map_err(|fault| pass.refuse(fault))?;
        }
        let head = match (message_id, created_at) {
            (Some(message_id), Some(created_at)) => StatementHead { message_id, created_at },
            (None, _) => return Err(pass.refuse(Fault::Missing("GrpHdr/MsgId"))),
            (Some(_), None) => return Err(pass.refuse(Fault::Missing("GrpHdr/CreDtTm"))),
        };
        Ok(Self {
            pass,
            zone: zone.clone(),
            limits,
            head,
            message_paged: paged,
            statement: StatementFields::default(),
            entry: Entry::default(),
            details: Details::default(),
            held: None,
            read: 0,
            ids: HashSet::new(),
        })
    }

    /// What stands above the statements.
    pub fn head(&self) -> &StatementHead {
        &self.head
    }

    /// The next transaction; none at the end, where all totals have been borne out.
    ///
    /// # Errors
    /// The first thing wrong with it. Nothing that came before counts then.
    #[expect(clippy::should_implement_trait, reason = "an iterator that ends in an error is no iterator to loop over")]
    pub fn next(&mut self) -> Result<Option<Booked>, FileError> {
        while let Some(token) = self.pass.next()? {
            if let Some(booked) = self.read(token).map_err(|fault| self.pass.refuse(fault))? {
                return Ok(Some(booked));
            }
        }
        Ok(None)
    }

    fn read(&mut self, token: Token) -> Result<Option<Booked>, Fault> {
        let Some(path) = self.pass.path().strip_prefix("Stmt") else { return Ok(None) };
        if let Some(path) = path.strip_prefix("/Ntry") {
            return match path.strip_prefix("/NtryDtls/TxDtls") {
                Some(path) => {
                    let path = path.to_owned();
                    self.read_details(&token, &path)
                }
                None => {
                    let path = path.to_owned();
                    self.read_entry(&token, &path)
                }
            };
        }
        match token {
            Token::Open if path.is_empty() => {
                self.statement = StatementFields::default();
                if self.message_paged {
                    self.statement.totals.not_whole();
                }
            }
            Token::Close(None) if path.is_empty() => {
                self.statement.know()?;
                self.statement.totals.check()?;
            }
            Token::Close(None) if path == "/Bal" => self.statement.totals.balance_ends()?,
            Token::Open | Token::Close(None) => {}
            Token::Close(Some(leaf)) => self.statement.take(path, &leaf)?,
        }
        Ok(None)
    }

    fn read_entry(&mut self, token: &Token, path: &str) -> Result<Option<Booked>, Fault> {
        match token {
            Token::Open if path.is_empty() => {
                self.statement.know()?;
                self.statement.entries = self.statement.entries.saturating_add(1);
                self.entry = Entry::default();
                self.held = None;
                Ok(None)
            }
            Token::Close(None) if path.is_empty() => {
                let whole = self.entry.whole()?;
                self.statement.totals.entry(&whole);
                let held = self.held.take();
                self.book(held, true).map(Some)
            }
            Token::Close(None) if path == "/NtryDtls" => self.entry.batch_ends().map(|()| None),
            Token::Close(Some(leaf)) => self.entry.take(path, leaf, &self.zone).map(|()| None),
            Token::Open | Token::Close(None) => Ok(None),
        }
    }

    fn read_details(&mut self, token: &Token, path: &str) -> Result<Option<Booked>, Fault> {
        match token {
            Token::Open if path.is_empty() => {
                self.details = Details::default();
                Ok(None)
            }
            Token::Close(None) if path.is_empty() => {
                let details = std::mem::take(&mut self.details);
                self.entry.add(&details);
                match self.held.replace(details) {
                    Some(before) => self.book(Some(before), false).map(Some),
                    None => Ok(None),
                }
            }
            Token::Close(Some(leaf)) => self.details.take(path, leaf).map(|()| None),
            Token::Open | Token::Close(None) => Ok(None),
        }
    }

    fn book(&mut self, details: Option<Details>, last: bool) -> Result<Booked, Fault> {
        self.read = self.read.saturating_add(1);
        if self.read > self.limits.entries {
            return Err(Fault::TooLarge { what: "transactions", limit: self.limits.entries });
        }
        let statement = self.statement.know()?;
        let booked = self.entry.book(statement, self.statement.entries, details, last)?;
        if let Some(id) = &booked.end_to_end_id {
            let reference = booked.bank_reference.as_deref().unwrap_or_default();
            let key = format!("{id}\n{:?}\n{reference}", booked.direction);
            if !self.ids.insert(key.into()) {
                return Err(Fault::DuplicateId(id.clone()));
            }
        }
        Ok(booked)
    }
}

/// Whether a page number or its mark of the last page says that this is not the whole.
fn is_part(path: &str, leaf: &Leaf) -> bool {
    if path.ends_with("PgNb") {
        leaf.text.trim_start_matches('0') != "1"
    } else {
        leaf.text != "true" && leaf.text != "1"
    }
}

impl StatementFields {
    fn take(&mut self, path: &str, leaf: &Leaf) -> Result<(), Fault> {
        match path {
            "/Id" => once(&mut self.id, values::reference(&leaf.text)?),
            "/Acct/Id/IBAN" | "/Acct/Id/Othr/Id" => once(&mut self.account, values::reference(&leaf.text)?),
            "/StmtPgntn/PgNb" | "/StmtPgntn/LastPgInd" => {
                if is_part(path, leaf) {
                    self.totals.not_whole();
                }
                Ok(())
            }
            _ => self.totals.take(path, leaf),
        }
    }

    /// Which statement it is: both stand before its entries.
    fn know(&mut self) -> Result<Arc<Statement>, Fault> {
        if let Some(known) = &self.known {
            return Ok(Arc::clone(known));
        }
        let id = self.id.clone().ok_or(Fault::Missing("Stmt/Id"))?;
        let account = self.account.clone().ok_or(Fault::Missing("Stmt/Acct/Id"))?;
        Ok(Arc::clone(self.known.insert(Arc::new(Statement { id, account }))))
    }
}
