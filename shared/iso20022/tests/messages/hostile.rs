//! Files that want to do harm, or that are simply not what they should be: each is refused, with its reason.

use crate::samples::{read_report, read_report_within, read_statement, report, statement};
use handsel_iso20022::{Limits, camt053, pain002};
use std::{fmt::Write, io::Read};

fn reason(text: impl AsRef<[u8]>) -> &'static str {
    match read_report(text.as_ref()) {
        Ok(_) => "taken",
        Err(error) => error.fault.reason(),
    }
}

#[test]
fn what_is_not_plain_elements_and_text() {
    let text = report(1);
    let with = |declaration: &str| text.replacen("<Document", &format!("{declaration}<Document"), 1);
    let mut bomb = String::from("<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\">");
    for (name, of) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
        write!(bomb, "<!ENTITY {name} \"{}\">", format!("&{of};").repeat(10)).unwrap();
    }
    bomb.push_str("]>");
    let cases = [
        (with(&bomb).replace("REPORT-1", "&h;"), "FILE_FORBIDDEN"),
        (with("<!DOCTYPE d SYSTEM \"file:///etc/passwd\">"), "FILE_FORBIDDEN"),
        (text.replace("REPORT-1", "&h;"), "FILE_FORBIDDEN"),
        (text.replace("REPORT-1", "&nbsp;"), "FILE_FORBIDDEN"),
        (with("<?xml-stylesheet href=\"http://example.org/x.xsl\"?>"), "FILE_FORBIDDEN"),
        (text.replace("REPORT-1", "&#1;"), "FILE_MALFORMED"),
        (text.replace("REPORT-1", "R\u{1}"), "FILE_MALFORMED"),
        (text.replace("REPORT-1", "R & D"), "FILE_MALFORMED"),
        (text.replace("</GrpHdr>", "</GrpHd>"), "FILE_MALFORMED"),
        (text.replace("</GrpHdr>", "stray</GrpHdr>"), "FILE_MALFORMED"),
        (text.replace("</Document>", ""), "FILE_MALFORMED"),
        (text.replace("</Document>", "</Document>more"), "FILE_MALFORMED"),
        (format!("{text}{}", &text[39..]), "FILE_MALFORMED"),
        (text.replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\""), "FILE_MALFORMED"),
        (text.replace("version=\"1.0\"", "version=\"1.1\""), "FILE_MALFORMED"),
        (String::new(), "FILE_MALFORMED"),
        ("not XML at all".into(), "FILE_MALFORMED"),
        ("<Document".into(), "FILE_MALFORMED"),
    ];
    for (text, expected) in cases {
        assert_eq!(reason(&text), expected, "{text} {:?}", read_report(text.as_bytes()).err());
    }
    let cut = text.find("REPORT-1").unwrap();
    assert_eq!(reason([&text.as_bytes()[..cut], b"\xff\xfe", &text.as_bytes()[cut..]].concat()), "FILE_MALFORMED");
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Every second byte is a zero, which no name has: it is refused as a name of no namespace.
    assert_eq!(reason(utf16), "FILE_NAMESPACE");
}

#[test]
fn what_is_plain_is_taken_however_it_is_written() {
    let text = report(1);
    assert_eq!(reason(format!("\u{feff}{text}")), "taken");
    assert_eq!(reason(text.replace("REPORT-1", "REPORT&#45;1&amp;2")), "taken");
    assert_eq!(reason(text.replace("REPORT-1", "<![CDATA[REPORT-1]]>")), "taken");
    assert_eq!(reason(text.replace("<GrpHdr>", "<!-- a remark --><GrpHdr>")), "taken");
    let namespace = pain002::NAMESPACES[1];
    let prefixed = text
        .replace("</", "</n:")
        .replace('<', "<n:")
        .replace("<n:/n:", "</n:")
        .replace("<n:?", "<?")
        .replace(&format!("xmlns=\"{namespace}\""), &format!("xmlns:n=\"{namespace}\""));
    assert_eq!(reason(prefixed), "taken");
    let supplement =
        "<SplmtryData><Envlp><x xmlns=\"urn:bank\">any <b/> thing</x></Envlp></SplmtryData></CstmrPmtStsRpt>";
    assert_eq!(reason(text.replace("</CstmrPmtStsRpt>", supplement)), "taken");
}

#[test]
fn another_message_or_version() {
    let text = report(1);
    let namespace = pain002::NAMESPACES[1];
    for other in ["urn:iso:std:iso:20022:tech:xsd:pain.002.001.99", camt053::NAMESPACES[1], "", "urn:evil"] {
        assert_eq!(reason(text.replace(namespace, other)), "FILE_NAMESPACE", "{other}");
    }
    assert_eq!(reason(text.replace("<TxSts>", "<TxSts xmlns=\"urn:evil\">")), "FILE_NAMESPACE");
    assert_eq!(reason(text.replace("CstmrPmtStsRpt", "FIToFIPmtStsRpt")), "FILE_FIELD");
    assert_eq!(read_statement(text.as_bytes()).unwrap_err().fault.reason(), "FILE_NAMESPACE");
    assert_eq!(reason(statement(1)), "FILE_NAMESPACE");
}

#[test]
fn more_than_is_read() {
    let text = report(1);
    let long = "x".repeat(100_000);
    assert_eq!(reason(text.replace("REPORT-1", &long)), "FILE_TOO_LARGE");
    assert_eq!(reason(text.replace("<GrpHdr>", &format!("<!--{long}--><GrpHdr>"))), "FILE_TOO_LARGE");
    assert_eq!(reason(text.replace("<GrpHdr>", &format!("<GrpHdr a=\"{long}\">"))), "FILE_TOO_LARGE");
    assert_eq!(reason(text.replace("REPORT-1", &"<![CDATA[xxxxxxxxxx]]>".repeat(10_000))), "FILE_TOO_LARGE");
    assert_eq!(reason(text.replace("REPORT-1", &"&#120;".repeat(50_000))), "FILE_TOO_LARGE");
    assert_eq!(reason(text.replace("<GrpHdr>", &"<GrpHdr>".repeat(100))), "FILE_TOO_LARGE");
    let few = Limits { entries: 2, ..Limits::default() };
    assert_eq!(read_report_within(text.as_bytes(), few).unwrap_err().fault.reason(), "FILE_TOO_LARGE");
    let small = Limits { file_bytes: 500, ..Limits::default() };
    assert_eq!(read_report_within(text.as_bytes(), small).unwrap_err().fault.reason(), "FILE_TOO_LARGE");
}

/// A source without end, which a file on a bank's share may as well be.
#[test]
fn a_file_without_end_is_left_after_its_limit() {
    let mut endless = std::io::BufReader::new(std::io::repeat(b' ').take(u64::MAX));
    let limits = Limits { file_bytes: 1_000_000, ..Limits::default() };
    let error = pain002::ReportReader::open(&mut endless, &crate::samples::zone(), limits).err().unwrap();
    assert_eq!(error.fault.reason(), "FILE_TOO_LARGE");
}
