//! A request body that refuses a message larger than the limit by its announced length, before a byte of it is kept.

use crate::status::refusal;
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Code, Status, body::Body};

/// One byte of flags, four of length (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX: usize = 5;

/// A body of bounded messages.
pub(super) struct Bounded {
    inner: Body,
    frames: Frames,
}

/// Where in the sequence of messages the body is.
struct Frames {
    largest: u32,
    prefix: [u8; PREFIX],
    prefix_read: usize,
    message_left: usize,
}

impl Bounded {
    pub(super) fn new(inner: Body, largest: u32) -> Self {
        Self { inner, frames: Frames { largest, prefix: [0; PREFIX], prefix_read: 0, message_left: 0 } }
    }
}

impl Frames {
    /// Reads on through `bytes`.
    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), Status> {
        while !bytes.is_empty() {
            let inside = self.message_left.min(bytes.len());
            self.message_left -= inside;
            bytes = &bytes[inside..];
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.prefix[self.prefix_read] = *first;
            self.prefix_read += 1;
            bytes = rest;
            if self.prefix_read == PREFIX {
                self.begin()?;
            }
        }
        Ok(())
    }

    /// A message is announced.
    fn begin(&mut self) -> Result<(), Status> {
        let [_flags, length @ ..] = self.prefix;
        let length = u32::from_be_bytes(length);
        if length > self.largest {
            let message = format!("a message of {length} bytes; at most {} are read", self.largest);
            return Err(refusal(Code::ResourceExhausted, "MESSAGE_TOO_LARGE", message));
        }
        self.prefix_read = 0;
        self.message_left = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(())
    }
}

impl http_body::Body for Bounded {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.frames.pass(data)?;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: u32) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(length.to_be_bytes());
        bytes.resize(PREFIX + usize::try_from(length).unwrap(), 7);
        bytes
    }

    #[test]
    fn messages_are_bounded_however_the_bytes_are_cut() {
        let stream = [message(0), message(10), message(3), message(11)].concat();
        let fine = stream.len() - 11;
        for cut in 1..stream.len() {
            let mut frames = Bounded::new(Body::empty(), 10).frames;
            let mut passed = 0;
            let outcome = stream.chunks(cut).try_for_each(|chunk| {
                frames.pass(chunk)?;
                passed += chunk.len();
                Ok::<_, Status>(())
            });
            assert_eq!(outcome.unwrap_err().code(), Code::ResourceExhausted);
            assert!(passed < fine, "cut into {cut}: refused at the prefix");
        }
    }
}
