//! A source of statements that hands them in by itself, as a service's relay does: in order, each with the digest of the one before,
//! and in the same bytes however often.

use crate::dice::Dice;
use handsel_money::Timestamp;
use handsel_outbox::statement::{Circumstances, GENESIS, complete, seal, statement_digest};
use handsel_outbox::{Actor, Pseudonyms, Statement};
use handsel_proto::handsel::audit::v1::{AppendRequest, SealedStatement};
use handsel_proto::handsel::relay::v1::Origin;
use serde_json::json;
use uuid::Uuid;

/// When the first statement says that it happened; each later one a microsecond after it.
const FIRST_MICROS: i64 = 1_767_603_600_000_000;
/// Its lease: nobody takes over from it.
const EPOCH: i64 = 1;

/// A source, and what it has come to.
#[derive(Debug)]
pub struct Chain {
    source: String,
    pseudonyms: Pseudonyms,
    sequence: i64,
    prev: [u8; 32],
}

impl Chain {
    /// A source that has said nothing.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let pseudonyms = Pseudonyms::from_key(&[9; 32]);
        Self { source: source.to_owned(), pseudonyms, sequence: 0, prev: GENESIS }
    }

    /// Its name.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The next run of statements, of a length from 1 to `most`.
    pub fn next(&mut self, dice: &mut Dice, most: u64) -> AppendRequest {
        let statements = (0..=dice.below(most)).map(|_| self.statement()).collect();
        AppendRequest { origin: Some(Origin { source: self.source.clone(), epoch: EPOCH }), statements }
    }

    fn statement(&mut self) -> SealedStatement {
        self.sequence += 1;
        let name = format!("referrals/{}-{}", self.source.replace('/', "-"), self.sequence);
        let statement = Statement {
            kind: "referral.registered",
            time: Timestamp::from_micros(FIRST_MICROS + self.sequence),
            actor: Actor::system("log/onlooker"),
            subjects: vec![name.clone()],
            action: "register",
            outcome: "success",
            reason: None,
            correlation: name.clone(),
            amount: None,
            policy: None,
            body: json!({ "number": self.sequence.to_string() }),
        };
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let around = Circumstances { id, source: self.source.clone(), traceparent: String::new(), salt: [4; 32] };
        let sealed = seal(statement, &around, &self.pseudonyms).expect("a statement");
        let statement = complete(&sealed.content, EPOCH, self.sequence, &self.prev).expect("it has its place");
        self.prev = statement_digest(&statement);
        SealedStatement { sequence: self.sequence, statement, body: sealed.body, body_salt: sealed.body_salt }
    }
}
