//! The write-ahead log: what the server has not yet written to TSM files.
//!
//! A segment is a row of entries, `u8 type | u32 length | one raw Snappy block`. Type 1 writes points, 2 deletes
//! keys, 3 deletes a range of time. Deletes apply to earlier entries only: TSM files have tombstones.

use super::block::{BlockError, decompress};
use super::error::Error;
use super::extent::Extent;
use super::key::SEPARATOR;
use super::notice::{Care, Notice};
use super::runs::{RunWriter, take_point};
use super::value::Type;

mod snappy;

/// The longest entry, unpacked. The server limits neither a request nor, by that, an entry; 25 MB of line
/// protocol, its default limit of a request, become up to some 200 MB here.
const LONGEST_ENTRY: usize = 1 << 30;

/// Bytes before the contents of an entry.
const HEAD: u64 = 5;

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    DeleteKeys,
    DeleteRange,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Write),
            2 => Some(Self::DeleteKeys),
            3 => Some(Self::DeleteRange),
            _ => None,
        }
    }
}

/// One operation of the log on one key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op<'a> {
    /// Points in the order they came, some perhaps twice: `points` times a time and a value.
    Put { key: &'a [u8], kind: Type, points: u32, bytes: &'a [u8] },
    /// Removes earlier points from `min` to `max`, both included.
    Delete { key: &'a [u8], min: i64, max: i64 },
}

impl Op<'_> {
    /// Passes the operation on to be sorted.
    pub(super) fn collect(self, writer: &mut RunWriter) -> Result<(), Error> {
        match self {
            Self::Put { key, kind, points, bytes } => writer.put(key, kind, points, bytes),
            Self::Delete { key, min, max } => writer.delete(key, min, max),
        }
    }
}

/// Reads segments in the order of their numbers and shows every operation to `each`.
///
/// Only the last segment with anything in it may end within an entry.
pub(super) fn read(
    segments: &[Extent],
    care: &mut Care,
    each: &mut dyn FnMut(Op<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let last = segments.iter().rposition(|segment| segment.len() > 0);
    let mut buffers = Buffers::default();
    for (nth, segment) in segments.iter().enumerate() {
        let mut reader = Reader { segment, at: 0, may_be_torn: last == Some(nth), buffers: &mut buffers };
        while reader.next(care, each)? {}
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Buffers {
    packed: Vec<u8>,
    plain: Vec<u8>,
}

struct Reader<'a> {
    segment: &'a Extent,
    at: u64,
    may_be_torn: bool,
    buffers: &'a mut Buffers,
}

impl Reader<'_> {
    /// Reads one entry. Returns false at the end of what can be read.
    fn next(
        &mut self,
        care: &mut Care,
        each: &mut dyn FnMut(Op<'_>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let left = self.segment.len() - self.at;
        if left == 0 {
            return Ok(false);
        }
        let mut head = [0; 5];
        if left < HEAD {
            return self.torn(care);
        }
        self.segment.read(self.at, &mut head)?;
        let [kind, length @ ..] = head;
        let length = u64::from(u32::from_be_bytes(length));
        if length > left - HEAD {
            return self.torn(care);
        }
        let Some(kind) = Kind::from_byte(kind) else {
            // A crashed machine leaves zeros where the file had grown but not been written.
            return if self.is_zeros()? {
                self.torn(care)
            } else {
                self.stop(care, "an entry of unknown type")
            };
        };
        let entry = self.at;
        self.at += HEAD + length;
        self.buffers.packed.resize(usize::try_from(length).unwrap_or(0), 0);
        self.segment.read(entry + HEAD, &mut self.buffers.packed)?;
        let plain = &mut self.buffers.plain;
        let wrong = match decompress(&self.buffers.packed, plain, LONGEST_ENTRY) {
            Ok(()) if well_formed(kind, plain) => None,
            Ok(()) => Some("the contents of an entry make no sense"),
            Err(BlockError::TooManyBytes(_)) => Some("an entry claims an impossible length"),
            Err(_) => Some("an entry cannot be decompressed"),
        };
        if let Some(reason) = wrong {
            // Without a sound entry behind it the length is not to be trusted, and the segment ends here.
            if !self.is_entry_or_end()? {
                self.at = self.segment.len();
            }
            let lost = self.at - entry;
            care.damaged(Error::Wal { path: self.segment.path(), offset: entry, reason, lost })?;
            return Ok(true);
        }
        operations(kind, &self.buffers.plain, each)?;
        Ok(true)
    }

    /// Tells whether a whole entry follows, or the end.
    fn is_entry_or_end(&mut self) -> Result<bool, Error> {
        let left = self.segment.len() - self.at;
        if left < HEAD {
            return Ok(left == 0);
        }
        let mut head = [0; 5];
        self.segment.read(self.at, &mut head)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        if Kind::from_byte(kind).is_none() || u64::from(length) > left - HEAD {
            return Ok(false);
        }
        self.buffers.packed.resize(length as usize, 0);
        self.segment.read(self.at + HEAD, &mut self.buffers.packed)?;
        Ok(snappy::length(&self.buffers.packed) == Some(self.buffers.packed.len()))
    }

    /// Tells whether only zeros follow.
    fn is_zeros(&mut self) -> Result<bool, Error> {
        let mut at = self.at;
        while at < self.segment.len() {
            let count = (self.segment.len() - at).min(1 << 16);
            self.buffers.packed.resize(usize::try_from(count).unwrap_or(0), 0);
            self.segment.read(at, &mut self.buffers.packed)?;
            if self.buffers.packed.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += count;
        }
        Ok(true)
    }

    /// Takes an entry that the segment has no room for: torn, if no more of it was ever written.
    fn torn(&mut self, care: &mut Care) -> Result<bool, Error> {
        let left = self.segment.len() - self.at;
        if !self.may_be_torn {
            return self.stop(care, "it ends within an entry, but the log goes on in another segment");
        }
        if left > HEAD {
            let body = usize::try_from(left - HEAD).unwrap_or(usize::MAX);
            self.buffers.packed.resize(body, 0);
            self.segment.read(self.at + HEAD, &mut self.buffers.packed)?;
            // Snappy knows its own end: a whole block here has a wrong length before it.
            if snappy::length(&self.buffers.packed).is_some_and(|length| length > 1) {
                return self.stop(care, "the length of an entry is wrong");
            }
        }
        care.notice(Notice::TornEnd { path: self.segment.path(), offset: self.at, bytes: left });
        Ok(false)
    }

    /// Gives the rest of the segment up.
    fn stop(&mut self, care: &mut Care, reason: &'static str) -> Result<bool, Error> {
        let lost = self.segment.len() - self.at;
        care.damaged(Error::Wal { path: self.segment.path(), offset: self.at, reason, lost })?;
        Ok(false)
    }
}

/// Tells whether an entry can be walked to its very end.
fn well_formed(kind: Kind, plain: &[u8]) -> bool {
    walk(kind, plain, &mut |_| Ok(())).is_ok_and(|complete| complete)
}

/// Shows the operations of a well-formed entry.
fn operations(
    kind: Kind,
    plain: &[u8],
    each: &mut dyn FnMut(Op<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    walk(kind, plain, each).map(|_| ())
}

/// Walks an entry; returns false where it is not well formed.
fn walk(
    kind: Kind,
    mut rest: &[u8],
    each: &mut dyn FnMut(Op<'_>) -> Result<(), Error>,
) -> Result<bool, Error> {
    match kind {
        Kind::Write => {
            while !rest.is_empty() {
                let Some(put) = take_put(&mut rest) else { return Ok(false) };
                each(put)?;
            }
        }
        Kind::DeleteKeys => {
            for key in rest.split(|byte| *byte == b'\n') {
                // Deletes of a range, taken for these, would have zeros in their lengths.
                if key.contains(&0) || memchr::memmem::find(key, SEPARATOR).is_none() {
                    return Ok(false);
                }
                each(Op::Delete { key, min: i64::MIN, max: i64::MAX })?;
            }
        }
        Kind::DeleteRange => {
            let (Some(min), Some(max)) = (take_time(&mut rest), take_time(&mut rest)) else {
                return Ok(false);
            };
            if rest.is_empty() {
                return Ok(false);
            }
            while !rest.is_empty() {
                let Some(key) = take_long_key(&mut rest) else { return Ok(false) };
                each(Op::Delete { key, min, max })?;
            }
        }
    }
    Ok(true)
}

/// Takes `u8 type | u16 length | key | u32 points | points`.
fn take_put<'a>(rest: &mut &'a [u8]) -> Option<Op<'a>> {
    let ([kind, high, low], after) = rest.split_first_chunk::<3>()?;
    let kind = Type::from_wal(*kind)?;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (key, after) = after.split_at_checked(length)?;
    let (points, mut after) = after.split_first_chunk::<4>()?;
    let points = u32::from_be_bytes(*points);
    if key.is_empty() || points == 0 {
        return None;
    }
    let start = after;
    for _ in 0..points {
        take_point(&mut after, kind)?;
    }
    *rest = after;
    let bytes = start.get(..start.len() - after.len())?;
    Some(Op::Put { key, kind, points, bytes })
}

fn take_time(rest: &mut &[u8]) -> Option<i64> {
    let (time, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(i64::from_be_bytes(*time))
}

/// Takes `u32 length | key`.
fn take_long_key<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (key, after) = after.split_at_checked(length)?;
    *rest = after;
    (!key.is_empty() && u16::try_from(length).is_ok()).then_some(key)
}
