//! The bank's side: writes status reports and statements, as simulators and tests answer with them. A bank's own program does
//! this in production; what is written here is held to the same schemas as what is read.

use crate::{ControlSum, Direction, camt053, pain002};
use handsel_money::{Date, Money, Timestamp};
use quick_xml::escape::escape;
use std::io::{self, Write};

/// What a report says above its transfers.
#[derive(Clone, Debug)]
pub struct ReportOf<'a> {
    /// Which version: an index of [`pain002::NAMESPACES`].
    pub version: usize,
    /// The report's id.
    pub message_id: &'a str,
    /// When it is made.
    pub created_at: Timestamp,
    /// The order's id, which is its payment information's too.
    pub original_message_id: &'a str,
    /// How many transfers the order had.
    pub original_count: u64,
    /// What they came to.
    pub original_sum: ControlSum,
    /// Of the whole, if one holds for all.
    pub status: Option<&'a str>,
}

/// What a report says of one transfer.
#[derive(Clone, Debug)]
pub struct TransferStatus<'a> {
    /// Which.
    pub end_to_end_id: &'a str,
    /// Its status.
    pub status: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// The bank's reference.
    pub bank_reference: Option<&'a str>,
    /// What was to be paid.
    pub amount: Money,
}

/// Writes a report.
///
/// # Errors
/// Where it goes to takes no more.
pub fn write_report<'a>(
    mut out: impl Write,
    report: &ReportOf<'_>,
    transfers: impl IntoIterator<Item = TransferStatus<'a>>,
) -> io::Result<()> {
    let namespace = pain002::NAMESPACES.get(report.version).copied().unwrap_or_default();
    let (original, status) = (escape(report.original_message_id), element("GrpSts", report.status));
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{namespace}\"><CstmrPmtStsRpt>\n<GrpHdr><MsgId>{}</MsgId>\
         <CreDtTm>{}</CreDtTm></GrpHdr>\n<OrgnlGrpInfAndSts><OrgnlMsgId>{original}</OrgnlMsgId>\
         <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><OrgnlNbOfTxs>{}</OrgnlNbOfTxs><OrgnlCtrlSum>{}</OrgnlCtrlSum>{status}\
         </OrgnlGrpInfAndSts>\n<OrgnlPmtInfAndSts><OrgnlPmtInfId>{original}</OrgnlPmtInfId>",
        escape(report.message_id),
        report.created_at,
        report.original_count,
        report.original_sum,
    )?;
    for transfer in transfers {
        let reason = transfer.reason.map(|code| format!("<StsRsnInf><Rsn><Cd>{}</Cd></Rsn></StsRsnInf>", escape(code)));
        writeln!(
            out,
            "<TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId><TxSts>{}</TxSts>{}{}<OrgnlTxRef><Amt><InstdAmt Ccy=\"{}\">{}\
             </InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>",
            escape(transfer.end_to_end_id),
            escape(transfer.status),
            reason.unwrap_or_default(),
            element("AcctSvcrRef", transfer.bank_reference),
            transfer.amount.currency(),
            transfer.amount.to_major_string(),
        )?;
    }
    writeln!(out, "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>")
}

/// What a statement says above its entries.
#[derive(Clone, Debug)]
pub struct StatementOf<'a> {
    /// Which version: an index of [`camt053::NAMESPACES`].
    pub version: usize,
    /// The message's id, which is the statement's too.
    pub message_id: &'a str,
    /// When it is made.
    pub created_at: Timestamp,
    /// The account's number; an IBAN where `iban` says so.
    pub account: &'a str,
    /// Whether the account's number is an IBAN.
    pub iban: bool,
    /// The day of its balances and entries.
    pub day: Date,
    /// The booked balance before.
    pub opening: Money,
    /// The booked balance after.
    pub closing: Money,
}

/// One booked entry of one transaction.
#[derive(Clone, Debug)]
pub struct EntryOf<'a> {
    /// What the payer called it.
    pub end_to_end_id: &'a str,
    /// What moved.
    pub amount: Money,
    /// Which way.
    pub direction: Direction,
    /// The bank's reference.
    pub bank_reference: &'a str,
    /// Why it came back, where it did.
    pub returned: Option<&'a str>,
}

/// Writes a statement.
///
/// # Errors
/// Where it goes to takes no more.
pub fn write_statement<'a>(
    mut out: impl Write,
    statement: &StatementOf<'_>,
    entries: impl IntoIterator<Item = EntryOf<'a>>,
) -> io::Result<()> {
    let namespace = camt053::NAMESPACES.get(statement.version).copied().unwrap_or_default();
    let (id, day, account) = (escape(statement.message_id), statement.day, escape(statement.account));
    let created_at = statement.created_at;
    let account =
        if statement.iban { format!("<IBAN>{account}</IBAN>") } else { format!("<Othr><Id>{account}</Id></Othr>") };
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{namespace}\"><BkToCstmrStmt>\n<GrpHdr><MsgId>{id}</MsgId>\
         <CreDtTm>{created_at}</CreDtTm></GrpHdr>\n<Stmt><Id>{id}</Id><CreDtTm>{created_at}</CreDtTm><Acct><Id>{account}</Id>\
         </Acct>",
    )?;
    for (kind, balance) in [("OPBD", statement.opening), ("CLBD", statement.closing)] {
        let direction = if balance.is_negative() { "DBIT" } else { "CRDT" };
        let magnitude = balance.to_major_string();
        writeln!(
            out,
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"{}\">{}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
             <Dt><Dt>{day}</Dt></Dt></Bal>",
            balance.currency(),
            magnitude.trim_start_matches('-'),
        )?;
    }
    for entry in entries {
        write_entry(&mut out, statement, &entry)?;
    }
    writeln!(out, "</Stmt></BkToCstmrStmt></Document>")
}

fn write_entry(out: &mut impl Write, statement: &StatementOf<'_>, entry: &EntryOf<'_>) -> io::Result<()> {
    let direction = match entry.direction {
        Direction::Credit => "CRDT",
        Direction::Debit => "DBIT",
    };
    let (reference, day) = (escape(entry.bank_reference), statement.day);
    // The older version's status is a plain code, and its transactions have no direction of their own.
    let older = statement.version == 0;
    let status = if older { "BOOK" } else { "<Cd>BOOK</Cd>" };
    let (currency, amount) = (entry.amount.currency(), entry.amount.to_major_string());
    let own = match older {
        true => format!("<AmtDtls><TxAmt><Amt Ccy=\"{currency}\">{amount}</Amt></TxAmt></AmtDtls>"),
        false => format!("<Amt Ccy=\"{currency}\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>"),
    };
    let returned = entry.returned.map(|code| format!("<RtrInf><Rsn><Cd>{}</Cd></Rsn></RtrInf>", escape(code)));
    writeln!(
        out,
        "<Ntry><Amt Ccy=\"{currency}\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>{status}</Sts>\
         <BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>PAYMENT</Cd></Prtry></BkTxCd>\
         <NtryDtls><TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef><EndToEndId>{}</EndToEndId></Refs>{own}{}</TxDtls>\
         </NtryDtls></Ntry>",
        escape(entry.end_to_end_id),
        returned.unwrap_or_default(),
    )
}

fn element(name: &str, text: Option<&str>) -> String {
    text.map(|text| format!("<{name}>{}</{name}>", escape(text))).unwrap_or_default()
}
