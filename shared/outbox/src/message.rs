//! A message on its way: checked where it is owed, numbered where it gets its place.
//!
//! Every inbox of the contract lays its messages out in the same way: field 1 is `int64 sequence`, field 2 `string
//! traceparent`, field 15 `Parked parked`. In protobuf a scalar that comes twice counts as its last, so a number is given by writing the two fields
//! behind the content; nothing is decoded, and what is committed is exactly what is sent.

use handsel_proto::handsel::relay::v1::Parked;
use handsel_storage::Fault;
use prost::{
    Message, Name,
    encoding::{encode_key, encode_varint, message, string},
};

const SEQUENCE: u32 = 1;
const TRACEPARENT: u32 = 2;
const PARKED: u32 = 15;

/// Encodes a message and holds it to the contract's field rules, as the receiver will: what it could never take fails here, in
/// the command that owes it.
pub(crate) fn encode<M: Message + Name>(message: &M) -> Result<Vec<u8>, Fault> {
    let content = message.encode_to_vec();
    handsel_proto::codec::check::<M>(numbered(&content, 1, "").into())
        .map_err(|status| Fault::Invalid(format!("{} breaks the contract: {}", M::full_name(), status.message())))?;
    Ok(content)
}

/// The content with its number and trace context.
pub(crate) fn numbered(content: &[u8], sequence: i64, traceparent: &str) -> Vec<u8> {
    let mut bytes = content.to_vec();
    encode_key(SEQUENCE, prost::encoding::WireType::Varint, &mut bytes);
    encode_varint(sequence.cast_unsigned(), &mut bytes);
    if !traceparent.is_empty() {
        string::encode(TRACEPARENT, &traceparent.to_owned(), &mut bytes);
    }
    bytes
}

/// What goes in the place of a message that is put aside: the same bytes whenever it is sent.
pub(crate) fn marker(sequence: i64, traceparent: &str, reason: String) -> Vec<u8> {
    let mut content = Vec::new();
    message::encode(PARKED, &Parked { reason }, &mut content);
    numbered(&content, sequence, traceparent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_proto::handsel::reward::v1::{TierChange, deliver_request};

    fn tier_change(customer: &str) -> deliver_request::Message {
        let change = TierChange {
            customer: customer.to_owned(),
            tier: "GOLD".to_owned(),
            effective_time: Some(prost_types::Timestamp { seconds: 1_750_000_000, nanos: 0 }),
        };
        let content = Some(deliver_request::message::Content::TierChange(change));
        deliver_request::Message { sequence: 0, traceparent: String::new(), content }
    }

    #[test]
    fn numbering_writes_the_two_fields_and_leaves_the_rest() {
        let message = tier_change("customers/42");
        let bytes = numbered(&encode(&message).unwrap(), 300, "00-ab-cd-01");
        let read = deliver_request::Message::decode(bytes.as_slice()).unwrap();
        assert_eq!(read, deliver_request::Message { sequence: 300, traceparent: "00-ab-cd-01".to_owned(), ..message });
    }

    #[test]
    fn a_marker_is_one_in_every_inbox() {
        use handsel_proto::handsel::referral::v1 as referral;
        let bytes = marker(7, "00-ab-cd-01", "RECEIVER_FAILS".to_owned());
        let parked = Parked { reason: "RECEIVER_FAILS".to_owned() };
        let reward = deliver_request::Message::decode(bytes.as_slice()).unwrap();
        assert_eq!(
            (reward.sequence, reward.content),
            (7, Some(deliver_request::message::Content::Parked(parked.clone())))
        );
        let referral = referral::deliver_request::Message::decode(bytes.as_slice()).unwrap();
        assert_eq!(referral.content, Some(referral::deliver_request::message::Content::Parked(parked)));
    }

    #[test]
    fn a_number_can_be_given_anew() {
        let message = tier_change("customers/42");
        let again = numbered(&numbered(&encode(&message).unwrap(), 3, "00-ab-cd-01"), 9, "00-ab-cd-01");
        assert_eq!(deliver_request::Message::decode(again.as_slice()).unwrap().sequence, 9);
    }

    #[test]
    fn what_the_contract_refuses_cannot_be_owed() {
        assert!(matches!(encode(&tier_change("nobody")), Err(Fault::Invalid(_))));
        let empty = deliver_request::Message { content: None, ..tier_change("customers/42") };
        assert!(matches!(encode(&empty), Err(Fault::Invalid(_))));
    }
}
