//! Statements: what a bank booked.

use crate::samples::{money, read_statement, statement};
use handsel_iso20022::{Booking, Direction};

#[test]
fn each_transaction_in_both_versions() {
    for version in [0, 1] {
        let booked = read_statement(statement(version).as_bytes()).unwrap();
        let short: Vec<_> = booked
            .iter()
            .map(|one| {
                (
                    one.entry,
                    one.end_to_end_id.as_deref().unwrap(),
                    one.direction,
                    one.bank_reference.as_deref().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                (1, "a1", Direction::Debit, "CB-1"),
                (2, "a2", Direction::Debit, "CB-2"),
                (3, "a2", Direction::Credit, "CB-3")
            ]
        );
        assert!(booked.iter().all(|one| one.amount == Some(money("10.20 EUR")) && one.booking == Booking::Booked));
        assert_eq!(booked[2].returned.as_deref(), Some("AC04"));
        assert_eq!(booked[0].statement.account, crate::samples::DEBTOR);
        assert_eq!(booked[0].booked_on.unwrap().to_string(), "2026-03-02");
    }
}

/// One entry for a batch, broken down or not.
fn batched(batch: &str, details: &str) -> String {
    let text = statement(1);
    let (head, rest) = text.split_once("<Ntry>").unwrap();
    let (_, tail) = rest.rsplit_once("</Ntry>").unwrap();
    let head = head.replace(">89.80<", ">79.60<");
    format!(
        "{head}<Ntry><Amt Ccy=\"EUR\">20.40</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>B-1</AcctSvcrRef>\
         <BkTxCd/><NtryDtls>{batch}{details}</NtryDtls></Ntry>{tail}"
    )
}

fn detail(id: &str, amount: &str) -> String {
    format!("<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs>{amount}</TxDtls>")
}

#[test]
fn a_batch_is_broken_down_only_where_the_bank_does() {
    const AMOUNT: &str = "<Amt Ccy=\"EUR\">10.20</Amt>";
    let batch = "<Btch><PmtInfId>HANDSEL-1</PmtInfId><NbOfTxs>2</NbOfTxs><TtlAmt Ccy=\"EUR\">20.40</TtlAmt></Btch>";
    let both = detail("a1", AMOUNT) + &detail("a2", AMOUNT);
    let booked = read_statement(batched(batch, &both).as_bytes()).unwrap();
    assert_eq!(booked.len(), 2);
    assert_eq!(booked[1].amount, Some(money("10.20 EUR")));
    assert_eq!(booked[1].bank_reference.as_deref(), Some("B-1"));
    // Of two that do not say what moved, neither moved the entry's amount.
    let silent = read_statement(batched(batch, &(detail("a1", "") + &detail("a2", ""))).as_bytes()).unwrap();
    assert_eq!(silent.iter().map(|one| one.amount).collect::<Vec<_>>(), [None, None]);
    // The entry's only one did.
    let single = read_statement(batched("", &detail("a1", "")).as_bytes()).unwrap();
    assert_eq!(single[0].amount, Some(money("20.40 EUR")));
    let whole = read_statement(batched(batch, "").as_bytes()).unwrap();
    assert_eq!((whole[0].end_to_end_id.as_deref(), whole[0].unlisted), (None, Some(2)));
    let unnamed = read_statement(batched("", &detail("NOTPROVIDED", AMOUNT)).as_bytes()).unwrap();
    assert_eq!(unnamed[0].end_to_end_id, None);

    let count = batch.replace("<NbOfTxs>2", "<NbOfTxs>3");
    let sum = batch.replace("20.40", "20.50");
    for wrong in [batched(&count, &both), batched(&sum, &both)] {
        assert_eq!(read_statement(wrong.as_bytes()).unwrap_err().fault.reason(), "FILE_TOTALS");
    }
    let twice = detail("a1", AMOUNT) + &detail("a1", AMOUNT);
    assert_eq!(read_statement(batched("", &twice).as_bytes()).unwrap_err().fault.reason(), "FILE_DUPLICATE_ID");
}

#[test]
fn totals_and_balances_are_borne_out_unless_it_is_one_page_of_several() {
    let summary = |count, sum| {
        format!(
            "<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries><Sum>{sum}</Sum></TtlNtries>\
                 <TtlDbtNtries><NbOfNtries>2</NbOfNtries><Sum>20.4</Sum></TtlDbtNtries></TxsSummry><Ntry>"
        )
    };
    let with = |summary: &str| statement(1).replacen("<Ntry>", summary, 1);
    assert!(read_statement(with(&summary(3, "30.60")).as_bytes()).is_ok());
    let closing = statement(1).replace(">89.80<", ">89.90<");
    for wrong in [with(&summary(4, "30.60")), with(&summary(3, "30.61")), closing.clone()] {
        assert_eq!(read_statement(wrong.as_bytes()).unwrap_err().fault.reason(), "FILE_TOTALS");
    }
    let page = "<MsgPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></MsgPgntn></GrpHdr>";
    assert!(read_statement(closing.replace("</GrpHdr>", page).as_bytes()).is_ok());
}

#[test]
fn statements_that_do_not_say_what_they_must_are_refused() {
    let text = statement(1);
    let cases = [
        text.replace("<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "<Sts>"),
        text.replace("<Sts><Cd>BOOK</Cd></Sts>", ""),
        text.replace("<CdtDbtInd>DBIT", "<CdtDbtInd>OUT"),
        text.replace(&format!("<IBAN>{}</IBAN>", crate::samples::DEBTOR), ""),
        text.replace("<BookgDt><Dt>2026-03-02", "<BookgDt><Dt>2026-02-29"),
        text.replace("<Stmt><Id>STATEMENT-1</Id>", "<Stmt>"),
    ];
    for text in cases {
        assert_eq!(read_statement(text.as_bytes()).unwrap_err().fault.reason(), "FILE_FIELD", "{text}");
    }
}
