//! How the bytes of leaves and bodies lie in their columns: each by itself, packed by zstd (RFC 8878) with a dictionary that knows how
//! records are written. Nothing that is hashed, signed or shown knows of it: whoever reads gets exactly the bytes that came.
//!
//! A column holds one byte that says in which form, and then
//!
//! | form | |
//! |---|---|
//! | 0 | the bytes as they came: packed they would be no shorter |
//! | 1 | a zstd frame, made with `dictionaries/leaf-1.dict` or `dictionaries/body-1.dict` |
//!
//! A new dictionary is a new form; those before it stay, or rows of theirs could not be read any more.
//!
//! Nobody looks out for a row that was packed anew: the same bytes have many frames, and what is proven is what comes out of
//! one. If that is what came, the row says what it always said; if not, its hash finds it out, like any other bytes.

#[cfg(test)]
mod tests;

use crate::domain::leaf::MAX_LEAF_BYTES;
use handsel_outbox::statement::MAX_BODY_BYTES;
use std::{cell::RefCell, sync::LazyLock};
use thiserror::Error;
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe::get_frame_content_size,
};

/// The form of bytes that are as they came.
const PLAIN: u8 = 0;
/// The form in which new rows are packed.
const NEWEST: u8 = 1;
/// zstd's own default. Higher levels take up to fifty times as long and save four bytes of a hundred.
const LEVEL: i32 = 3;
/// Bytes at the beginning of a column that tell how many will come out of it: the form, and the longest frame header
/// (RFC 8878 §3.1.1.1, with its magic number).
pub(crate) const HEAD_BYTES: i32 = 19;

/// A column, and so its dictionaries and its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    /// `leaf.content`: at most 65,535 bytes.
    Leaf,
    /// `body.content`: at most 262,144 bytes.
    Body,
}

/// Why nothing comes out of a column: it is not what this program has put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It has no first byte.
    #[error("nothing is stored")]
    Empty,
    /// No form has this number.
    #[error("no form has the number {0}")]
    Form(u8),
    /// More would come out than the column ever holds, or its frame does not say how much.
    #[error("what is stored would be too long")]
    TooLong,
    /// It is no frame, or what comes out is not as long as it says.
    #[error("what is stored cannot be unpacked")]
    Broken,
}

impl Packed {
    /// What is stored of these bytes.
    #[must_use]
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let frame = self.dictionary(NEWEST).and_then(|dictionary| dictionary.pack(bytes));
        match frame.filter(|frame| frame.len() < bytes.len()) {
            Some(frame) => [&[NEWEST], frame.as_slice()].concat(),
            None => [&[PLAIN], bytes].concat(),
        }
    }

    /// The bytes that came, of what is stored of them. Whatever is stored, no more come out than the column ever holds.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn unpack(self, stored: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (form, rest) = stored.split_first().ok_or(Unreadable::Empty)?;
        if *form == PLAIN {
            return if rest.len() <= self.most() { Ok(rest.to_vec()) } else { Err(Unreadable::TooLong) };
        }
        let dictionary = self.dictionary(*form).ok_or(Unreadable::Form(*form))?;
        dictionary.unpack(rest, self.claimed(rest).ok_or(Unreadable::TooLong)?).ok_or(Unreadable::Broken)
    }

    /// How many bytes a reader of this column gets at most, by its first [`HEAD_BYTES`] and its length. Where nothing comes out he
    /// gets what is stored.
    #[must_use]
    pub(crate) fn weight(self, head: &[u8], stored: u64) -> u64 {
        let claimed = head.split_first().and_then(|(_, frame)| self.claimed(frame));
        claimed.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0).max(stored)
    }

    /// How many bytes a frame says that it holds, if it may hold so many.
    fn claimed(self, frame: &[u8]) -> Option<usize> {
        let bytes = get_frame_content_size(frame).ok().flatten()?;
        usize::try_from(bytes).ok().filter(|bytes| *bytes <= self.most())
    }

    const fn most(self) -> usize {
        match self {
            Self::Leaf => MAX_LEAF_BYTES,
            Self::Body => MAX_BODY_BYTES,
        }
    }

    fn dictionary(self, form: u8) -> Option<&'static Dictionary> {
        match (self, form) {
            (Self::Leaf, 1) => Some(&LEAF_1),
            (Self::Body, 1) => Some(&BODY_1),
            _ => None,
        }
    }
}

/// `leaf-1.dict`, made ready once.
static LEAF_1: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::of(include_bytes!("../../dictionaries/leaf-1.dict")));
/// `body-1.dict`, made ready once.
static BODY_1: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::of(include_bytes!("../../dictionaries/body-1.dict")));

struct Dictionary {
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

/// What zstd works with, kept by each thread: to make it takes longer than to pack a record.
struct Bench {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

impl Bench {
    fn new() -> Self {
        let mut compressor = Compressor::default();
        // The form says which dictionary it is. A frame that says so once more is a byte longer and reads as well.
        if let Err(error) = compressor.include_dictid(false) {
            tracing::debug!(%error, "frames name their dictionary");
        }
        Self { compressor, decompressor: Decompressor::default() }
    }
}

impl Dictionary {
    fn of(bytes: &[u8]) -> Self {
        Self { encoder: EncoderDictionary::copy(bytes, LEVEL), decoder: DecoderDictionary::copy(bytes) }
    }

    /// A frame of these bytes; nothing if zstd has no memory for it.
    fn pack(&'static self, bytes: &[u8]) -> Option<Vec<u8>> {
        BENCH.with_borrow_mut(|Bench { compressor, .. }| {
            compressor.set_prepared_dictionary(&self.encoder).ok()?;
            compressor.compress(bytes).ok()
        })
    }

    /// What comes out of a frame, if it is as long as the frame says.
    fn unpack(&'static self, frame: &[u8], claimed: usize) -> Option<Vec<u8>> {
        let bytes = BENCH.with_borrow_mut(|Bench { decompressor, .. }| {
            decompressor.set_prepared_dictionary(&self.decoder).ok()?;
            decompressor.decompress(frame, claimed).ok()
        });
        bytes.filter(|bytes| bytes.len() == claimed)
    }
}
