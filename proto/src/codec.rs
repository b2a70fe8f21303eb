//! The codec of every rpc: a request is checked against its field rules (`buf.validate`) before any handler sees it.
//!
//! Answers are not checked: the rules say what a server takes, and a newer server may answer with values that an older
//! client's rules do not know yet.

use crate::{POOL, rules};
use bytes::{Buf, BufMut, Bytes};
use prost::{Message, Name};
use prost_protovalidate::{Error, ValidationError, Validator, Violation};
use prost_reflect::DynamicMessage;
use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
    sync::LazyLock,
};
use tonic::{
    Code, Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `google.rpc.ErrorInfo` of Handsel.
const DOMAIN: &str = "handsel";
/// The most field violations that an answer lists. They travel in a trailer, and clients limit those to some kilobytes.
const MAX_VIOLATIONS: usize = 20;

/// The room that a call begins with for its request, and for its answer, in bytes; they grow where more comes. Most need less, and tonic's
/// eight times as much is memory that no cache holds while hundreds of calls are under way.
const ROOM: usize = 1024;
/// As much as tonic gathers of a stream's messages before it sends them, in bytes.
const GATHERED: usize = 32 * 1024;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// The names of the messages that an rpc takes.
static REQUESTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let services = POOL.services();
    services
        .flat_map(|service| service.methods().map(|rpc| rpc.input().full_name().to_owned()).collect::<Vec<_>>())
        .collect()
});

/// Encodes as prost does; decodes, and checks the field rules of requests.
#[derive(Debug)]
pub struct ValidatingCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for ValidatingCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for ValidatingCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = WholeEncoder<T>;
    type Decoder = ValidatingDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        WholeEncoder(PhantomData)
    }
    fn decoder(&mut self) -> Self::Decoder {
        ValidatingDecoder { request: REQUESTS.contains(&U::full_name()), message: PhantomData }
    }
}

/// The encoding half of [`ValidatingCodec`].
#[derive(Debug)]
pub struct WholeEncoder<T>(PhantomData<T>);

impl<T: Message + Send + 'static> Encoder for WholeEncoder<T> {
    type Item = T;
    type Error = Status;

    /// Into memory of just its size, then over in one piece: byte by byte into a buffer that can grow takes twice as long.
    fn encode(&mut self, item: T, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buf.put_slice(&item.encode_to_vec());
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(ROOM, GATHERED)
    }
}

/// The decoding half of [`ValidatingCodec`].
#[derive(Debug)]
pub struct ValidatingDecoder<U> {
    request: bool,
    message: PhantomData<U>,
}

impl<U: Message + Name + Default + Send + 'static> Decoder for ValidatingDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = buf.copy_to_bytes(buf.remaining());
        if self.request { read(bytes).map(Some) } else { decode(bytes).map(Some) }
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(ROOM, GATHERED)
    }
}

/// One message of type `U`, decoded and checked.
///
/// # Errors
/// `INVALID_ARGUMENT`: with reason `MESSAGE_MALFORMED` where the bytes are no such message, otherwise as [`check`].
pub fn read<U: Message + Name + Default>(bytes: Bytes) -> Result<U, Status> {
    let message = decode(bytes.clone())?;
    if !rules::surely_kept(&U::full_name(), &bytes) {
        check::<U>(bytes)?;
    }
    Ok(message)
}

/// Checks one encoded message of type `U` against its field rules.
///
/// # Errors
/// `INVALID_ARGUMENT` with reason `FIELD_INVALID` and a `BadRequest` field violation for each rule broken, the first twenty.
pub fn check<U: Name>(bytes: Bytes) -> Result<(), Status> {
    let Some(descriptor) = POOL.get_message_by_name(&U::full_name()) else {
        return Ok(());
    };
    let message = DynamicMessage::decode(descriptor, bytes).map_err(|error| malformed(&U::full_name(), &error))?;
    match VALIDATOR.validate(&message) {
        Ok(()) => Ok(()),
        Err(Error::Validation(broken)) => Err(invalid(&broken)),
        // A rule that cannot be evaluated accepts nothing.
        Err(other) => Err(malformed(&U::full_name(), &other)),
    }
}

fn decode<U: Message + Name + Default>(bytes: Bytes) -> Result<U, Status> {
    U::decode(bytes).map_err(|error| malformed(&U::full_name(), &error))
}

fn malformed(name: &str, error: &dyn std::error::Error) -> Status {
    let details = ErrorDetails::with_error_info("MESSAGE_MALFORMED", DOMAIN, HashMap::new());
    Status::with_error_details(Code::InvalidArgument, format!("not a {name}: {error}"), details)
}

fn invalid(broken: &ValidationError) -> Status {
    let mut details = ErrorDetails::with_error_info("FIELD_INVALID", DOMAIN, HashMap::new());
    for violation in broken.violations().iter().take(MAX_VIOLATIONS) {
        details.add_bad_request_violation(violation.field_path(), description(violation));
    }
    let first = broken.violations().first();
    let first = first.map(|violation| format!("{}: {}", violation.field_path(), description(violation)));
    let message = match broken.len() {
        0 | 1 => first.unwrap_or_default(),
        many => format!("{} (first of {many})", first.unwrap_or_default()),
    };
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// What the rule says, or its name where it says nothing.
fn description(violation: &Violation) -> String {
    match violation.message() {
        "" => format!("breaks the rule {}", violation.rule_id()),
        text => text.to_owned(),
    }
}
