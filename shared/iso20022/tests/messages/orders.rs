//! Orders to pay: what is written, and what is refused while it is.

use crate::samples::{header, order, transfer};
use expect_test::expect;
use handsel_iso20022::{
    ControlSum, Fault, FieldError, Limits, OrderReader,
    pain001::{OrderWriter, WriteError},
};

#[test]
fn an_order_of_one_transfer() {
    let text = String::from_utf8(order(1, "CZK")).unwrap();
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
        <GrpHdr><MsgId>HANDSEL-BANKCZPP-0000000001</MsgId><CreDtTm>2026-03-02T08:30:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>0.08</CtrlSum><InitgPty><Nm>Banka &amp; synové</Nm></InitgPty></GrpHdr>
        <PmtInf><PmtInfId>HANDSEL-BANKCZPP-0000000001</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>0.08</CtrlSum><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf><ReqdExctnDt><Dt>2026-03-02</Dt></ReqdExctnDt><Dbtr><Nm>Banka &amp; synové</Nm></Dbtr><DbtrAcct><Id><IBAN>CZ6508000000192000145399</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>GIBACZPX</BICFI></FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>
        <CdtTrfTxInf><PmtId><EndToEndId>00000000000000000000000000000000001</EndToEndId></PmtId><Amt><InstdAmt Ccy="CZK">0.08</InstdAmt></Amt><Cdtr><Nm>Jana &lt;Nováková&gt;</Nm></Cdtr><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct><RmtInf><Ustrd>Odměna 2026/03 &quot;friends&quot;</Ustrd></RmtInf></CdtTrfTxInf>
        </PmtInf>
        </CstmrCdtTrfInitn></Document>
    "#]]
    .assert_eq(&text);
}

#[test]
fn the_same_order_is_the_same_bytes_and_reads_back_whole() {
    for currency in ["EUR", "JPY", "KWD"] {
        let text = order(25, currency);
        assert_eq!(text, order(25, currency));
        let mut reader = OrderReader::open(text.as_slice(), Limits::default()).unwrap();
        let (mut count, mut sum) = (0, ControlSum::ZERO);
        while let Some(one) = reader.next().unwrap() {
            count += 1;
            sum = sum.plus(one.amount);
        }
        assert_eq!((count, sum), (reader.head().count, reader.head().sum));
        assert_eq!(reader.payment_information_id(), Some("HANDSEL-BANKCZPP-0000000001"));
    }
}

#[test]
fn what_does_not_belong_is_refused_and_ends_the_file() {
    let euro = "EUR".parse().unwrap();
    let two = || OrderWriter::begin(Vec::new(), &header(euro, 2, ControlSum::parse("0.23").unwrap())).unwrap();
    let wrong = |error: WriteError| match error {
        WriteError::Transfer { wrong, .. } => wrong,
        other => panic!("{other}"),
    };
    let mut writer = two();
    let other = transfer(1, "USD".parse().unwrap());
    assert_eq!(wrong(writer.write(&other).unwrap_err()), FieldError::OtherCurrency(euro));
    let mut nothing = transfer(1, euro);
    nothing.amount = handsel_money::Money::zero(euro);
    assert_eq!(wrong(writer.write(&nothing).unwrap_err()), FieldError::AmountToPay);
    nothing.amount = handsel_money::Money::new(euro, i64::MAX);
    assert_eq!(wrong(writer.write(&nothing).unwrap_err()), FieldError::AmountToPay);

    let mut writer = two();
    writer.write(&transfer(1, euro)).unwrap();
    assert!(matches!(writer.write(&transfer(1, euro)), Err(WriteError::Twice(_))));
    let mut writer = two();
    writer.write(&transfer(1, euro)).unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Totals { written: 1, .. })));
    let mut writer = two();
    writer.write(&transfer(1, euro)).unwrap();
    writer.write(&transfer(3, euro)).unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Totals { written: 2, .. })));
    assert!(matches!(OrderWriter::begin(Vec::new(), &header(euro, 0, ControlSum::ZERO)), Err(WriteError::Header)));
}

#[test]
fn a_count_a_sum_or_an_id_that_is_wrong_is_found_when_it_is_read() {
    let text = String::from_utf8(order(3, "EUR")).unwrap();
    let read = |text: String| {
        let mut reader = OrderReader::open(text.as_bytes(), Limits::default()).unwrap();
        loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(error.fault.reason()),
            }
        }
    };
    assert_eq!(read(text.clone()), None);
    assert_eq!(read(text.replace("<NbOfTxs>3", "<NbOfTxs>4")), Some("FILE_TOTALS"));
    assert_eq!(read(text.replace("<CtrlSum>0.45", "<CtrlSum>0.46")), Some("FILE_TOTALS"));
    assert_eq!(read(text.replace("0000002<", "0000001<")), Some("FILE_DUPLICATE_ID"));
    assert_eq!(read(text.replace("0.08<", "0.081<")), Some("FILE_FIELD"));
    assert_eq!(Fault::Missing("x").reason(), "FILE_FIELD");
}
