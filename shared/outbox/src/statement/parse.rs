//! Reads statements: what the log takes in, and what an officer's program makes of a leaf.

use super::{
    rules::{self, MAX_STATEMENT_BYTES, Malformed, require},
    seal::{canonical, within},
    wire::{BODY_NONE, Wire},
};
use handsel_money::{Currency, Money, Timestamp};
use uuid::Uuid;

/// A statement as its bytes tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedStatement {
    /// What kind of fact, e.g. `referral.registered` (`type`).
    pub kind: String,
    /// Unique for ever.
    pub id: Uuid,
    /// The sending outbox, `<service>/audit`.
    pub source: String,
    /// The lease under which it got its place.
    pub epoch: i64,
    /// Its place within its source, from 1, without gaps.
    pub source_seq: i64,
    /// SHA-256 of the source's statement before it; zeros for the first.
    pub prev: [u8; 32],
    /// When it happened, as the producer claims.
    pub time: Timestamp,
    /// Who did it.
    pub actor: ParsedActor,
    /// Resource names; people and customers as pseudonyms.
    pub subjects: Vec<String>,
    /// What was asked for.
    pub action: String,
    /// What became of it.
    pub outcome: String,
    /// Why, as a code.
    pub reason: Option<String>,
    /// What ties the statements of one story together.
    pub correlation: String,
    /// W3C trace id, 32 hex digits; may be empty.
    pub trace: String,
    /// The money that moved or was decided on.
    pub amount: Option<Money>,
    /// The version of the policy that it was decided by; may be empty.
    pub policy: String,
    /// The commitment to the body, if there is one.
    pub body: Option<ParsedBody>,
    /// Commitments to fields of personal data.
    pub pii: Vec<[u8; 32]>,
}

/// Who did something, by pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedActor {
    /// The token's subject.
    pub staff: String,
    /// The roles that the call was made with, sorted.
    pub roles: Vec<String>,
    /// The branch code, `*` for the whole bank, empty for none.
    pub branch: String,
    /// The human for whom a system called; empty where the subject is that human, or there is none.
    pub on_behalf_of: String,
}

/// The commitment to a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedBody {
    /// SHA-256(`"handsel/body/v1"` 0x00 salt body).
    pub digest: [u8; 32],
}

/// Reads a statement's bytes and holds them to every rule, so that whatever is appended can be read by strangers.
///
/// # Errors
/// [`Malformed`]: the first rule broken, in a fixed order: length, layout, canonical form, fields, place.
pub fn parse(bytes: &[u8]) -> Result<ParsedStatement, Malformed> {
    within("statement", bytes.len(), MAX_STATEMENT_BYTES)?;
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| Malformed::Layout(error.to_string()))?;
    // Canonical again must be the same bytes: this also refuses nulls and spaces, which serde reads over.
    if canonical(&wire)? != bytes {
        return Err(Malformed::NotCanonical);
    }
    rules::check(&wire)?;
    typed(wire)
}

/// Everything in its own type; the rules have been checked, so what fails here is a number out of range.
fn typed(wire: Wire) -> Result<ParsedStatement, Malformed> {
    let actor = ParsedActor {
        staff: wire.actor.staff,
        roles: wire.actor.roles,
        branch: wire.actor.branch,
        on_behalf_of: wire.actor.on_behalf_of,
    };
    let body = match wire.body.alg.as_str() {
        BODY_NONE => None,
        _ => Some(ParsedBody { digest: digest(&wire.body.digest, "body")? }),
    };
    Ok(ParsedStatement {
        kind: wire.kind,
        id: wire.id.parse().map_err(|_| Malformed::Field { field: "id", rule: "a UUID" })?,
        source: wire.source,
        epoch: place(&wire.epoch, "epoch")?,
        source_seq: place(&wire.source_seq, "source_seq")?,
        prev: digest(&wire.prev, "prev")?,
        time: wire.time.parse().map_err(|_| Malformed::Field { field: "time", rule: "an instant" })?,
        actor,
        subjects: wire.subjects,
        action: wire.action,
        outcome: wire.outcome,
        reason: wire.reason,
        correlation: wire.correlation,
        trace: wire.trace,
        amount: amount(wire.amount_minor.as_deref(), wire.currency.as_deref())?,
        policy: wire.policy,
        body,
        pii: wire.pii.iter().map(|one| digest(&one.c, "pii")).collect::<Result<_, _>>()?,
    })
}

fn place(text: &str, field: &'static str) -> Result<i64, Malformed> {
    let rule = "a decimal integer from 1";
    require(rules::integer(text), field, rule)?;
    text.parse().ok().filter(|value| *value >= 1).ok_or(Malformed::Field { field, rule })
}

fn digest(text: &str, field: &'static str) -> Result<[u8; 32], Malformed> {
    let rule = "64 lower-case hex digits";
    require(rules::hex(text, 64), field, rule)?;
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map_err(|_| Malformed::Field { field, rule })?;
    Ok(out)
}

fn amount(minor: Option<&str>, currency: Option<&str>) -> Result<Option<Money>, Malformed> {
    let (Some(minor), Some(currency)) = (minor, currency) else { return Ok(None) };
    let minor: i64 =
        minor.parse().map_err(|_| Malformed::Field { field: "amount_minor", rule: "a decimal integer" })?;
    let currency: Currency =
        currency.parse().map_err(|_| Malformed::Field { field: "currency", rule: "an ISO 4217 code" })?;
    Ok(Some(Money::new(currency, minor)))
}
