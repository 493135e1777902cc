//! The index of a TSM file, walked key by key through a buffer.
//!
//! ```text
//! u16 length of the key | key | u8 type | u16 blocks | blocks x (i64 min, i64 max, u64 offset, u32 size)
//! ```
//!
//! Keys ascend. The index has no checksum: order, bounds and coverage are checked here, types and times against
//! the blocks when they are read.

use super::error::{Error, Lost};
use super::extent::{Extent, Window};
use super::file::FIRST_BLOCK;
use super::notice::Care;
use super::value::Type;
use std::path::PathBuf;

/// Where a block is and what times it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The first time.
    pub(super) min: i64,
    /// The last time.
    pub(super) max: i64,
    /// Where the block begins in the file.
    pub(super) offset: u64,
    /// Bytes, the checksum's four included.
    pub(super) size: u32,
}

impl Entry {
    /// Bytes of an entry in the index.
    pub(super) const SIZE: usize = 28;

    /// The smallest block: checksum, type, length of the times, and a byte each of times and values.
    const SMALLEST: u32 = 8;

    /// Tells whether the block can be where the entry says, given where blocks end.
    pub(super) fn is_within(&self, blocks_end: u64) -> bool {
        self.size >= Self::SMALLEST
            && self.offset >= FIRST_BLOCK
            && self.offset.checked_add(u64::from(self.size)).is_some_and(|end| end <= blocks_end)
    }

    pub(super) fn parse(bytes: &[u8; Self::SIZE]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_be_bytes(word)
        };
        let size = u32::from_be_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
        Self { min: word(0).cast_signed(), max: word(8).cast_signed(), offset: word(16), size }
    }
}

/// Walks an index. Holds one key at a time and the first entries of it.
#[derive(Debug)]
pub(super) struct IndexCursor {
    window: Window,
    /// Where the next key begins.
    at: u64,
    /// Where the index ends.
    end: u64,
    /// Where blocks end.
    blocks_end: u64,
    /// Where the next block begins: writers leave no gap.
    next_block: u64,
    key: Vec<u8>,
    /// The key that is being read; becomes `key` when it is sound.
    next: Vec<u8>,
    /// The type in the index; blocks have their own.
    kind: u8,
    count: usize,
    entries_at: u64,
    entries: Vec<Entry>,
}

impl IndexCursor {
    /// How many entries of a key are kept. More are read again when they are needed.
    pub(super) const KEPT: usize = 64;

    pub(super) fn new(extent: Extent, start: u64, end: u64, window: usize) -> Self {
        Self {
            window: Window::new(extent, window),
            at: start,
            end,
            blocks_end: start,
            next_block: FIRST_BLOCK,
            key: Vec::new(),
            next: Vec::new(),
            kind: 0,
            count: 0,
            entries_at: 0,
            entries: Vec::new(),
        }
    }

    /// Returns the path of the file, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.window.extent().path()
    }

    /// Returns the current key.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Returns the type byte of the current key.
    pub(super) fn kind(&self) -> u8 {
        self.kind
    }

    /// Returns the first entries of the current key, at most [`Self::KEPT`].
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns how many entries the current key has, and where in the file they are.
    pub(super) fn all_entries(&self) -> (usize, u64) {
        (self.count, self.entries_at)
    }

    /// Goes to the next key and shows every entry of it to `each`. Returns false at the end.
    ///
    /// Where the index is damaged and `care` goes on, the rest of it is lost.
    pub(super) fn advance(&mut self, care: &mut Care, each: &mut dyn FnMut(&Entry)) -> Result<bool, Error> {
        match self.step(care, each) {
            Ok(more) => Ok(more),
            Err(error @ Error::Index { .. }) => {
                self.at = self.end;
                self.next_block = self.blocks_end;
                care.damaged(error).map(|()| false)
            }
            Err(error) => Err(error),
        }
    }

    fn step(&mut self, care: &mut Care, each: &mut dyn FnMut(&Entry)) -> Result<bool, Error> {
        if self.at >= self.end {
            if self.next_block != self.blocks_end {
                return Err(self.damaged(self.at, "the last blocks belong to no key"));
            }
            return Ok(false);
        }
        let start = self.at;
        let length = usize::from(u16::from_be_bytes(self.take(start)?));
        if length == 0 {
            return Err(self.damaged(start, "a key is empty"));
        }
        let head = start + 2 + length as u64;
        if head > self.end {
            return Err(self.damaged(start, "a key is longer than the index"));
        }
        self.next.clear();
        self.next.extend_from_slice(self.window.get(start + 2, length)?);
        if self.next <= self.key {
            return Err(self.damaged(start, "its keys do not ascend"));
        }
        let [kind, high, low] = self.take(head)?;
        let count = usize::from(u16::from_be_bytes([high, low]));
        let entries_at = head + 3;
        let entries_end = entries_at + (count * Entry::SIZE) as u64;
        if Type::from_block(kind).is_none() {
            return Err(self.damaged(head, "a key has an unknown type"));
        }
        if count == 0 || entries_end > self.end {
            return Err(self.damaged(head, "a key has no blocks, or more than the index can hold"));
        }
        std::mem::swap(&mut self.key, &mut self.next);
        (self.kind, self.count, self.entries_at) = (kind, count, entries_at);
        self.read_entries(care, each)?;
        self.at = entries_end;
        Ok(true)
    }

    /// Reads and checks the entries of the current key.
    fn read_entries(&mut self, care: &mut Care, each: &mut dyn FnMut(&Entry)) -> Result<(), Error> {
        self.entries.clear();
        let mut last_min = i64::MIN;
        for nth in 0..self.count {
            let at = self.entries_at + (nth * Entry::SIZE) as u64;
            let entry = Entry::parse(&self.take(at)?);
            let wrong = if !entry.is_within(self.blocks_end) {
                Some("a block lies outside the file's blocks")
            } else if entry.min > entry.max || entry.min < last_min {
                Some("the times of a key's blocks do not ascend")
            } else if entry.offset != self.next_block {
                Some("a block does not begin where the one before it ends")
            } else {
                None
            };
            last_min = last_min.max(entry.min);
            self.next_block = entry.offset.saturating_add(u64::from(entry.size)).min(self.blocks_end);
            if let Some(reason) = wrong {
                let lost = Box::new(entry.lost(self.key.clone()));
                let path = self.window.extent().path();
                care.damaged(Error::Index { path, offset: at, reason, lost })?;
            }
            each(&entry);
            if nth < Self::KEPT {
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    fn take<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Error> {
        if self.end.saturating_sub(at) < N as u64 {
            return Err(self.damaged(at, "it ends within a key"));
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.window.get(at, N)?);
        Ok(bytes)
    }

    fn damaged(&self, offset: u64, reason: &'static str) -> Error {
        let lost = Box::new(Lost { key: self.key.clone(), times: None });
        Error::Index { path: self.window.extent().path(), offset, reason, lost }
    }
}
