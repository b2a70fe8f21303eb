//! Reads `pain.002`, payment status report: what the bank says of one order, of its payment information, and of each transfer.

use crate::{
    ControlSum, Fault, FileError, Limits, Reported, Status,
    values::{self, once},
    xml::{Expected, Leaf, Pass, Token},
};
use handsel_money::{Timestamp, Zone};
use std::{
    collections::{BTreeMap, HashSet},
    io::BufRead,
};

/// The versions that are read, as banks send them: of 2009 (SEPA until 2023) and of 2019.
pub const NAMESPACES: &[&str] =
    &["urn:iso:std:iso:20022:tech:xsd:pain.002.001.03", "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"];

/// What stands above the transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportHead {
    /// The report's id.
    pub message_id: String,
    /// When the bank made it.
    pub created_at: Timestamp,
    /// The order that it is about.
    pub original_message_id: String,
    /// Which message that was, e.g. `pain.001.001.09`.
    pub original_message_name: String,
    /// How many transfers the bank found in it.
    pub original_count: Option<u64>,
    /// What they came to.
    pub original_sum: Option<ControlSum>,
    /// Of the whole order.
    pub status: Option<Status>,
    /// Why.
    pub reason: Option<String>,
}

/// What the bank says of one payment information as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStatus {
    /// Its id.
    pub payment_information_id: String,
    /// Its status.
    pub status: Option<Status>,
    /// Why.
    pub reason: Option<String>,
}

/// What a report says, piece by piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportItem {
    /// Of a payment information, before its transfers.
    Batch(BatchStatus),
    /// Of one transfer.
    Transfer(Reported),
}

/// A report under way. Memory grows by one id a transfer.
pub struct ReportReader<R: BufRead> {
    pass: Pass<R>,
    zone: Zone,
    limits: Limits,
    head: ReportHead,
    group: PerStatus,
    batch: Batch,
    transfer: Reported,
    listed: u64,
    ids: HashSet<Box<str>>,
}

impl<R: BufRead> ReportReader<R> {
    /// Begins a report: reads all that stands above its transfers. Instants without an offset are those of `zone`.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn open(source: R, zone: &Zone, limits: Limits) -> Result<Self, FileError> {
        let expected = Expected { element: "CstmrPmtStsRpt", namespaces: NAMESPACES };
        let mut pass = Pass::new(source, expected, limits);
        let mut head = HeadFields::default();
        let mut group = PerStatus::default();
        loop {
            match pass.next()? {
                None => return Err(pass.refuse(Fault::Missing("OrgnlGrpInfAndSts"))),
                Some(Token::Open) if pass.path() == "OrgnlPmtInfAndSts" => {
                    return Err(pass.refuse(Fault::OutOfOrder("OrgnlGrpInfAndSts")));
                }
                Some(Token::Open) => {}
                Some(Token::Close(Some(leaf))) => {
                    head.take(pass.path(), &leaf, zone, &mut group).map_err(|fault| pass.refuse(fault))?;
                }
                Some(Token::Close(None)) if pass.path() == "OrgnlGrpInfAndSts" => break,
                Some(Token::Close(None)) => {}
            }
        }
        let head = head.whole().map_err(|fault| pass.refuse(fault))?;
        let ids = HashSet::new();
        let batch = Batch::default();
        Ok(Self { pass, zone: zone.clone(), limits, head, group, batch, transfer: nothing_said(), listed: 0, ids })
    }

    /// What stands above the transfers.
    pub fn head(&self) -> &ReportHead {
        &self.head
    }

    /// Whether a transfer has been listed so far.
    pub fn lists(&self, end_to_end_id: &str) -> bool {
        self.ids.contains(end_to_end_id)
    }

    /// The next piece; none at the end, where all that was announced has been found.
    ///
    /// # Errors
    /// The first thing wrong with it. Nothing that came before counts then.
    #[expect(clippy::should_implement_trait, reason = "an iterator that ends in an error is no iterator to loop over")]
    pub fn next(&mut self) -> Result<Option<ReportItem>, FileError> {
        while let Some(token) = self.pass.next()? {
            if let Some(item) = self.read(token).map_err(|fault| self.pass.refuse(fault))? {
                return Ok(Some(item));
            }
        }
        self.group.check().map_err(|fault| self.pass.refuse(fault))?;
        match self.head.original_count {
            Some(said) if said < self.listed => Err(self.pass.refuse(Fault::Count { said, counted: self.listed })),
            _ => Ok(None),
        }
    }

    fn read(&mut self, token: Token) -> Result<Option<ReportItem>, Fault> {
        const BATCH: &str = "OrgnlPmtInfAndSts";
        let Some(path) = self.pass.path().strip_prefix(BATCH) else { return Ok(None) };
        let (within, deeper) = match path.strip_prefix("/TxInfAndSts") {
            Some(rest) => (rest, true),
            None => (path, false),
        };
        match (token, deeper) {
            (Token::Open, false) => {
                if within.is_empty() {
                    self.batch = Batch::default();
                }
                Ok(None)
            }
            (Token::Open, true) => {
                if !within.is_empty() {
                    return Ok(None);
                }
                self.transfer = nothing_said();
                self.announce().map(|item| item.map(ReportItem::Batch))
            }
            (Token::Close(None), true) if within.is_empty() => self.transfer_ends().map(Some),
            (Token::Close(None), false) if within.is_empty() => {
                self.batch.per_status.check()?;
                self.announce().map(|item| item.map(ReportItem::Batch))
            }
            (Token::Close(Some(leaf)), true) => {
                take_transfer(&mut self.transfer, within, &leaf, &self.zone).map(|()| None)
            }
            (Token::Close(Some(leaf)), false) => self.batch.take(within, &leaf).map(|()| None),
            (Token::Close(None), _) => Ok(None),
        }
    }

    /// A payment information is told once, before its first transfer or, where it lists none, at its end.
    fn announce(&mut self) -> Result<Option<BatchStatus>, Fault> {
        if self.batch.announced {
            return Ok(None);
        }
        self.batch.announced = true;
        let id = self.batch.id.clone().ok_or(Fault::Missing("OrgnlPmtInfId"))?;
        Ok(Some(BatchStatus {
            payment_information_id: id,
            status: self.batch.status.clone(),
            reason: self.batch.reason.clone(),
        }))
    }

    fn transfer_ends(&mut self) -> Result<ReportItem, Fault> {
        let mut transfer = std::mem::replace(&mut self.transfer, nothing_said());
        transfer.payment_information_id.clone_from(&self.batch.id);
        self.listed = self.listed.saturating_add(1);
        if self.listed > self.limits.entries {
            return Err(Fault::TooLarge { what: "transactions", limit: self.limits.entries });
        }
        if let Some(id) = &transfer.end_to_end_id
            && !self.ids.insert(id.as_str().into())
        {
            return Err(Fault::DuplicateId(id.clone()));
        }
        if let Some(status) = &transfer.status {
            self.group.list(status);
            self.batch.per_status.list(status);
        }
        Ok(ReportItem::Transfer(transfer))
    }
}

fn nothing_said() -> Reported {
    Reported {
        payment_information_id: None,
        end_to_end_id: None,
        status: None,
        reason: None,
        bank_reference: None,
        amount: None,
        accepted_at: None,
    }
}

fn take_transfer(transfer: &mut Reported, path: &str, leaf: &Leaf, zone: &Zone) -> Result<(), Fault> {
    let text = leaf.text.as_str();
    match path {
        "/OrgnlEndToEndId" => once(&mut transfer.end_to_end_id, values::reference(text)?),
        "/TxSts" => once(&mut transfer.status, Status::read(text)?),
        "/StsRsnInf/Rsn/Cd" | "/StsRsnInf/Rsn/Prtry" => first(&mut transfer.reason, text),
        "/AccptncDtTm" => once(&mut transfer.accepted_at, values::instant(text, zone)?),
        "/AcctSvcrRef" => once(&mut transfer.bank_reference, values::reference(text)?),
        "/OrgnlTxRef/Amt/InstdAmt" => once(&mut transfer.amount, values::amount(leaf)?),
        _ => Ok(()),
    }
}

/// A bank may give several reasons; the first is the one.
fn first(place: &mut Option<String>, text: &str) -> Result<(), Fault> {
    let text = values::reference(text)?;
    place.get_or_insert(text);
    Ok(())
}

#[derive(Default)]
struct HeadFields {
    message_id: Option<String>,
    created_at: Option<Timestamp>,
    original_message_id: Option<String>,
    original_message_name: Option<String>,
    original_count: Option<u64>,
    original_sum: Option<ControlSum>,
    status: Option<Status>,
    reason: Option<String>,
}

impl HeadFields {
    fn take(&mut self, path: &str, leaf: &Leaf, zone: &Zone, group: &mut PerStatus) -> Result<(), Fault> {
        let text = leaf.text.as_str();
        match path {
            "GrpHdr/MsgId" => once(&mut self.message_id, values::reference(text)?),
            "GrpHdr/CreDtTm" => once(&mut self.created_at, values::instant(text, zone)?),
            "OrgnlGrpInfAndSts/OrgnlMsgId" => once(&mut self.original_message_id, values::reference(text)?),
            "OrgnlGrpInfAndSts/OrgnlMsgNmId" => once(&mut self.original_message_name, values::reference(text)?),
            "OrgnlGrpInfAndSts/OrgnlNbOfTxs" => once(&mut self.original_count, values::count(text)?),
            "OrgnlGrpInfAndSts/OrgnlCtrlSum" => once(&mut self.original_sum, values::sum(text)?),
            "OrgnlGrpInfAndSts/GrpSts" => once(&mut self.status, Status::read(text)?),
            "OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd" | "OrgnlGrpInfAndSts/StsRsnInf/Rsn/Prtry" => {
                first(&mut self.reason, text)
            }
            _ => match path.strip_prefix("OrgnlGrpInfAndSts/NbOfTxsPerSts/") {
                Some(field) => group.take(field, text),
                None => Ok(()),
            },
        }
    }

    fn whole(self) -> Result<ReportHead, Fault> {
        Ok(ReportHead {
            message_id: self.message_id.ok_or(Fault::Missing("GrpHdr/MsgId"))?,
            created_at: self.created_at.ok_or(Fault::Missing("GrpHdr/CreDtTm"))?,
            original_message_id: self.original_message_id.ok_or(Fault::Missing("OrgnlMsgId"))?,
            original_message_name: self.original_message_name.ok_or(Fault::Missing("OrgnlMsgNmId"))?,
            original_count: self.original_count,
            original_sum: self.original_sum,
            status: self.status,
            reason: self.reason,
        })
    }
}

/// A payment information under way.
#[derive(Default)]
struct Batch {
    id: Option<String>,
    status: Option<Status>,
    reason: Option<String>,
    per_status: PerStatus,
    announced: bool,
}

impl Batch {
    fn take(&mut self, path: &str, leaf: &Leaf) -> Result<(), Fault> {
        let text = leaf.text.as_str();
        if self.announced
            && matches!(path, "/OrgnlPmtInfId" | "/PmtInfSts" | "/StsRsnInf/Rsn/Cd" | "/StsRsnInf/Rsn/Prtry")
        {
            return Err(Fault::OutOfOrder("TxInfAndSts"));
        }
        match path {
            "/OrgnlPmtInfId" => once(&mut self.id, values::reference(text)?),
            "/PmtInfSts" => once(&mut self.status, Status::read(text)?),
            "/StsRsnInf/Rsn/Cd" | "/StsRsnInf/Rsn/Prtry" => first(&mut self.reason, text),
            _ => match path.strip_prefix("/NbOfTxsPerSts/") {
                Some(field) => self.per_status.take(field, text),
                None => Ok(()),
            },
        }
    }
}

/// How many transfers are announced under each status, and how many are listed.
#[derive(Default)]
struct PerStatus {
    count: Option<u64>,
    announced: BTreeMap<Status, u64>,
    listed: BTreeMap<Status, u64>,
}

impl PerStatus {
    /// The count stands before its status.
    fn take(&mut self, field: &str, text: &str) -> Result<(), Fault> {
        match field {
            "DtldNbOfTxs" => once(&mut self.count, values::count(text)?),
            "DtldSts" => {
                let count = self.count.take().ok_or(Fault::OutOfOrder("DtldNbOfTxs"))?;
                match self.announced.insert(Status::read(text)?, count) {
                    None => Ok(()),
                    Some(_) => Err(Fault::Repeated),
                }
            }
            _ => Ok(()),
        }
    }

    fn list(&mut self, status: &Status) {
        let count = self.listed.entry(status.clone()).or_default();
        *count = count.saturating_add(1);
    }

    /// A bank may leave out those of which there is nothing to say; of a status of which it lists any it lists all.
    fn check(&self) -> Result<(), Fault> {
        let wrong = self.listed.iter().find_map(|(status, counted)| {
            let said = *self.announced.get(status)?;
            (said != *counted).then_some(Fault::Count { said, counted: *counted })
        });
        wrong.map_or(Ok(()), Err)
    }
}
