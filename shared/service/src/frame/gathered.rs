//! A connection that sends together what its task has to say in one go. HTTP/2 as it is written here (h2) flushes after every data frame
//! that is not small, which is a system call for each answer; under load those were a third of what a quote cost.

use bytes::{Buf as _, BytesMut};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// So much is kept back at most, in bytes.
const MOST: usize = 32 * 1024;

/// Keeps what is written until its task comes round again, which a flush asks for at once; or until there is enough of it.
///
/// A flush that finds nothing new since the last one sends, and so does a read and the end: whatever the task does next, nothing stays.
#[derive(Debug)]
pub(super) struct Gathered<C> {
    connection: C,
    kept: BytesMut,
    /// How much of that a flush has seen and put off.
    put_off: usize,
}

impl<C: AsyncWrite + Unpin> Gathered<C> {
    pub(super) fn new(connection: C) -> Self {
        Self { connection, kept: BytesMut::new(), put_off: 0 }
    }

    /// Sends everything that is kept.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.kept.has_remaining() {
            let sent = ready!(Pin::new(&mut self.connection).poll_write(context, &self.kept))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.kept.advance(sent);
        }
        // The room is used again.
        self.kept.clear();
        self.put_off = 0;
        Poll::Ready(Ok(()))
    }

    /// As much as there is room for.
    fn keep(&mut self, bytes: &[u8]) -> usize {
        let fits = bytes.len().min(MOST.saturating_sub(self.kept.len()));
        self.kept.extend_from_slice(&bytes[..fits]);
        fits
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Gathered<C> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.kept.len() >= MOST {
            ready!(this.poll_send(context))?;
        }
        Poll::Ready(Ok(parts.iter().map(|part| this.keep(part)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.kept.len() > this.put_off {
            this.put_off = this.kept.len();
            context.waker().wake_by_ref();
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.connection).poll_shutdown(context)
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<C> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Where that cannot be done, now or any more, the next flush says so: what has come in is read all the same.
        let _unsent = this.poll_send(context);
        Pin::new(&mut this.connection).poll_read(context, into)
    }
}

impl<C: Connected> Connected for Gathered<C> {
    type ConnectInfo = C::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.connection.connect_info()
    }
}
