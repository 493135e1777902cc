//! What a shard holds, found out from indexes and the headers of blocks: no value is decoded.

use super::error::Error;
use super::export::Watch;
use super::gather::{Blocks, Gathered, Input, KeyMerge, Place};
use super::index::Entry;
use super::notice::{Care, Notice};
use super::runs::RunBlock;
use super::value::Type;
use std::collections::BTreeMap;

/// What a shard holds.
#[derive(Debug, Default)]
pub struct ShardFacts {
    /// Bytes of TSM files and tombstones.
    pub tsm_bytes: u64,
    /// Bytes of the log.
    pub wal_bytes: u64,
    /// Series with at least one block.
    pub series: u64,
    /// Blocks, in TSM files and in the sorted log.
    pub blocks: u64,
    /// Values in all blocks.
    pub values: u64,
    /// Whether `values` counts no value twice and none that is deleted. Otherwise it is an upper bound.
    pub exact: bool,
    /// The first and last time; `None` for an empty shard. Deleted points count where a block has others.
    pub times: Option<(i64, i64)>,
    /// What was noticed.
    pub notices: Vec<Notice>,
}

/// A field of a series with at least one block.
#[derive(Debug)]
pub(super) struct FieldFound<'a> {
    pub(super) series: &'a [u8],
    pub(super) field: &'a [u8],
    /// Values of each type.
    pub(super) values: BTreeMap<Type, u64>,
}

/// Scans the files of a shard and shows every field of every series to `each`, in the order of their keys.
pub(super) fn scan(
    inputs: Vec<Input>,
    care: &mut Care,
    watch: &Watch,
    each: &mut dyn FnMut(FieldFound<'_>),
) -> Result<ShardFacts, Error> {
    let mut facts = ShardFacts { exact: true, ..ShardFacts::default() };
    let (mut keys, blocks) = KeyMerge::new(inputs, care)?;
    let mut scanner = Scanner { blocks: &blocks, bytes: Vec::new(), entries: Vec::new() };
    let (mut gathered, mut last) = (Gathered::default(), Vec::new());
    while keys.next(&mut gathered, care)? {
        watch.check()?;
        let before = facts.blocks;
        for number in 0..gathered.fields.len() {
            scanner.field(&gathered, number, &mut facts, care, each)?;
        }
        // A very wide series comes in several parts.
        if facts.blocks > before && last != gathered.prefix {
            facts.series += 1;
            last.clone_from(&gathered.prefix);
        }
        watch.add(gathered.bytes());
    }
    Ok(facts)
}

struct Scanner<'a> {
    blocks: &'a [Blocks],
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// Times of the blocks of a field that were seen so far, to notice when blocks overlap.
struct Seen {
    /// The latest time in the parts before this one, and the earliest.
    before: Option<(i64, i64)>,
    /// The same of this part.
    here: Option<(i64, i64)>,
    overlap: bool,
}

impl Seen {
    fn add(&mut self, min: i64, max: i64) {
        let clash = |seen: Option<(i64, i64)>| seen.is_some_and(|(from, to)| min <= to && from <= max);
        self.overlap |= clash(self.before) || clash(self.here);
        self.here = Some(union(self.here, min, max));
    }

    fn next_part(&mut self) {
        if let Some((min, max)) = self.here.take() {
            self.before = Some(union(self.before, min, max));
        }
    }
}

fn union(times: Option<(i64, i64)>, min: i64, max: i64) -> (i64, i64) {
    times.map_or((min, max), |(from, to)| (from.min(min), to.max(max)))
}

impl Scanner<'_> {
    fn field(
        &mut self,
        gathered: &Gathered,
        number: usize,
        facts: &mut ShardFacts,
        care: &mut Care,
        each: &mut dyn FnMut(FieldFound<'_>),
    ) -> Result<(), Error> {
        let Some(field) = gathered.fields.get(number) else { return Ok(()) };
        let key = gathered.key(field);
        let mut values = BTreeMap::new();
        let mut seen = Seen { before: None, here: None, overlap: false };
        for part in gathered.parts.get(field.parts.clone()).unwrap_or_default() {
            let deletes = gathered.deletes.get(part.deletes.clone()).unwrap_or_default();
            let mut add = |min: i64, max: i64, kind: Type, points: u64| {
                let hit = deletes.iter().any(|range| range.0 <= max && min <= range.1);
                if deletes.iter().any(|range| range.0 <= min && max <= range.1) {
                    return;
                }
                facts.exact &= !hit;
                facts.blocks += 1;
                facts.times = Some(union(facts.times, min, max));
                *values.entry(kind).or_default() += points;
                seen.add(min, max);
            };
            match (&part.place, self.blocks.get(part.source)) {
                (Place::Tsm { count, at, kept, .. }, Some(Blocks::Tsm(file))) => {
                    let mut first = 0;
                    while first < *count {
                        self.entries.clear();
                        if first == 0 {
                            self.entries
                                .extend_from_slice(gathered.entries.get(kept.clone()).unwrap_or_default());
                        } else {
                            let some = (*count - first).min(1024);
                            file.entries(*at + (first * Entry::SIZE) as u64, some, &mut self.entries)?;
                        }
                        first += self.entries.len().max(1);
                        for entry in self.entries.iter().filter(|entry| entry.is_within(file.index_start())) {
                            match file.header(&key, entry, &mut self.bytes) {
                                Ok(header) => add(entry.min, entry.max, header.kind, header.points as u64),
                                Err(error @ Error::Block { .. }) => care.damaged(error)?,
                                Err(error) => return Err(error),
                            }
                        }
                    }
                }
                (Place::Run { start, end }, Some(Blocks::Run(run))) => {
                    let mut at = *start;
                    while at < *end {
                        let block = RunBlock::read(run, at)?;
                        add(block.min, block.max, block.kind, u64::from(block.points));
                        at = block.end();
                    }
                }
                _ => {}
            }
            seen.next_part();
        }
        facts.exact &= !seen.overlap;
        facts.values += values.values().sum::<u64>();
        if !values.is_empty() {
            each(FieldFound { series: gathered.series(), field: gathered.name(field), values });
        }
        Ok(())
    }
}
