//! Decodes TSM1 blocks: timestamps and one column of values.
//!
//! A block's payload is a type byte, the length of the timestamps, the timestamps, and the values up to the end.
//! All arithmetic on timestamps and integers wraps, as the server's does. Every length is checked before memory
//! is taken for it, and no input makes a decoder panic.

mod boolean;
mod float;
mod integer;
mod simple8b;
mod string;
mod time;
mod varint;

pub(super) use string::decompress;
pub(in crate::source) use varint::take as take_varint;

use super::value::{Type, Value, Values};
use thiserror::Error;

/// The most points a block may hold. The server writes 1,000, since 1.12 up to 10,000 by default; a block of a
/// few bytes can claim any number.
pub const MAX_POINTS: usize = 1 << 20;

/// The most bytes of strings a block may hold.
pub const MAX_STRING_BYTES: usize = 1 << 30;

/// Why a block cannot be decoded. A fragment that follows "the block is damaged:".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BlockError {
    /// No payload at all.
    #[error("it is empty")]
    Empty,
    /// A type byte that no version writes.
    #[error("unknown type {0}")]
    UnknownType(u8),
    /// An encoding that no version writes.
    #[error("unknown encoding {encoding} of {part}")]
    UnknownEncoding {
        /// Which part of the block.
        part: &'static str,
        /// The high four bits of the part's first byte.
        encoding: u8,
    },
    /// The bytes end before what they announce.
    #[error("the {0} end early")]
    Truncated(&'static str),
    /// The number of values is not the number of timestamps.
    #[error("{times} timestamps, but {values} values")]
    Count {
        /// Timestamps in the block.
        times: usize,
        /// Values in the block.
        values: usize,
    },
    /// More points than any server writes.
    #[error("it claims more than {MAX_POINTS} points")]
    TooManyPoints,
    /// More bytes of strings than is reasonable, or than the compressed bytes can hold.
    #[error("it claims {0} bytes of strings")]
    TooManyBytes(usize),
    /// The compressed strings cannot be unpacked.
    #[error("the strings cannot be decompressed")]
    Snappy,
}

/// One decoded block. Kept and reused: decoding into it takes no memory once it has grown.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Timestamps in nanoseconds, normally ascending.
    pub times: Vec<i64>,
    /// As many values.
    pub values: Values,
}

impl Default for Block {
    fn default() -> Self {
        Self { times: Vec::new(), values: Values::new(Type::Float) }
    }
}

impl Block {
    /// Empties the block and makes it hold `kind`.
    pub(super) fn reset(&mut self, kind: Type) {
        self.times.clear();
        self.values.reset(kind);
    }

    /// Appends a point; returns false where the value is of another type or does not fit.
    pub(super) fn push(&mut self, time: i64, value: Value<'_>) -> bool {
        let fits = self.values.push(value);
        if fits {
            self.times.push(time);
        }
        fits
    }

    /// Tells whether the timestamps strictly ascend, as they do in every block of a sound server.
    pub(super) fn is_ascending(&self) -> bool {
        self.times.windows(2).all(|pair| pair[0] < pair[1])
    }

    /// Returns the bytes of memory that the block holds.
    pub(super) fn memory(&self) -> usize {
        self.times.capacity() * 8 + self.values.memory()
    }
}

/// A payload, taken apart.
struct Parts<'a> {
    kind: Type,
    times: &'a [u8],
    values: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(payload: &'a [u8]) -> Result<Self, BlockError> {
        let (kind, mut rest) = payload.split_first().ok_or(BlockError::Empty)?;
        let kind = Type::from_block(*kind).ok_or(BlockError::UnknownType(*kind))?;
        let length = varint::take(&mut rest).ok_or(BlockError::Truncated("timestamps"))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (times, values) = rest.split_at_checked(length).ok_or(BlockError::Truncated("timestamps"))?;
        Ok(Self { kind, times, values })
    }
}

/// Decodes a payload, that is a block without its checksum, into `block`.
pub fn decode(payload: &[u8], block: &mut Block) -> Result<(), BlockError> {
    let parts = Parts::split(payload)?;
    block.reset(parts.kind);
    time::decode(parts.times, &mut block.times)?;
    let count = block.times.len();
    if count == 0 {
        return Err(BlockError::Empty);
    }
    match &mut block.values {
        Values::Float(out) => float::decode(parts.values, count, out),
        Values::Integer(out) | Values::Unsigned(out) => integer::decode(parts.values, count, out),
        Values::Boolean(out) => boolean::decode(parts.values, count, out),
        Values::String(out) => string::decode(parts.values, count, out),
    }
}

/// What a block says of itself without its values being decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The type of the values.
    pub kind: Type,
    /// The number of points.
    pub points: usize,
}

/// Returns how many of the first bytes of a payload [`header`] wants, given at least the first eleven.
pub fn header_length(start: &[u8]) -> Result<usize, BlockError> {
    let mut rest = start.get(1..).ok_or(BlockError::Empty)?;
    let length = varint::take(&mut rest).ok_or(BlockError::Truncated("timestamps"))?;
    let before = start.len() - rest.len();
    Ok(usize::try_from(length).unwrap_or(usize::MAX).saturating_add(before))
}

/// Reads type and number of points off the start of a payload: no value is decoded, and `payload` may end with
/// the timestamps.
pub fn header(payload: &[u8]) -> Result<Header, BlockError> {
    let parts = Parts::split(payload)?;
    Ok(Header { kind: parts.kind, points: time::count(parts.times)? })
}

/// Takes the first byte of a part, whose high four bits say how the rest is encoded.
fn encoding<'a>(bytes: &'a [u8], part: &'static str) -> Result<(u8, &'a [u8]), BlockError> {
    let (first, rest) = bytes.split_first().ok_or(BlockError::Truncated(part))?;
    Ok((*first, rest))
}

/// Takes a big-endian word off the front of `bytes`.
fn take_word(bytes: &mut &[u8]) -> Option<u64> {
    let (word, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*word))
}
