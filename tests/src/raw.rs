//! Calls by the name of their rpc, as the contract lists them: bytes as they are, whatever the message.

use crate::with_token;
use bytes::{Buf, BufMut, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Calls an rpc with one message and returns its first answer; nothing, where it gave none.
///
/// # Errors
/// As the service says.
///
/// # Panics
/// If there is no connection.
pub async fn call(channel: &Channel, path: &str, token: Option<&str>, message: Bytes) -> Result<Bytes, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("a connection");
    let request = match token {
        Some(token) => with_token(message, token),
        None => Request::new(message),
    };
    let answer = client.server_streaming(request, path.parse().expect("a path"), RawCodec).await?;
    Ok(answer.into_inner().message().await?.unwrap_or_default())
}

/// Bytes as they are.
#[derive(Debug, Clone, Copy)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
