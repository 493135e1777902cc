//! Walks a sorted run, key by key and block by block.

use super::super::block::Block;
use super::super::error::Error;
use super::super::extent::{Extent, Window};
use super::super::value::Type;
use super::take_point;

/// Walks the keys of a run.
#[derive(Debug)]
pub(in crate::source::tsm) struct RunCursor {
    window: Window,
    at: u64,
    key: Vec<u8>,
    deletes: Vec<(i64, i64)>,
    blocks: (u64, u64),
    live: bool,
}

/// A block of a run, not yet read.
#[derive(Debug, Clone, Copy)]
pub(in crate::source::tsm) struct RunBlock {
    /// The first time.
    pub(in crate::source::tsm) min: i64,
    /// The last time.
    pub(in crate::source::tsm) max: i64,
    /// The type of its values.
    pub(in crate::source::tsm) kind: Type,
    /// The number of points.
    pub(in crate::source::tsm) points: u32,
    at: u64,
    bytes: u32,
}

impl RunCursor {
    pub(in crate::source::tsm) fn new(extent: Extent, window: usize) -> Self {
        Self {
            window: Window::new(extent, window),
            at: 0,
            key: Vec::new(),
            deletes: Vec::new(),
            blocks: (0, 0),
            live: true,
        }
    }

    /// Returns the current key.
    pub(in crate::source::tsm) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Returns what is deleted for the current key from earlier runs: sorted, disjoint, both ends included.
    pub(in crate::source::tsm) fn deletes(&self) -> &[(i64, i64)] {
        &self.deletes
    }

    /// Returns where the blocks of the current key begin and end in the run.
    pub(in crate::source::tsm) fn blocks(&self) -> (u64, u64) {
        self.blocks
    }

    /// Goes to `key`, if the run has it, or to the first key behind it. Keys asked for ascend.
    pub(in crate::source::tsm) fn seek(&mut self, key: &[u8]) -> Result<bool, Error> {
        while self.live && self.key.as_slice() < key {
            self.advance()?;
        }
        Ok(self.live && self.key == key)
    }

    /// Goes to the next key. Returns false at the end.
    pub(in crate::source::tsm) fn advance(&mut self) -> Result<bool, Error> {
        if self.at >= self.window.extent().len() {
            self.live = false;
            return Ok(false);
        }
        let length = u16::from_be_bytes(self.take()?);
        self.key.clear();
        self.key.extend_from_slice(self.window.get(self.at, usize::from(length))?);
        self.at += u64::from(length);
        let deletes = u32::from_be_bytes(self.take()?);
        let bytes = u64::from_be_bytes(self.take()?);
        self.deletes.clear();
        for _ in 0..deletes {
            let range = (i64::from_be_bytes(self.take()?), i64::from_be_bytes(self.take()?));
            self.deletes.push(range);
        }
        self.blocks = (self.at, self.at + bytes);
        self.at += bytes;
        Ok(true)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.window.get(self.at, N)?);
        self.at += N as u64;
        Ok(bytes)
    }
}

impl RunBlock {
    /// Bytes before the points of a block.
    const HEAD: usize = 8 + 8 + 1 + 4 + 4;

    /// Reads where a block is and what times it covers.
    pub(in crate::source::tsm) fn read(run: &Extent, at: u64) -> Result<Self, Error> {
        let mut head = [0; Self::HEAD];
        run.read(at, &mut head)?;
        let mut rest = head.as_slice();
        let mut take = |count: usize| {
            let (field, after) = rest.split_at(count);
            rest = after;
            field.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let (min, max) = (take(8).cast_signed(), take(8).cast_signed());
        let kind = match take(1) {
            0 => Type::Float,
            1 => Type::Integer,
            2 => Type::Unsigned,
            3 => Type::Boolean,
            _ => Type::String,
        };
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let (points, bytes) = (small(take(4)), small(take(4)));
        Ok(Self { min, max, kind, points, at: at + Self::HEAD as u64, bytes })
    }

    /// Returns where the next block begins.
    pub(in crate::source::tsm) fn end(&self) -> u64 {
        self.at + u64::from(self.bytes)
    }

    /// Reads the points into `block`. `bytes` is reused.
    pub(in crate::source::tsm) fn load(
        &self,
        run: &Extent,
        bytes: &mut Vec<u8>,
        block: &mut Block,
    ) -> Result<(), Error> {
        bytes.resize(self.bytes as usize, 0);
        run.read(self.at, bytes)?;
        block.reset(self.kind);
        let mut rest = bytes.as_slice();
        while let Some((time, value)) = take_point(&mut rest, self.kind) {
            block.push(time, value);
        }
        Ok(())
    }
}
