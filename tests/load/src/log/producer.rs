//! A source of the log: statements as wide as those of a granted reward, each chained to the one before, as a service's relay sends
//! them.

use anyhow::Result;
use handsel_money::{Money, Timestamp};
use handsel_outbox::{
    Actor, Pseudonyms, Statement,
    statement::{Circumstances, GENESIS, complete, seal, statement_digest},
};
use handsel_proto::handsel::{
    audit::v1::{AppendRequest, SealedStatement},
    relay::v1::Origin,
};
use serde_json::json;
use uuid::Uuid;

/// The lease that it sends under: nobody takes over from it.
const EPOCH: i64 = 1;
/// Its pseudonyms are nobody's: one key is as good as another.
const PSEUDONYMS: [u8; 32] = [9; 32];
/// A W3C trace context, as every call has one.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A source, and what it has said so far.
pub(super) struct Producer {
    source: &'static str,
    pseudonyms: Pseudonyms,
    time: Timestamp,
    sequence: i64,
    prev: [u8; 32],
}

impl Producer {
    /// One that has said nothing yet, and says that everything happens now.
    pub(super) fn new(source: &'static str, now: Timestamp) -> Self {
        let pseudonyms = Pseudonyms::from_key(&PSEUDONYMS);
        Self { source, pseudonyms, time: now, sequence: 0, prev: GENESIS }
    }

    /// Its next statements, as one call.
    ///
    /// # Errors
    /// A statement that cannot be sealed.
    pub(super) fn run(&mut self, length: usize) -> Result<AppendRequest> {
        let statements = (0..length).map(|_| self.statement()).collect::<Result<_>>()?;
        Ok(AppendRequest { origin: Some(Origin { source: self.source.to_owned(), epoch: EPOCH }), statements })
    }

    fn statement(&mut self) -> Result<SealedStatement> {
        self.sequence += 1;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {}", self.source, self.sequence).as_bytes());
        let statement = Statement {
            kind: "reward.granted",
            time: self.time,
            actor: Actor::system("referral/relay"),
            subjects: vec![format!("rewards/{id}"), format!("referrals/{id}"), format!("customers/{}", self.sequence)],
            action: "grant",
            outcome: "success",
            reason: None,
            correlation: format!("referrals/{id}"),
            amount: Some(Money::new("CZK".parse()?, 20_000)),
            policy: Some("plans/friends/versions/1".to_owned()),
            body: json!({ "role": "REFERRER", "tier": "GENERAL", "net_minor": "17000", "tax_minor": "3000" }),
        };
        let around = Circumstances { id, source: self.source.to_owned(), traceparent: TRACE.to_owned(), salt: [4; 32] };
        let sealed = seal(statement, &around, &self.pseudonyms)?;
        let statement = complete(&sealed.content, EPOCH, self.sequence, &self.prev)?;
        self.prev = statement_digest(&statement);
        Ok(SealedStatement { sequence: self.sequence, statement, body: sealed.body, body_salt: sealed.body_salt })
    }
}
