//! Writes `pain.001.001.09`, customer credit transfer initiation: one payment information, as many transfers as its header
//! announces, each written as it comes.

use crate::{Account, Address, Bic, ControlSum, CreditTransfer, FieldError, OrderHeader};
use handsel_money::{Currency, Timestamp};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::{collections::HashSet, io};
use thiserror::Error;

/// The message and its version.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
/// What replaces a BIC where none is given: the scheme goes by the account.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// Why a file could not be written. What has been written of it by then is no file.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Where it goes to takes no more.
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    /// A transfer that does not belong into this file.
    #[error("transfer {end_to_end_id}: {wrong}")]
    Transfer {
        /// Which.
        end_to_end_id: String,
        /// What is wrong with it.
        wrong: FieldError,
    },
    /// The same end-to-end id twice.
    #[error("transfer {0} is in the file already")]
    Twice(String),
    /// A file of nothing, or of a sum that the message cannot express.
    #[error("a file has at least one transfer and a sum of at most 18 digits")]
    Header,
    /// The header announced something else.
    #[error("{said} transfers of {said_sum} were announced, {written} of {written_sum} written")]
    Totals {
        /// Transfers announced.
        said: u64,
        /// Their sum.
        said_sum: ControlSum,
        /// Transfers written.
        written: u64,
        /// Their sum.
        written_sum: ControlSum,
    },
}

/// A file under way. Memory grows by one id a transfer.
pub struct OrderWriter<W: io::Write> {
    xml: Writer<W>,
    currency: Currency,
    said: (u64, ControlSum),
    written: (u64, ControlSum),
    ids: HashSet<Box<str>>,
}

impl<W: io::Write> OrderWriter<W> {
    /// Begins a file with all that stands above its transfers. The same header makes the same bytes.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::Header`].
    pub fn begin(out: W, header: &OrderHeader) -> Result<Self, WriteError> {
        if header.count == 0 || !header.sum.fits() {
            return Err(WriteError::Header);
        }
        let mut writer = Self {
            xml: Writer::new(out),
            currency: header.currency,
            said: (header.count, header.sum),
            written: (0, ControlSum::ZERO),
            ids: HashSet::new(),
        };
        writer.xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer.line()?;
        writer.xml.write_event(Event::Start(BytesStart::new("Document").with_attributes([("xmlns", NAMESPACE)])))?;
        writer.open("CstmrCdtTrfInitn")?;
        writer.group_header(header)?;
        writer.payment_information(header)?;
        Ok(writer)
    }

    fn group_header(&mut self, header: &OrderHeader) -> io::Result<()> {
        self.line()?;
        self.open("GrpHdr")?;
        self.leaf("MsgId", header.message_id.as_str())?;
        self.leaf("CreDtTm", &instant(header.created_at))?;
        self.leaf("NbOfTxs", &header.count.to_string())?;
        self.leaf("CtrlSum", &header.sum.to_string())?;
        self.open("InitgPty")?;
        self.leaf("Nm", header.debtor.name.as_str())?;
        self.close("InitgPty")?;
        self.close("GrpHdr")?;
        self.line()
    }

    fn payment_information(&mut self, header: &OrderHeader) -> io::Result<()> {
        let debtor = &header.debtor;
        self.open("PmtInf")?;
        self.leaf("PmtInfId", header.message_id.as_str())?;
        self.leaf("PmtMtd", "TRF")?;
        self.leaf("NbOfTxs", &header.count.to_string())?;
        self.leaf("CtrlSum", &header.sum.to_string())?;
        if let Some(level) = &debtor.service_level {
            self.open("PmtTpInf")?;
            self.open("SvcLvl")?;
            self.leaf("Cd", level.as_str())?;
            self.close("SvcLvl")?;
            self.close("PmtTpInf")?;
        }
        self.open("ReqdExctnDt")?;
        self.leaf("Dt", &header.execution_date.to_string())?;
        self.close("ReqdExctnDt")?;
        self.open("Dbtr")?;
        self.leaf("Nm", debtor.name.as_str())?;
        self.close("Dbtr")?;
        self.account("DbtrAcct", &debtor.account)?;
        self.open("DbtrAgt")?;
        self.open("FinInstnId")?;
        match &debtor.agent {
            Some(bic) => self.leaf("BICFI", bic.as_str())?,
            None => {
                self.open("Othr")?;
                self.leaf("Id", NOT_PROVIDED)?;
                self.close("Othr")?;
            }
        }
        self.close("FinInstnId")?;
        self.close("DbtrAgt")?;
        self.leaf("ChrgBr", debtor.charges.code())?;
        self.line()
    }

    /// Writes one transfer, on a line of its own.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::Transfer`], [`WriteError::Twice`].
    pub fn write(&mut self, transfer: &CreditTransfer) -> Result<(), WriteError> {
        self.take(transfer)?;
        self.open("CdtTrfTxInf")?;
        self.open("PmtId")?;
        self.leaf("EndToEndId", transfer.end_to_end_id.as_str())?;
        self.close("PmtId")?;
        self.open("Amt")?;
        let amount = BytesStart::new("InstdAmt").with_attributes([("Ccy", transfer.amount.currency().code())]);
        self.xml.write_event(Event::Start(amount))?;
        self.xml.write_event(Event::Text(BytesText::new(&transfer.amount.to_major_string())))?;
        self.close("InstdAmt")?;
        self.close("Amt")?;
        if let Some(bic) = &transfer.creditor.agent {
            self.agent("CdtrAgt", bic)?;
        }
        self.open("Cdtr")?;
        self.leaf("Nm", transfer.creditor.name.as_str())?;
        if let Some(address) = &transfer.creditor.address {
            self.address(address)?;
        }
        self.close("Cdtr")?;
        self.account("CdtrAcct", &transfer.creditor.account)?;
        self.open("RmtInf")?;
        self.leaf("Ustrd", transfer.remittance.as_str())?;
        self.close("RmtInf")?;
        self.close("CdtTrfTxInf")?;
        Ok(self.line()?)
    }

    /// Ends the file and hands back where it went to.
    ///
    /// # Errors
    /// [`WriteError::Io`]; [`WriteError::Totals`] where the header announced something else.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if self.said != self.written {
            return Err(WriteError::Totals {
                said: self.said.0,
                said_sum: self.said.1,
                written: self.written.0,
                written_sum: self.written.1,
            });
        }
        self.close("PmtInf")?;
        self.line()?;
        self.close("CstmrCdtTrfInitn")?;
        self.close("Document")?;
        self.line()?;
        Ok(self.xml.into_inner())
    }

    /// Rules that a schema cannot see: one currency, above zero, an id once.
    fn take(&mut self, transfer: &CreditTransfer) -> Result<(), WriteError> {
        let id = transfer.end_to_end_id.as_str();
        let wrong = |wrong| WriteError::Transfer { end_to_end_id: id.to_owned(), wrong };
        if transfer.amount.currency() != self.currency {
            return Err(wrong(FieldError::OtherCurrency(self.currency)));
        }
        let sum = ControlSum::of(transfer.amount);
        if !transfer.amount.is_positive() || !sum.fits() {
            return Err(wrong(FieldError::AmountToPay));
        }
        if !self.ids.insert(id.into()) {
            return Err(WriteError::Twice(id.to_owned()));
        }
        self.written = (self.written.0.saturating_add(1), self.written.1.and(sum));
        Ok(())
    }

    fn address(&mut self, address: &Address) -> io::Result<()> {
        self.open("PstlAdr")?;
        for (name, text) in address.elements() {
            self.leaf(name, text)?;
        }
        self.close("PstlAdr")
    }

    fn account(&mut self, name: &str, account: &Account) -> io::Result<()> {
        self.open(name)?;
        self.open("Id")?;
        match account {
            Account::Iban(iban) => self.leaf("IBAN", iban.as_str())?,
            Account::Other(_) => {
                self.open("Othr")?;
                self.leaf("Id", account.number())?;
                self.close("Othr")?;
            }
        }
        self.close("Id")?;
        self.close(name)
    }

    fn agent(&mut self, name: &str, bic: &Bic) -> io::Result<()> {
        self.open(name)?;
        self.open("FinInstnId")?;
        self.leaf("BICFI", bic.as_str())?;
        self.close("FinInstnId")?;
        self.close(name)
    }

    fn leaf(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.open(name)?;
        self.xml.write_event(Event::Text(BytesText::new(text)))?;
        self.close(name)
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
        self.xml.write_event(Event::Start(BytesStart::new(name)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.xml.write_event(Event::End(BytesEnd::new(name)))
    }

    fn line(&mut self) -> io::Result<()> {
        self.xml.get_mut().write_all(b"\n")
    }
}

/// Whole seconds in UTC: what every reader of the message takes.
fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
