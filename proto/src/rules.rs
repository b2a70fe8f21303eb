//! The field rules once more, compiled: most messages keep them all, and that is found out from their bytes alone, many times
//! as fast as by reflection.
//!
//! This only ever says that every rule is kept. Where it is not sure, or knows no rule of that kind, the whole validator is asked,
//! and what that says counts; so there is one word on what is wrong, and a test holds the two against each other.

mod compile;
mod text;

use compile::{Check, Field, Plan};
use prost_reflect::MessageDescriptor;
use std::collections::HashMap;
use std::sync::LazyLock;

/// How deep messages may lie in each other.
const DEPTH: u32 = 32;
/// Fields of one message, by their numbers.
const FIELDS: usize = 64;

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| Compiled::of(crate::POOL.all_messages()));

/// Every message of the contract.
struct Compiled {
    plans: Vec<Plan>,
    by_name: HashMap<String, usize>,
}

/// Whether a message of this name surely keeps all of its rules.
pub(crate) fn surely_kept(name: &str, bytes: &[u8]) -> bool {
    let compiled = &*COMPILED;
    compiled.by_name.get(name).is_some_and(|at| compiled.kept(*at, bytes, DEPTH).is_some())
}

impl Compiled {
    fn of(messages: impl Iterator<Item = MessageDescriptor>) -> Self {
        let messages: Vec<MessageDescriptor> = messages.collect();
        let by_name: HashMap<String, usize> =
            messages.iter().enumerate().map(|(at, message)| (message.full_name().to_owned(), at)).collect();
        let plans = messages.iter().map(|message| Plan::of(message, &by_name)).collect();
        Self { plans, by_name }
    }

    /// Nothing where it is not sure.
    fn kept(&self, at: usize, bytes: &[u8], depth: u32) -> Option<()> {
        let plan = self.plans.get(at).filter(|plan| plan.known)?;
        let depth = depth.checked_sub(1)?;
        let mut seen = [0_u32; FIELDS];
        let mut rest = bytes;
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            let (number, wire_type) = (usize::try_from(tag >> 3).ok()?, tag & 7);
            let Some(field) = plan.fields.get(number).and_then(Option::as_ref) else {
                skip(&mut rest, wire_type)?;
                continue;
            };
            let times = self.field_kept(field, wire_type, &mut rest, depth)?;
            let seen = seen.get_mut(number)?;
            *seen = seen.checked_add(times).filter(|times| *times <= field.most)?;
        }
        plan.present(&seen).then_some(())
    }

    /// How many values there were, all of them good.
    fn field_kept(&self, field: &Field, wire_type: u64, rest: &mut &[u8], depth: u32) -> Option<u32> {
        match (&field.check, wire_type) {
            (Check::Free, _) => skip(rest, wire_type)?,
            (Check::Text(text), 2) => text.kept(delimited(rest)?)?,
            (Check::Bytes { least, most }, 2) => {
                let length = delimited(rest)?.len();
                (*least..=*most).contains(&length).then_some(())?;
            }
            (Check::Number(number), 0) => number.kept(varint(rest)?)?,
            (Check::Number(number), 2) => {
                let mut packed = delimited(rest)?;
                let mut times: u32 = 0;
                while !packed.is_empty() {
                    number.kept(varint(&mut packed)?)?;
                    times = times.checked_add(1)?;
                }
                return Some(times);
            }
            (Check::Message(at), 2) => self.kept(*at, delimited(rest)?, depth)?,
            (Check::Text(_) | Check::Bytes { .. } | Check::Number(_) | Check::Message(_), _) => return None,
        }
        Some(1)
    }
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn delimited<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    let (value, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(value)
}

fn skip(rest: &mut &[u8], wire_type: u64) -> Option<()> {
    let fixed = match wire_type {
        0 => return varint(rest).map(drop),
        2 => return delimited(rest).map(drop),
        1 => 8,
        5 => 4,
        _ => return None,
    };
    *rest = rest.split_at_checked(fixed)?.1;
    Some(())
}

#[cfg(test)]
mod tests;
