//! Status reports: what a bank says of an order.

use crate::samples::{money, read_report, report, zone};
use handsel_iso20022::{
    Limits, StatusMeaning,
    pain002::{ReportItem, ReportReader},
};

#[test]
fn each_transfer_with_its_status_in_both_versions() {
    for version in [0, 1] {
        let text = report(version);
        let mut reader = ReportReader::open(text.as_bytes(), &zone(), Limits::default()).unwrap();
        assert_eq!(reader.head().original_message_id, "HANDSEL-1");
        assert_eq!(reader.head().status.as_ref().unwrap().meaning(), StatusMeaning::Each);
        let Some(ReportItem::Batch(batch)) = reader.next().unwrap() else { panic!("no batch") };
        assert_eq!((batch.payment_information_id.as_str(), batch.status), ("HANDSEL-1", None));
        let mut said = Vec::new();
        while let Some(item) = reader.next().unwrap() {
            let ReportItem::Transfer(one) = item else { panic!("a second batch") };
            assert_eq!(one.amount, Some(money("10.20 EUR")));
            said.push((one.end_to_end_id.unwrap(), one.status.unwrap().meaning(), one.reason, one.bank_reference));
        }
        let is = |id: &str, meaning, reason: Option<&str>, reference: Option<&str>| {
            (id.to_owned(), meaning, reason.map(str::to_owned), reference.map(str::to_owned))
        };
        assert_eq!(
            said,
            [
                is("a1", StatusMeaning::Settled, None, Some("CB-1")),
                is("a2", StatusMeaning::Rejected, Some("AC04"), None),
                is("a3", StatusMeaning::Accepted, None, None),
            ]
        );
        assert!(reader.lists("a2") && !reader.lists("a4"));
    }
}

#[test]
fn a_report_of_the_whole_lists_nothing() {
    let (start, end) = ("<OrgnlPmtInfAndSts>", "</OrgnlPmtInfAndSts>");
    let text = report(1);
    let whole =
        format!("{}{}", text.split_once(start).unwrap().0.replace("PART", "RJCT"), text.split_once(end).unwrap().1);
    assert_eq!(read_report(whole.as_bytes()), Ok(Vec::new()));
    let head = ReportReader::open(whole.as_bytes(), &zone(), Limits::default()).unwrap();
    assert_eq!(head.head().status.as_ref().unwrap().code(), "RJCT");
    // A payment information that lists nothing is told all the same.
    let batch = format!(
        "{}{start}<OrgnlPmtInfId>X</OrgnlPmtInfId><PmtInfSts>ACCP</PmtInfSts>{end}{}",
        text.split_once(start).unwrap().0,
        text.split_once(end).unwrap().1
    );
    assert!(matches!(read_report(batch.as_bytes()).unwrap().as_slice(),
        [ReportItem::Batch(one)] if one.status.as_ref().unwrap().code() == "ACCP"));
}

#[test]
fn an_instant_without_an_offset_is_the_banks() {
    let local = report(0).replace("2026-03-02T08:30:00.000000Z", "2026-03-02T09:30:00");
    let reader = ReportReader::open(local.as_bytes(), &zone(), Limits::default()).unwrap();
    assert_eq!(reader.head().created_at, crate::samples::at());
}

#[test]
fn reports_that_contradict_themselves_are_refused() {
    let text = report(1);
    let per_status = |count| {
        format!(
            "<NbOfTxsPerSts><DtldNbOfTxs>{count}</DtldNbOfTxs><DtldSts>RJCT</DtldSts></NbOfTxsPerSts></OrgnlGrpInfAndSts>"
        )
    };
    let cases = [
        (text.replace(">a2<", ">a1<"), "FILE_DUPLICATE_ID"),
        (text.replace("<OrgnlNbOfTxs>3", "<OrgnlNbOfTxs>2"), "FILE_TOTALS"),
        (text.replace("</OrgnlGrpInfAndSts>", &per_status(2)), "FILE_TOTALS"),
        (text.replace("<OrgnlMsgId>HANDSEL-1</OrgnlMsgId>", ""), "FILE_FIELD"),
        (text.replace("<MsgId>REPORT-1</MsgId>", "<MsgId>REPORT-1</MsgId><MsgId>REPORT-2</MsgId>"), "FILE_FIELD"),
        (text.replace("10.20", "10.205"), "FILE_FIELD"),
        (text.replace("Ccy=\"EUR\"", "Ccy=\"XXX\""), "FILE_FIELD"),
        (text.replace("Ccy=\"EUR\"", ""), "FILE_FIELD"),
        (text.replace("10.20", "-10.20"), "FILE_FIELD"),
        (text.replace("<TxSts>RJCT", "<TxSts>rejected"), "FILE_FIELD"),
        (text.replace("2026-03-02T08:30:00.000000Z", "2026-02-30T08:30:00Z"), "FILE_FIELD"),
        (text.replace("<OrgnlPmtInfId>HANDSEL-1</OrgnlPmtInfId>", ""), "FILE_FIELD"),
    ];
    for (text, reason) in cases {
        assert_eq!(read_report(text.as_bytes()).map_err(|error| error.fault.reason()), Err(reason), "{text}");
    }
    assert!(read_report(text.replace("</OrgnlGrpInfAndSts>", &per_status(1)).as_bytes()).is_ok());
}

#[test]
fn an_error_says_where_and_what_would_be_right() {
    let error = read_report(report(1).replace("10.20", "10.205").as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 6, OrgnlPmtInfAndSts/TxInfAndSts/OrgnlTxRef/Amt/InstdAmt: \"10.205\": the amount is finer than the 2 decimals of EUR"
    );
}
