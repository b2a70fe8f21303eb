//! A source that ends where its reader's patience does, and counts lines.

use crate::{Fault, Limits};
use std::io::{self, BufRead, Read};

/// Handed out at once: a source that lies in memory hands out all of it, and a limit is looked at in between.
const RUN: usize = 8 * 1024;

/// A source of bytes with a limit on the whole and on each piece.
pub(super) struct Bounded<R> {
    source: R,
    limits: Limits,
    read: u64,
    piece: u64,
    line: u64,
    exceeded: Option<Fault>,
}

impl<R: BufRead> Bounded<R> {
    pub(super) fn new(source: R, limits: Limits) -> Self {
        Self { source, limits, read: 0, piece: 0, line: 1, exceeded: None }
    }

    /// The line read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// A new piece of markup or text begins.
    pub(super) fn begin_piece(&mut self) {
        self.piece = 0;
    }

    /// The limit that was passed, if one was, or why the source failed.
    pub(super) fn exceeded(&mut self) -> Option<Fault> {
        self.exceeded.take()
    }

    /// Passing a limit is final, though its piece may have ended where it was passed.
    fn note_limits(&mut self) {
        let fault = if self.read > self.limits.file_bytes {
            Fault::TooLarge { what: "bytes", limit: self.limits.file_bytes }
        } else if self.piece > self.limits.piece_bytes {
            Fault::TooLarge { what: "bytes of one tag or text", limit: self.limits.piece_bytes }
        } else {
            return;
        };
        self.exceeded.get_or_insert(fault);
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.exceeded.is_some() {
            return Err(io::Error::other("a limit was passed"));
        }
        match self.source.fill_buf() {
            Ok(bytes) => Ok(bytes.get(..RUN).unwrap_or(bytes)),
            Err(error) => {
                self.exceeded = Some(Fault::Unreadable(error.to_string()));
                Err(error)
            }
        }
    }

    fn consume(&mut self, count: usize) {
        // What is consumed lies in the buffer, which a source hands out again without reading.
        let lines = self
            .source
            .fill_buf()
            .map_or(0, |bytes| bytes.get(..count).unwrap_or(bytes).iter().filter(|byte| **byte == b'\n').count());
        let count_as = u64::try_from(count).unwrap_or(u64::MAX);
        self.line = self.line.saturating_add(u64::try_from(lines).unwrap_or(0));
        self.read = self.read.saturating_add(count_as);
        self.piece = self.piece.saturating_add(count_as);
        self.note_limits();
        self.source.consume(count);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(target.len());
        if let (Some(from), Some(to)) = (bytes.get(..count), target.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
