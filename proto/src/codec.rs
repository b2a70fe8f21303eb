//! The codec of every rpc: what arrives is checked against its field rules (`buf.validate`) before any handler sees it.

use crate::POOL;
use bytes::Buf;
use prost::{Message, Name};
use prost_protovalidate::{Error, Validator};
use prost_reflect::DynamicMessage;
use std::{marker::PhantomData, sync::LazyLock};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::ProstEncoder;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// Encodes as prost does; decodes and checks field rules.
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
    type Encoder = ProstEncoder<T>;
    type Decoder = ValidatingDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }
    fn decoder(&mut self) -> Self::Decoder {
        ValidatingDecoder(PhantomData)
    }
}

/// The decoding half of [`ValidatingCodec`].
#[derive(Debug)]
pub struct ValidatingDecoder<U>(PhantomData<U>);

impl<U: Message + Name + Default + Send + 'static> Decoder for ValidatingDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = buf.copy_to_bytes(buf.remaining());
        let item = U::decode(bytes.clone())
            .map_err(|error| Status::invalid_argument(format!("not a {}: {error}", U::full_name())))?;
        check::<U>(bytes)?;
        Ok(Some(item))
    }
}

/// Checks one encoded message of type `U` against its field rules.
///
/// # Errors
/// `INVALID_ARGUMENT` with one `BadRequest` field violation for each rule broken.
pub fn check<U: Name>(bytes: bytes::Bytes) -> Result<(), Status> {
    let Some(descriptor) = POOL.get_message_by_name(&U::full_name()) else {
        return Ok(());
    };
    let message = DynamicMessage::decode(descriptor, bytes)
        .map_err(|error| Status::invalid_argument(format!("not a {}: {error}", U::full_name())))?;
    match VALIDATOR.validate(&message) {
        Ok(()) => Ok(()),
        Err(Error::Validation(violations)) => Err(Status::from(violations)),
        Err(other) => Err(Status::invalid_argument(format!("{} cannot be checked: {other}", U::full_name()))),
    }
}
