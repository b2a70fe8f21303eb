//! Writes statements: sealed in the producer's transaction, completed when the relay gives them their place.

use super::{
    Actor, Statement,
    digest::body_digest,
    personal::personal_fields,
    rules::{self, MAX_BODY_BYTES, MAX_STATEMENT_BYTES, Malformed},
    wire::{BODY_NONE, BODY_SHA256, VERSION, Wire, WireActor, WireBody, WirePii},
};
use crate::Pseudonyms;
use uuid::Uuid;

/// What `epoch`, `source_seq` and `prev` may add to a sealed statement: two integers and a digest.
const ROOM_FOR_PLACE: usize = 19 + 19 + 64;

/// What surrounds a statement when it is sealed.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The statement's id, unique for ever.
    pub id: Uuid,
    /// The sending outbox, `<service>/audit`.
    pub source: String,
    /// The W3C trace context of what caused it; may be empty.
    pub traceparent: String,
    /// The salt of the body's digest.
    pub salt: [u8; 32],
}

/// A statement that only waits for its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Canonical JSON with `epoch`, `source_seq` and `prev` empty.
    pub content: Vec<u8>,
    /// The body, canonical JSON; empty if there is none.
    pub body: Vec<u8>,
    /// The salt in the body's digest, 32 bytes; empty if there is no body.
    pub body_salt: Vec<u8>,
}

/// Seals a statement: names become pseudonyms, the body gets its digest, everything but the place is fixed.
///
/// # Errors
/// [`Malformed`]: what is empty, too long or cannot be written canonically.
pub fn seal(statement: Statement, around: &Circumstances, pseudonyms: &Pseudonyms) -> Result<Sealed, Malformed> {
    let Statement { kind, time, actor, subjects, action, outcome, reason, correlation, amount, policy, body } =
        statement;
    rules::require(!actor.subject.is_empty(), "actor.subject", "not empty")?;
    let pii = personal_fields(&body)?.into_iter().map(|field| WirePii { c: field.c }).collect();
    let body = body_bytes(&body)?;
    let wire = Wire {
        v: VERSION.to_owned(),
        kind: kind.to_owned(),
        id: around.id.to_string(),
        source: around.source.clone(),
        epoch: String::new(),
        source_seq: String::new(),
        prev: String::new(),
        time: time.to_string(),
        actor: sealed_actor(actor, pseudonyms),
        subjects: subjects.iter().map(|name| pseudonyms.name(name)).collect(),
        action: action.to_owned(),
        outcome: outcome.to_owned(),
        reason,
        correlation: pseudonyms.name(&correlation),
        trace: trace_id(&around.traceparent),
        amount_minor: amount.map(|money| money.minor().to_string()),
        currency: amount.map(|money| money.currency().code().to_owned()),
        policy: policy.unwrap_or_default(),
        body: commitment(&body, &around.salt),
        pii,
    };
    rules::check(&wire)?;
    let content = canonical(&wire)?;
    within("statement", content.len(), MAX_STATEMENT_BYTES - ROOM_FOR_PLACE)?;
    let body_salt = if body.is_empty() { Vec::new() } else { around.salt.to_vec() };
    Ok(Sealed { content, body, body_salt })
}

/// Gives a sealed statement its place in the source's chain; the answer is what is sent, and never changes again.
///
/// # Errors
/// [`Malformed`] if `content` did not come from [`seal`].
pub fn complete(content: &[u8], epoch: i64, sequence: i64, prev: &[u8; 32]) -> Result<Vec<u8>, Malformed> {
    let mut wire: Wire = serde_json::from_slice(content).map_err(|error| Malformed::Layout(error.to_string()))?;
    wire.epoch = epoch.to_string();
    wire.source_seq = sequence.to_string();
    wire.prev = hex::encode(prev);
    canonical(&wire)
}

/// RFC 8785: the fields of [`Wire`] stand in the order of their keys, and there are no numbers.
pub(super) fn canonical(wire: &Wire) -> Result<Vec<u8>, Malformed> {
    serde_json::to_vec(wire).map_err(|error| Malformed::Layout(error.to_string()))
}

pub(super) fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), Malformed> {
    if bytes <= limit { Ok(()) } else { Err(Malformed::TooLong { what, bytes, limit }) }
}

fn body_bytes(body: &serde_json::Value) -> Result<Vec<u8>, Malformed> {
    if body.is_null() {
        return Ok(Vec::new());
    }
    rules::body(body)?;
    let bytes = serde_json_canonicalizer::to_vec(body).map_err(|error| Malformed::Layout(error.to_string()))?;
    within("body", bytes.len(), MAX_BODY_BYTES)?;
    Ok(bytes)
}

fn commitment(body: &[u8], salt: &[u8; 32]) -> WireBody {
    if body.is_empty() {
        return WireBody { alg: BODY_NONE.to_owned(), digest: String::new() };
    }
    WireBody { alg: BODY_SHA256.to_owned(), digest: hex::encode(body_digest(salt, body)) }
}

fn sealed_actor(actor: Actor, pseudonyms: &Pseudonyms) -> WireActor {
    let Actor { subject, person, mut roles, branch } = actor;
    roles.sort();
    roles.dedup();
    let on_behalf_of = person.filter(|person| *person != subject && !person.is_empty());
    WireActor {
        staff: pseudonyms.staff(&subject),
        roles,
        branch,
        on_behalf_of: on_behalf_of.map(|person| pseudonyms.staff(&person)).unwrap_or_default(),
    }
}

/// The trace id of a `traceparent` (W3C Trace Context §3.2: version-trace-parent-flags), or nothing.
fn trace_id(traceparent: &str) -> String {
    let id = traceparent.split('-').nth(1).unwrap_or_default();
    if rules::hex(id, 32) { id.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement with this text in every field.
    fn saying(text: &str) -> Wire {
        let text = || text.to_owned();
        Wire {
            action: text(),
            actor: WireActor { branch: text(), on_behalf_of: text(), roles: vec![text(), text()], staff: text() },
            amount_minor: Some(text()),
            body: WireBody { alg: text(), digest: text() },
            correlation: text(),
            currency: Some(text()),
            epoch: text(),
            id: text(),
            outcome: text(),
            pii: vec![WirePii { c: text() }],
            policy: text(),
            prev: text(),
            reason: Some(text()),
            source: text(),
            source_seq: text(),
            subjects: vec![text()],
            time: text(),
            trace: text(),
            kind: text(),
            v: text(),
        }
    }

    #[test]
    fn what_is_written_is_canonical() {
        let every_short_one = (0..0x3000).filter_map(char::from_u32).collect::<String>();
        for text in
            ["", "plain", "\u{7f}\u{2028}\u{2029}\u{e000}\u{ffff}\u{1f40e}\u{10ffff}", "\"\\/", &every_short_one]
        {
            let whole = saying(text);
            let few = Wire {
                amount_minor: None,
                currency: None,
                reason: None,
                pii: Vec::new(),
                subjects: Vec::new(),
                ..whole.clone()
            };
            for wire in [whole, few] {
                assert_eq!(canonical(&wire).unwrap(), serde_json_canonicalizer::to_vec(&wire).unwrap());
            }
        }
    }
}
