//! Merges the keys of many files: each series comes once, with all its fields and where their blocks are.

use super::error::Error;
use super::extent::Extent;
use super::file::TsmFile;
use super::index::{Entry, IndexCursor};
use super::key::{self, SEPARATOR};
use super::notice::{Care, Notice};
use super::ranges::Ranges;
use super::runs::RunCursor;
use std::ops::Range;

/// Bytes of one buffer to read keys through, and of all of them together.
const WINDOW: usize = 64 << 10;
const ALL_WINDOWS: usize = 8 << 20;

/// What is known of a series before it is read takes at most about this much memory; a series with more fields
/// comes in several parts.
const MOST: usize = 4 << 20;

/// A file to merge, in the order of age.
#[derive(Debug)]
pub(super) enum Input {
    /// A TSM file and its tombstones.
    Tsm { file: TsmFile, tombstones: Vec<Extent> },
    /// A sorted run of a log. Its deletes hit earlier runs of the same log.
    Run { extent: Extent, log: usize },
}

/// Where blocks are read from.
#[derive(Debug)]
pub(super) enum Blocks {
    Tsm(TsmFile),
    Run(Extent),
}

#[derive(Debug)]
enum Keys {
    Tsm { index: IndexCursor, tombstones: Vec<RunCursor> },
    Run { cursor: RunCursor, log: usize },
}

impl Keys {
    fn key(&self) -> &[u8] {
        match self {
            Self::Tsm { index, .. } => index.key(),
            Self::Run { cursor, .. } => cursor.key(),
        }
    }

    fn advance(&mut self, care: &mut Care) -> Result<bool, Error> {
        match self {
            Self::Tsm { index, .. } => index.advance(care, &mut |_| ()),
            Self::Run { cursor, .. } => cursor.advance(),
        }
    }
}

/// One file's share of a field.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Which file.
    pub(super) source: usize,
    pub(super) place: Place,
    /// Deleted times, in [`Gathered::deletes`].
    pub(super) deletes: Range<usize>,
}

/// Where the blocks of a part are.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In a TSM file: the type in its index, how many entries there and where, and the first of them in
    /// [`Gathered::entries`].
    Tsm { kind: u8, count: usize, at: u64, kept: Range<usize> },
    /// In a run.
    Run { start: u64, end: u64 },
}

/// A series, or a part of a very wide one.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Series key and separator.
    pub(super) prefix: Vec<u8>,
    pub(super) names: Vec<u8>,
    pub(super) fields: Vec<FieldParts>,
    pub(super) parts: Vec<Part>,
    pub(super) entries: Vec<Entry>,
    pub(super) deletes: Vec<(i64, i64)>,
}

/// A field of a series: its name and its parts, oldest first.
#[derive(Debug, Clone)]
pub(super) struct FieldParts {
    pub(super) name: Range<usize>,
    pub(super) parts: Range<usize>,
}

impl Gathered {
    /// Returns the series key.
    pub(super) fn series(&self) -> &[u8] {
        self.prefix.strip_suffix(SEPARATOR).unwrap_or_default()
    }

    /// Returns the name of a field.
    pub(super) fn name(&self, field: &FieldParts) -> &[u8] {
        self.names.get(field.name.clone()).unwrap_or_default()
    }

    /// Returns the composite key of a field.
    pub(super) fn key(&self, field: &FieldParts) -> Vec<u8> {
        [self.prefix.as_slice(), self.name(field)].concat()
    }

    /// Returns the bytes of all blocks; about, where the entries of a field are not all kept.
    pub(super) fn bytes(&self) -> u64 {
        let of_part = |place: &Place| match place {
            Place::Tsm { count, kept, .. } => {
                let entries = self.entries.get(kept.clone()).unwrap_or_default();
                let bytes: u64 = entries.iter().map(|entry| u64::from(entry.size)).sum();
                bytes * *count as u64 / (entries.len() as u64).max(1)
            }
            Place::Run { start, end } => end - start,
        };
        self.parts.iter().map(|part| of_part(&part.place)).sum()
    }

    fn clear(&mut self) {
        self.prefix.clear();
        self.names.clear();
        self.fields.clear();
        self.parts.clear();
        self.entries.clear();
        self.deletes.clear();
    }

    fn memory(&self) -> usize {
        self.names.len()
            + self.fields.len() * size_of::<FieldParts>()
            + self.parts.len() * size_of::<Part>()
            + self.entries.len() * size_of::<Entry>()
            + self.deletes.len() * size_of::<(i64, i64)>()
    }
}

/// Walks the keys of all files together.
#[derive(Debug)]
pub(super) struct KeyMerge {
    keys: Vec<Keys>,
    /// Files that have a key left, the smallest key last, of equal keys the oldest file last.
    order: Vec<usize>,
    /// Files that have the current key, oldest first.
    same: Vec<usize>,
    key: Vec<u8>,
}

impl KeyMerge {
    /// Opens the keys of `inputs`, which come oldest first.
    pub(super) fn new(inputs: Vec<Input>, care: &mut Care) -> Result<(Self, Vec<Blocks>), Error> {
        let window = (ALL_WINDOWS / inputs.len().max(1)).clamp(4 << 10, WINDOW);
        let (mut keys, mut blocks) = (Vec::new(), Vec::new());
        for input in inputs {
            match input {
                Input::Tsm { file, tombstones } => {
                    let tombstones = tombstones.into_iter().map(|run| RunCursor::new(run, window)).collect();
                    keys.push(Keys::Tsm { index: file.index(window), tombstones });
                    blocks.push(Blocks::Tsm(file));
                }
                Input::Run { extent, log } => {
                    keys.push(Keys::Run { cursor: RunCursor::new(extent.clone(), window), log });
                    blocks.push(Blocks::Run(extent));
                }
            }
        }
        let mut merge = Self { keys, order: Vec::new(), same: Vec::new(), key: Vec::new() };
        for source in 0..merge.keys.len() {
            merge.advance(source, care)?;
        }
        Ok((merge, blocks))
    }

    /// Goes to the next key of a file and puts the file where it belongs.
    fn advance(&mut self, source: usize, care: &mut Care) -> Result<(), Error> {
        if self.keys[source].advance(care)? {
            let rank = |source: usize| (self.keys[source].key(), source);
            let at = self.order.partition_point(|other| rank(*other) > rank(source));
            self.order.insert(at, source);
        }
        Ok(())
    }

    /// Takes the files that have the smallest key, and the key. Returns false at the end.
    fn take_key(&mut self) -> bool {
        let Some(first) = self.order.pop() else { return false };
        self.same.clear();
        self.same.push(first);
        self.key.clear();
        self.key.extend_from_slice(self.keys[first].key());
        while let Some(next) = self.order.pop_if(|next| self.keys[*next].key() == self.key) {
            self.same.push(next);
        }
        true
    }

    /// Gathers the next series into `to`. Returns false at the end.
    pub(super) fn next(&mut self, to: &mut Gathered, care: &mut Care) -> Result<bool, Error> {
        to.clear();
        while let Some(next) = self.order.last() {
            let key = self.keys[*next].key();
            let belongs = to.prefix.is_empty() || (key.starts_with(&to.prefix) && to.memory() < MOST);
            if !belongs || !self.take_key() {
                break;
            }
            self.gather(to, care)?;
            for nth in 0..self.same.len() {
                self.advance(self.same[nth], care)?;
            }
        }
        Ok(!to.prefix.is_empty())
    }

    /// Adds the current key to `to`.
    fn gather(&mut self, to: &mut Gathered, care: &mut Care) -> Result<(), Error> {
        if to.prefix.is_empty() {
            let (series, Some(_)) = key::split(&self.key) else {
                let path = self.same.first().and_then(|source| match &self.keys[*source] {
                    Keys::Tsm { index, .. } => Some(index.path()),
                    Keys::Run { .. } => None,
                });
                care.notice(Notice::NoField { path: path.unwrap_or_default(), key: self.key.clone() });
                return Ok(());
            };
            to.prefix.extend_from_slice(&self.key[..series.len() + SEPARATOR.len()]);
        }
        let name = to.names.len();
        to.names.extend_from_slice(self.key.get(to.prefix.len()..).unwrap_or_default());
        let first = to.parts.len();
        for nth in 0..self.same.len() {
            let source = self.same[nth];
            let from = to.deletes.len();
            let later = self.later_deletes(nth);
            match &mut self.keys[source] {
                Keys::Tsm { index, tombstones } => {
                    let mut deleted = Ranges::default();
                    for cursor in tombstones {
                        if cursor.seek(&self.key)? {
                            cursor.deletes().iter().for_each(|(min, max)| deleted.add(*min, *max));
                        }
                    }
                    to.deletes.extend_from_slice(deleted.as_slice());
                    let (count, at) = index.all_entries();
                    let kept = to.entries.len()..to.entries.len() + index.entries().len();
                    to.entries.extend_from_slice(index.entries());
                    let place = Place::Tsm { kind: index.kind(), count, at, kept };
                    to.parts.push(Part { source, place, deletes: from..to.deletes.len() });
                }
                Keys::Run { cursor, .. } => {
                    to.deletes.extend_from_slice(later.as_slice());
                    let (start, end) = cursor.blocks();
                    let place = Place::Run { start, end };
                    to.parts.push(Part { source, place, deletes: from..to.deletes.len() });
                }
            }
        }
        to.fields.push(FieldParts { name: name..to.names.len(), parts: first..to.parts.len() });
        Ok(())
    }

    /// Returns what later runs of the same log delete of the run that is the `nth` with the current key.
    fn later_deletes(&self, nth: usize) -> Ranges {
        let mut deleted = Ranges::default();
        let Some(Keys::Run { log, .. }) = self.same.get(nth).map(|source| &self.keys[*source]) else {
            return deleted;
        };
        for later in self.same.iter().skip(nth + 1) {
            if let Keys::Run { cursor, log: other } = &self.keys[*later]
                && other == log
            {
                cursor.deletes().iter().for_each(|(min, max)| deleted.add(*min, *max));
            }
        }
        deleted
    }
}
