//! Walks one field of one series through all files: each time once, with its last value.

use super::block::Block;
use super::error::Error;
use super::gather::{Blocks, Gathered, Part, Place};
use super::index::{Entry, IndexCursor};
use super::notice::Care;
use super::ranges::contains;
use super::runs::RunBlock;
use super::value::{Type, Values};

/// What walking a field needs beside the field itself.
#[derive(Debug)]
pub(super) struct Loader<'a> {
    pub(super) blocks: &'a [Blocks],
    pub(super) gathered: &'a Gathered,
    pub(super) pool: &'a mut Pool,
    pub(super) care: &'a mut Care,
    /// The first and last time asked for.
    pub(super) times: (i64, i64),
}

/// Blocks that can be reused, and what all of them hold.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: Vec<Block>,
    bytes: Vec<u8>,
    order: Vec<Candidate>,
    /// Bytes of all blocks that are in use.
    pub(super) used: usize,
}

impl Pool {
    /// Bytes of blocks that are kept for reuse. More are given back.
    const KEPT: usize = 4 << 20;

    fn take(&mut self) -> Block {
        self.free.pop().unwrap_or_default()
    }

    fn give(&mut self, block: Block) {
        let kept: usize = block.memory() * (self.free.len() + 1);
        if kept <= Self::KEPT {
            self.free.push(block);
        }
    }
}

/// A block that is not yet loaded.
#[derive(Debug, Clone, Copy)]
enum Head {
    Tsm(Entry),
    Run(RunBlock),
}

impl Head {
    fn times(&self) -> (i64, i64) {
        match self {
            Self::Tsm(entry) => (entry.min, entry.max),
            Self::Run(block) => (block.min, block.max),
        }
    }
}

/// Walks the blocks of one part, in the order of their times.
#[derive(Debug)]
struct PartCursor {
    part: Part,
    /// The next block, if there is one.
    head: Option<Head>,
    /// The number of the next entry in the index.
    next: usize,
    /// Entries read again, and the number of the first.
    again: (usize, Vec<Entry>),
    /// Where the next block of a run is.
    at: u64,
    /// The first time of the block before. Blocks of a damaged index that go back in time are left out.
    floor: i64,
}

impl PartCursor {
    fn new(part: &Part) -> Self {
        let at = if let Place::Run { start, .. } = part.place { start } else { 0 };
        Self { part: part.clone(), head: None, next: 0, again: (0, Vec::new()), at, floor: i64::MIN }
    }

    /// Goes to the next block that may hold a time that is asked for.
    fn advance(&mut self, loader: &mut Loader<'_>) -> Result<(), Error> {
        loop {
            self.head = self.next_head(loader)?;
            let Some(head) = &self.head else { return Ok(()) };
            let (min, max) = head.times();
            let ranges = loader.gathered.deletes.get(self.part.deletes.clone()).unwrap_or_default();
            let gone = ranges.iter().any(|range| range.0 <= min && max <= range.1);
            let (from, to) = loader.times;
            if max >= from && min <= to && !gone && min >= self.floor {
                self.floor = min;
                return Ok(());
            }
        }
    }

    fn next_head(&mut self, loader: &Loader<'_>) -> Result<Option<Head>, Error> {
        match (&self.part.place, loader.blocks.get(self.part.source)) {
            (Place::Tsm { count, at, kept, .. }, Some(Blocks::Tsm(file))) => {
                while self.next < *count {
                    let nth = self.next;
                    let (first, again) = &mut self.again;
                    let entry = if nth < kept.len() {
                        loader.gathered.entries.get(kept.start + nth).copied()
                    } else {
                        if nth < *first || nth - *first >= again.len() {
                            again.clear();
                            *first = nth;
                            let some = (*count - nth).min(IndexCursor::KEPT);
                            file.entries(*at + (nth * Entry::SIZE) as u64, some, again)?;
                        }
                        again.get(nth - *first).copied()
                    };
                    self.next += 1;
                    // One that lies outside was told of when the index was read.
                    if let Some(entry) = entry.filter(|entry| entry.is_within(file.index_start())) {
                        return Ok(Some(Head::Tsm(entry)));
                    }
                }
                Ok(None)
            }
            (Place::Run { end, .. }, Some(Blocks::Run(run))) if self.at < *end => {
                let block = RunBlock::read(run, self.at)?;
                self.at = block.end();
                Ok(Some(Head::Run(block)))
            }
            _ => Ok(None),
        }
    }
}

/// A block in memory, some of it perhaps walked.
#[derive(Debug)]
struct Loaded {
    block: Block,
    /// Which part of the field it is from; of one part the later loaded is the newer.
    part: usize,
    /// The next position, and the one behind the last.
    at: usize,
    end: usize,
}

impl Loaded {
    fn time(&self, at: usize) -> i64 {
        self.block.times.get(at).copied().unwrap_or(i64::MAX)
    }

    /// Returns the first position from `self.at` on whose time is not before `time`.
    fn position(&self, time: i64) -> usize {
        let times = self.block.times.get(self.at..self.end).unwrap_or_default();
        self.at + times.partition_point(|t| *t < time)
    }
}

/// A row of points in one loaded block, to be walked next.
#[derive(Debug, Clone, Copy)]
struct Span {
    slot: usize,
    at: usize,
    end: usize,
}

/// A point that competes with others of the same time.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    time: i64,
    slot: u32,
    at: u32,
}

/// Walks a field.
#[derive(Debug)]
pub(super) struct Field {
    /// Which field of the series.
    pub(super) number: usize,
    parts: Vec<PartCursor>,
    /// Oldest first.
    loaded: Vec<Loaded>,
    spans: Vec<Span>,
    span: usize,
}

impl Field {
    /// Opens a field and goes to its first point, if it has one.
    pub(super) fn open(number: usize, loader: &mut Loader<'_>) -> Result<Self, Error> {
        let parts = loader.gathered.fields.get(number).map(|field| field.parts.clone()).unwrap_or_default();
        let parts = loader.gathered.parts.get(parts).unwrap_or_default();
        let mut field = Self {
            number,
            parts: parts.iter().map(PartCursor::new).collect(),
            loaded: Vec::new(),
            spans: Vec::new(),
            span: 0,
        };
        for part in &mut field.parts {
            part.advance(loader)?;
        }
        field.refill(loader)?;
        Ok(field)
    }

    /// Returns the time of the current point, or `None` behind the last one.
    pub(super) fn time(&self) -> Option<i64> {
        let span = self.spans.get(self.span)?;
        self.loaded.get(span.slot)?.block.times.get(span.at).copied()
    }

    /// Returns the times of the current point and those after it that are at hand.
    pub(super) fn times(&self) -> &[i64] {
        let times = || {
            let span = self.spans.get(self.span)?;
            self.loaded.get(span.slot)?.block.times.get(span.at..span.end)
        };
        times().unwrap_or_default()
    }

    /// Returns a column of values and where in it the current point is.
    pub(super) fn values(&self) -> Option<(&Values, usize)> {
        let span = self.spans.get(self.span)?;
        Some((&self.loaded.get(span.slot)?.block.values, span.at))
    }

    /// Goes on by so many points, at most as many as are at hand.
    pub(super) fn advance(&mut self, count: usize, loader: &mut Loader<'_>) -> Result<(), Error> {
        if let Some(span) = self.spans.get_mut(self.span) {
            span.at += count;
            if span.at < span.end {
                return Ok(());
            }
            self.span += 1;
        }
        if self.span >= self.spans.len() { self.refill(loader) } else { Ok(()) }
    }

    /// Gives the memory back.
    pub(super) fn close(&mut self, pool: &mut Pool) {
        for loaded in self.loaded.drain(..) {
            pool.used -= loaded.block.memory();
            pool.give(loaded.block);
        }
        self.spans.clear();
    }

    /// Finds the next points to walk: those before any block that is not yet loaded.
    fn refill(&mut self, loader: &mut Loader<'_>) -> Result<(), Error> {
        self.spans.clear();
        self.span = 0;
        loop {
            self.drop_walked(loader.pool);
            let unread = self.parts.iter().filter_map(|part| part.head.map(|head| head.times().0)).min();
            let first = self.loaded.iter().map(|loaded| loaded.time(loaded.at)).min();
            match (first, unread) {
                (None, None) => return Ok(()),
                // Equal times compete, so both blocks are needed.
                (Some(first), Some(unread)) if unread <= first => self.load(unread, loader)?,
                (None, Some(unread)) => self.load(unread, loader)?,
                (Some(_), _) => {
                    self.walk(unread, loader);
                    if !self.spans.is_empty() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn drop_walked(&mut self, pool: &mut Pool) {
        if self.loaded.iter().all(|loaded| loaded.at < loaded.end) {
            return;
        }
        let mut kept = Vec::with_capacity(self.loaded.len());
        for loaded in self.loaded.drain(..) {
            if loaded.at < loaded.end {
                kept.push(loaded);
            } else {
                pool.used -= loaded.block.memory();
                pool.give(loaded.block);
            }
        }
        self.loaded = kept;
    }

    /// Loads the next block that begins at `time`, of the oldest part that has one.
    fn load(&mut self, time: i64, loader: &mut Loader<'_>) -> Result<(), Error> {
        let next = |part: &PartCursor| part.head.is_some_and(|head| head.times().0 == time);
        let Some((nth, part)) = self.parts.iter_mut().enumerate().find(|(_, part)| next(part)) else {
            return Ok(());
        };
        let mut block = loader.pool.take();
        let result = read(part, self.number, &mut block, loader);
        part.advance(loader)?;
        match result {
            Err(error @ (Error::Block { .. } | Error::Checksum { .. } | Error::Disagree { .. })) => {
                loader.pool.give(block);
                return loader.care.damaged(error);
            }
            other => other?,
        }
        if !block.is_ascending() {
            block = ascending(&block);
        }
        let (from, to) = loader.times;
        let at = block.times.partition_point(|t| *t < from);
        let end = block.times.partition_point(|t| *t <= to);
        loader.pool.used += block.memory();
        let place = self.loaded.partition_point(|loaded| loaded.part <= nth);
        self.loaded.insert(place, Loaded { block, part: nth, at, end: end.max(at) });
        Ok(())
    }

    /// Makes spans of all points before `unread`, and marks them as walked.
    fn walk(&mut self, unread: Option<i64>, loader: &mut Loader<'_>) {
        let end = |loaded: &Loaded| unread.map_or(loaded.end, |time| loaded.position(time));
        if let [only] = self.loaded.as_mut_slice() {
            let end = end(only);
            let deletes = deletes_of(&self.parts, only.part, loader.gathered);
            spans_between(&only.block.times, only.at, end, deletes, &mut self.spans);
            only.at = end;
            return;
        }
        let order = &mut loader.pool.order;
        order.clear();
        for (slot, loaded) in self.loaded.iter_mut().enumerate() {
            let end = end(loaded);
            let deletes = deletes_of(&self.parts, loaded.part, loader.gathered);
            let times = loaded.block.times.get(loaded.at..end).unwrap_or_default();
            for (at, time) in (loaded.at..end).zip(times) {
                if !contains(deletes, *time) {
                    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                    order.push(Candidate { time: *time, slot: small(slot), at: small(at) });
                }
            }
            loaded.at = end;
        }
        // Stable, and slots are in the order of age: of equal times the newest is last.
        order.sort_by_key(|candidate| candidate.time);
        for (nth, candidate) in order.iter().enumerate() {
            if order.get(nth + 1).is_some_and(|next| next.time == candidate.time) {
                continue;
            }
            let (slot, at) = (candidate.slot as usize, candidate.at as usize);
            match self.spans.last_mut() {
                Some(span) if span.slot == slot && span.end == at => span.end += 1,
                _ => self.spans.push(Span { slot, at, end: at + 1 }),
            }
        }
    }
}

/// Reads the next block of a part and checks its type against the index.
fn read(
    part: &mut PartCursor,
    field: usize,
    block: &mut Block,
    loader: &mut Loader<'_>,
) -> Result<(), Error> {
    let gathered = loader.gathered;
    let key = || gathered.fields.get(field).map(|field| gathered.key(field)).unwrap_or_default();
    match (part.head, loader.blocks.get(part.part.source)) {
        (Some(Head::Tsm(entry)), Some(Blocks::Tsm(file))) => {
            file.block(&key, &entry, &mut loader.pool.bytes, block)?;
            let Place::Tsm { kind, .. } = part.part.place else { return Ok(()) };
            // Writers take the type of the first block. Later blocks may differ and are right.
            if part.next == 1 && Type::from_block(kind) != Some(block.values.kind()) {
                let lost = Box::new(entry.lost(key()));
                let (path, offset) = (file.path(), entry.offset);
                // The block is sound and stays where damage is salvaged.
                loader.care.damaged(Error::Disagree { path, offset, what: "the type", lost })?;
            }
            Ok(())
        }
        (Some(Head::Run(head)), Some(Blocks::Run(run))) => head.load(run, &mut loader.pool.bytes, block),
        _ => Ok(()),
    }
}

fn deletes_of<'g>(parts: &[PartCursor], part: usize, gathered: &'g Gathered) -> &'g [(i64, i64)] {
    parts.get(part).and_then(|part| gathered.deletes.get(part.part.deletes.clone())).unwrap_or_default()
}

/// Appends the positions from `at` to `end` whose times are in none of `deletes`.
fn spans_between(times: &[i64], mut at: usize, end: usize, deletes: &[(i64, i64)], spans: &mut Vec<Span>) {
    let times = times.get(..end).unwrap_or(times);
    for (min, max) in deletes {
        let from = at + times.get(at..).unwrap_or_default().partition_point(|t| t < min);
        let to = from + times.get(from..).unwrap_or_default().partition_point(|t| t <= max);
        if from > at {
            spans.push(Span { slot: 0, at, end: from });
        }
        at = to;
    }
    if at < end {
        spans.push(Span { slot: 0, at, end });
    }
}

/// Puts the points of a block in order; of equal times the one written last stays, as in the server.
fn ascending(block: &Block) -> Block {
    let mut order: Vec<usize> = (0..block.times.len()).collect();
    order.sort_by_key(|at| block.times.get(*at));
    let mut sorted = Block::default();
    sorted.reset(block.values.kind());
    for (nth, at) in order.iter().enumerate() {
        let time = block.times.get(*at);
        let overwritten = order.get(nth + 1).is_some_and(|next| block.times.get(*next) == time);
        if let (false, Some(time), Some(value)) = (overwritten, time, block.values.get(*at)) {
            sorted.push(*time, value);
        }
    }
    sorted
}
