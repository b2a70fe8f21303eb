//! The bytes of a statement: what is sealed, what is refused, what strangers read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says why")]

use expect_test::{Expect, expect};
use handsel_money::{Money, Timestamp};
use handsel_outbox::{
    Actor, Pseudonyms, Statement,
    statement::{Circumstances, GENESIS, Malformed, Sealed, body_digest, complete, parse, seal, statement_digest},
};
use serde_json::{Value, json};
use uuid::Uuid;

fn registered() -> Statement {
    Statement {
        kind: "referral.registered",
        time: Timestamp::from_micros(1_763_728_496_123_456),
        actor: Actor {
            subject: "teller-desk-3".to_owned(),
            person: Some("novakova".to_owned()),
            roles: vec!["branch.staff".to_owned(), "branch.manager".to_owned(), "branch.staff".to_owned()],
            branch: "0101".to_owned(),
        },
        subjects: vec!["referrals/0199".to_owned(), "customers/4711".to_owned()],
        action: "register",
        outcome: "success",
        reason: Some("WITHIN_LIMIT".to_owned()),
        correlation: "referrals/0199".to_owned(),
        amount: Some(Money::new("CZK".parse().unwrap(), 9_007_199_254_740_993)),
        policy: Some("programs/spring/versions/3".to_owned()),
        body: json!({ "note": "žluťoučký \u{1f40e} \u{e000}", "checks": [{ "name": "age", "passed": true }], "limit": 5 }),
    }
}

fn around() -> Circumstances {
    Circumstances {
        id: Uuid::from_u128(0x0199_abcd_0000_7000_8000_0000_0000_0001),
        source: "referral/audit".to_owned(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        salt: [9; 32],
    }
}

fn sealed(statement: Statement) -> Result<Sealed, Malformed> {
    seal(statement, &around(), &Pseudonyms::from_key(&[1; 32]))
}

fn bytes(statement: Statement) -> Vec<u8> {
    complete(&sealed(statement).unwrap().content, 2, 17, &[0xab; 32]).unwrap()
}

fn check(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(std::str::from_utf8(bytes).unwrap());
}

#[test]
fn the_bytes_are_these() {
    check(
        &bytes(registered()),
        &expect![[
            r#"{"action":"register","actor":{"branch":"0101","on_behalf_of":"s-72048ab177130f49a2c945630e1e4afd","roles":["branch.manager","branch.staff"],"staff":"s-0c1cd64ef4083d2ea178b2f2caa4ccb1"},"amount_minor":"9007199254740993","body":{"alg":"handsel/body/v1","digest":"38fcce37ed35928f74f255c87e811a2e4e35c9041f5c4296e6be38907ce6ea24"},"correlation":"referrals/0199","currency":"CZK","epoch":"2","id":"0199abcd-0000-7000-8000-000000000001","outcome":"success","pii":[],"policy":"programs/spring/versions/3","prev":"abababababababababababababababababababababababababababababababab","reason":"WITHIN_LIMIT","source":"referral/audit","source_seq":"17","subjects":["referrals/0199","customers/c-cf1caf86d993ba3123bace0d066ce3f3"],"time":"2025-11-21T12:34:56.123456Z","trace":"0af7651916cd43dd8448eb211c80319c","type":"referral.registered","v":"1"}"#
        ]],
    );
    check(
        &sealed(registered()).unwrap().body,
        &expect![[r#"{"checks":[{"name":"age","passed":true}],"limit":5,"note":"žluťoučký 🐎 "}"#]],
    );
}

#[test]
fn what_is_absent_is_left_out_or_empty_and_never_null() {
    let bare = Statement {
        actor: Actor::system("reward/due"),
        subjects: Vec::new(),
        reason: None,
        amount: None,
        policy: None,
        body: Value::Null,
        ..registered()
    };
    let Sealed { body, body_salt, .. } = sealed(bare.clone()).unwrap();
    assert!(body.is_empty() && body_salt.is_empty());
    check(
        &bytes(bare),
        &expect![[
            r#"{"action":"register","actor":{"branch":"","on_behalf_of":"","roles":[],"staff":"s-bf2ae6a9ee10ee6fdfdf2fb7999d8679"},"body":{"alg":"none","digest":""},"correlation":"referrals/0199","epoch":"2","id":"0199abcd-0000-7000-8000-000000000001","outcome":"success","pii":[],"policy":"","prev":"abababababababababababababababababababababababababababababababab","source":"referral/audit","source_seq":"17","subjects":[],"time":"2025-11-21T12:34:56.123456Z","trace":"0af7651916cd43dd8448eb211c80319c","type":"referral.registered","v":"1"}"#
        ]],
    );
}

#[test]
fn what_is_sealed_can_be_read_again() {
    let statement = registered();
    let Sealed { body, body_salt, .. } = sealed(statement.clone()).unwrap();
    let read = parse(&bytes(statement)).unwrap();
    assert_eq!((read.epoch, read.source_seq, read.prev), (2, 17, [0xab; 32]));
    assert_eq!(read.amount.unwrap().minor(), 9_007_199_254_740_993, "beyond 2^53, and exact");
    assert_eq!(read.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(read.time, registered().time);
    let salt: [u8; 32] = body_salt.try_into().unwrap();
    assert_eq!(read.body.unwrap().digest, body_digest(&salt, &body));
}

#[test]
fn nobody_is_named() {
    let text = String::from_utf8(bytes(registered())).unwrap();
    for name in ["teller-desk-3", "novakova", "4711"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn a_chain_is_made_of_digests() {
    let content = sealed(registered()).unwrap().content;
    let first = complete(&content, 1, 1, &GENESIS).unwrap();
    let second = complete(&content, 1, 2, &statement_digest(&first)).unwrap();
    assert_eq!(parse(&first).unwrap().prev, GENESIS);
    assert_eq!(parse(&second).unwrap().prev, statement_digest(&first));
}

/// Each row breaks one rule of a statement that is otherwise sound; the answer names it.
#[test]
fn what_cannot_be_sealed() {
    let long = |length: usize| "x".repeat(length);
    let rows: Vec<(Statement, Expect)> = vec![
        (Statement { kind: "registered", ..registered() }, expect!["type: lower-case words with dots between them"]),
        (
            Statement { kind: "Referral.Registered", ..registered() },
            expect!["type: lower-case words with dots between them"],
        ),
        (Statement { action: "", ..registered() }, expect!["action: not empty, at most 128 bytes"]),
        (Statement { outcome: "", ..registered() }, expect!["outcome: not empty, at most 128 bytes"]),
        (
            Statement { correlation: String::new(), ..registered() },
            expect!["correlation: not empty, at most 512 bytes"],
        ),
        (
            Statement { reason: Some("he said no".to_owned()), ..registered() },
            expect!["reason: a code, UPPER_SNAKE; prose belongs into the body"],
        ),
        (
            Statement { subjects: vec![String::new()], ..registered() },
            expect!["subjects: none empty or over 512 bytes"],
        ),
        (Statement { subjects: vec![long(513)], ..registered() }, expect!["subjects: none empty or over 512 bytes"]),
        (
            Statement { subjects: vec![long(500); 150], ..registered() },
            expect!["statement has 76155 bytes, at most 61338 are allowed"],
        ),
        (
            Statement { actor: Actor { subject: String::new(), ..registered().actor }, ..registered() },
            expect!["actor.subject: not empty"],
        ),
        (
            Statement { body: json!({ "share": 0.5 }), ..registered() },
            expect!["body: integers within 2^53 only; write others, and amounts, as decimal strings"],
        ),
        (
            Statement { body: json!({ "amount": 9_007_199_254_740_993_i64 }), ..registered() },
            expect!["body: integers within 2^53 only; write others, and amounts, as decimal strings"],
        ),
        (Statement { body: json!([{ "nothing": null }]), ..registered() }, expect!["body: no nulls"]),
        (
            Statement { body: json!(long(262_144)), ..registered() },
            expect!["body has 262146 bytes, at most 262144 are allowed"],
        ),
    ];
    for (statement, expected) in rows {
        expected.assert_eq(&sealed(statement).unwrap_err().to_string());
    }
}

/// Each row changes the bytes of a sound statement; the answer says what the log tells the producer.
#[test]
fn what_is_no_statement() {
    let sound = String::from_utf8(bytes(registered())).unwrap();
    let rows: Vec<(&str, &str, &str, Expect)> = vec![
        ("a space", "{\"action\"", "{ \"action\"", expect!["a space: not in canonical form (RFC 8785)"]),
        (
            "an escape that need not be",
            "register\"",
            "\\u0072egister\"",
            expect!["an escape that need not be: not in canonical form (RFC 8785)"],
        ),
        (
            "a field too many",
            "{\"action\"",
            "{\"aaa\":\"1\",\"action\"",
            expect![
                "a field too many: not a statement: unknown field `aaa`, expected one of `action`, `actor`, `amount_minor`, `body`, `correlation`, `currency`, `epoch`, `id`, `outcome`, `pii`, `policy`, `prev`, `reason`, `source`, `source_seq`, `subjects`, `time`, `trace`, `type`, `v` at line 1 column 6"
            ],
        ),
        (
            "a field twice",
            "{\"action\"",
            "{\"action\":\"register\",\"action\"",
            expect!["a field twice: not a statement: duplicate field `action` at line 1 column 29"],
        ),
        (
            "a field missing",
            "\"policy\":\"programs/spring/versions/3\",",
            "",
            expect!["a field missing: not a statement: missing field `policy` at line 1 column 798"],
        ),
        (
            "a null",
            "\"reason\":\"WITHIN_LIMIT\"",
            "\"reason\":null",
            expect!["a null: not in canonical form (RFC 8785)"],
        ),
        (
            "a number",
            "\"source_seq\":\"17\"",
            "\"source_seq\":17",
            expect!["a number: not a statement: invalid type: integer `17`, expected a string at line 1 column 639"],
        ),
        (
            "a leading zero",
            "\"source_seq\":\"17\"",
            "\"source_seq\":\"017\"",
            expect!["a leading zero: source_seq: a decimal integer from 1"],
        ),
        (
            "no place",
            "\"source_seq\":\"17\"",
            "\"source_seq\":\"0\"",
            expect!["no place: source_seq: a decimal integer from 1"],
        ),
        ("no epoch", "\"epoch\":\"2\"", "\"epoch\":\"\"", expect!["no epoch: epoch: a decimal integer from 1"]),
        ("another version", "\"v\":\"1\"", "\"v\":\"2\"", expect!["another version: v: must be 1"]),
        (
            "a short digest",
            "\"prev\":\"abab",
            "\"prev\":\"ab",
            expect!["a short digest: prev: 64 lower-case hex digits"],
        ),
        (
            "capital digits",
            "\"prev\":\"abab",
            "\"prev\":\"ABAB",
            expect!["capital digits: prev: 64 lower-case hex digits"],
        ),
        (
            "a time without microseconds",
            ".123456Z",
            "Z",
            expect!["a time without microseconds: time: YYYY-MM-DDTHH:MM:SS.ffffffZ"],
        ),
        (
            "a currency that is none",
            "\"CZK\"",
            "\"CZX\"",
            expect!["a currency that is none: currency: an ISO 4217 code"],
        ),
        (
            "an amount without currency",
            "\"currency\":\"CZK\",",
            "",
            expect!["an amount without currency: currency: beside amount_minor, never alone"],
        ),
        (
            "an unknown digest",
            "handsel/body/v1",
            "md5",
            expect!["an unknown digest: body: handsel/body/v1 with 64 hex digits, or none with no digest"],
        ),
        (
            "a brace missing",
            "}",
            "",
            expect![
                "a brace missing: not a statement: unknown field `amount_minor`, expected one of `branch`, `on_behalf_of`, `roles`, `staff` at line 1 column 199"
            ],
        ),
    ];
    for (situation, from, to, expected) in rows {
        assert!(sound.contains(from), "{situation}");
        let refused = parse(sound.replacen(from, to, 1).as_bytes()).unwrap_err();
        expected.assert_eq(&format!("{situation}: {refused}"));
    }
}
