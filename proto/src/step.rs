//! One message that is made by hand: a step of a calculation. Every answer about a reward holds a score of them, their names and most of their
//! reasons are constants, and the generated message would copy each one before it is written out.

use prost::{
    DecodeError, Message, Name,
    bytes::{Buf, BufMut},
    encoding::{self, DecodeContext, WireType, skip_field},
};
use std::borrow::Cow;

/// The numbers of the fields.
const STEP: u32 = 1;
const VALUE: u32 = 2;
const REASON: u32 = 3;

/// One step of a calculation: `handsel.reward.v1.CalculationStep`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CalculationStep {
    /// Its name, e.g. `base`, `tiered`, `gross`.
    pub step: Cow<'static, str>,
    /// Its value as text: an amount in major units, a rate, a date, a word.
    pub value: String,
    /// Why, where there is a choice to explain.
    pub reason: Cow<'static, str>,
}

impl Message for CalculationStep {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for (number, text) in [(STEP, &*self.step), (VALUE, &self.value), (REASON, &self.reason)] {
            put(number, text, buf);
        }
    }

    fn merge_field(
        &mut self,
        number: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let (text, name) = match number {
            STEP => (self.step.to_mut(), "step"),
            VALUE => (&mut self.value, "value"),
            REASON => (self.reason.to_mut(), "reason"),
            _ => return skip_field(wire_type, number, buf, context),
        };
        encoding::string::merge(wire_type, text, buf, context).map_err(|mut error| {
            error.push(<Self as Name>::NAME, name);
            error
        })
    }

    fn encoded_len(&self) -> usize {
        len(&self.step) + len(&self.value) + len(&self.reason)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Name for CalculationStep {
    const NAME: &'static str = "CalculationStep";
    const PACKAGE: &'static str = "handsel.reward.v1";
}

/// A field of text; an empty one is left out. Its key takes one byte, and so does the length of nearly every text.
fn put(number: u32, text: &str, buf: &mut impl BufMut) {
    match u8::try_from(text.len()) {
        Ok(0) => {}
        Ok(length @ 1..0x80) => {
            let key = u8::try_from(number << 3 | WireType::LengthDelimited as u32).unwrap_or_default();
            buf.put_slice(&[key, length]);
            buf.put_slice(text.as_bytes());
        }
        Ok(_) | Err(_) => {
            encoding::encode_key(number, WireType::LengthDelimited, buf);
            encoding::encode_varint(u64::try_from(text.len()).unwrap_or(u64::MAX), buf);
            buf.put_slice(text.as_bytes());
        }
    }
}

fn len(text: &str) -> usize {
    match text.len() {
        0 => 0,
        length @ 1..0x80 => 2 + length,
        length => 1 + encoding::encoded_len_varint(u64::try_from(length).unwrap_or(u64::MAX)) + length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::POOL;
    use prost_reflect::{DynamicMessage, Value};

    #[test]
    fn it_is_what_the_contract_says() {
        let descriptor = POOL.get_message_by_name(&CalculationStep::full_name()).unwrap();
        assert_eq!(descriptor.fields().len(), 3);
        let long = "x".repeat(300);
        for (step, value, reason) in
            [("base", "50.00 CNY", ""), ("", "", ""), ("a", &long, "0.01 of 5"), (&long[..127], &long[..128], &long)]
        {
            let message =
                CalculationStep { step: step.to_owned().into(), value: value.into(), reason: reason.to_owned().into() };
            let bytes = message.encode_to_vec();
            let read = DynamicMessage::decode(descriptor.clone(), bytes.as_slice()).unwrap();
            for (name, text) in [("step", step), ("value", value), ("reason", reason)] {
                assert_eq!(read.get_field_by_name(name).unwrap().as_ref(), &Value::String(text.to_owned()));
            }
            assert_eq!(read.encode_to_vec(), bytes);
            assert_eq!(CalculationStep::decode(bytes.as_slice()).unwrap(), message);
        }
        assert!(CalculationStep::decode([0x0a, 0x01, 0xff].as_slice()).is_err(), "not UTF-8");
        assert_eq!(
            CalculationStep::decode([0x20, 0x01].as_slice()).unwrap(),
            CalculationStep::default(),
            "of a newer contract"
        );
    }
}
