//! Writes and deletes in the order they happened become runs sorted by key and time.
//!
//! A run is at most a few megabytes of input, sorted in memory. The last one stays there; earlier ones go to a
//! temporary file. So a log of any size is merged like so many TSM files, in bounded memory.
//!
//! ```text
//! key:   u16 length | key | u32 deletes | u64 bytes of all blocks | deletes x (i64 min, i64 max) | blocks
//! block: i64 min | i64 max | u8 type | u32 points | u32 bytes | points x (i64 time, value as in the log)
//! ```

use super::Error;
use super::extent::Extent;
use super::ranges::Ranges;
use super::value::{Type, Value};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

mod cursor;

pub(super) use cursor::{RunBlock, RunCursor};

/// Input that is collected before it is sorted. Its sorted form is never larger.
const COLLECTED: usize = 8 << 20;

/// Points in a block of a run, as in a block of the server.
const BLOCK_POINTS: usize = 1000;

/// Collects writes and deletes and sorts them.
#[derive(Debug)]
pub(super) struct RunWriter {
    /// Keys, and points as the log has them.
    arena: Vec<u8>,
    ops: Vec<Op>,
    limit: usize,
    spilled: Option<Spilled>,
    spans: Vec<(u64, u64)>,
}

#[derive(Debug)]
struct Spilled {
    file: BufWriter<std::fs::File>,
    length: u64,
}

/// One operation on one key, in the arena.
#[derive(Debug, Clone, Copy)]
struct Op {
    key: usize,
    key_length: u16,
    kind: OpKind,
}

#[derive(Debug, Clone, Copy)]
enum OpKind {
    /// Points of one type.
    Put { kind: Type, at: usize, points: u32 },
    /// Removes what was put before, from a time to a time, both included.
    Delete { min: i64, max: i64 },
}

/// One point on its way into a block.
#[derive(Debug, Clone, Copy)]
struct Point {
    time: i64,
    kind: Type,
    /// Where the point begins and ends in the arena, its time included.
    start: usize,
    end: usize,
}

impl RunWriter {
    pub(super) fn new() -> Self {
        Self::with_limit(COLLECTED)
    }

    /// Sorts after so many bytes of input.
    pub(super) fn with_limit(limit: usize) -> Self {
        Self { arena: Vec::new(), ops: Vec::new(), limit, spilled: None, spans: Vec::new() }
    }

    /// Takes points of one key: `points` times a time and a value, as the log writes them. The caller has
    /// checked that they are.
    pub(super) fn put(&mut self, key: &[u8], kind: Type, points: u32, bytes: &[u8]) -> Result<(), Error> {
        self.make_room(key.len() + bytes.len())?;
        let at = self.arena.len() + key.len();
        self.push(key, OpKind::Put { kind, at, points });
        self.arena.extend_from_slice(bytes);
        Ok(())
    }

    /// Removes what was put for `key` so far, from `min` to `max`, both included.
    pub(super) fn delete(&mut self, key: &[u8], min: i64, max: i64) -> Result<(), Error> {
        self.make_room(key.len())?;
        self.push(key, OpKind::Delete { min, max });
        Ok(())
    }

    fn push(&mut self, key: &[u8], kind: OpKind) {
        let key_length = u16::try_from(key.len()).unwrap_or(u16::MAX);
        self.ops.push(Op { key: self.arena.len(), key_length, kind });
        self.arena.extend_from_slice(key);
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), Error> {
        let ops = self.ops.len() * size_of::<Op>();
        if self.ops.is_empty() || self.arena.len() + ops + bytes <= self.limit {
            Ok(())
        } else {
            self.spill()
        }
    }

    /// Sorts what was collected and appends it to the temporary file.
    fn spill(&mut self) -> Result<(), Error> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => {
                let file = tempfile::tempfile().map_err(Error::Scratch)?;
                none.insert(Spilled { file: BufWriter::with_capacity(1 << 16, file), length: 0 })
            }
        };
        let start = spilled.length;
        let (file, length) = (&mut spilled.file, &mut spilled.length);
        sort(&self.arena, &mut self.ops, &mut |bytes| {
            *length += bytes.len() as u64;
            file.write_all(bytes).map_err(Error::Scratch)
        })?;
        self.spans.push((start, spilled.length - start));
        self.arena.clear();
        self.ops.clear();
        Ok(())
    }

    /// Sorts the rest and returns the runs, oldest first. `path` is for messages.
    pub(super) fn finish(mut self, path: &Path) -> Result<Vec<Extent>, Error> {
        let mut runs = Vec::new();
        if let Some(spilled) = self.spilled {
            let file = spilled.file.into_inner().map_err(|e| Error::Scratch(e.into_error()))?;
            let file = Arc::new(file);
            runs.extend(
                self.spans
                    .iter()
                    .map(|(start, length)| Extent::part(Arc::clone(&file), *start, *length, path)),
            );
        }
        if !self.ops.is_empty() {
            let mut bytes = Vec::new();
            sort(&self.arena, &mut self.ops, &mut |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })?;
            runs.push(Extent::memory(bytes, path));
        }
        Ok(runs)
    }
}

/// Writes the operations sorted by key and time; of equal times the last one written stays.
fn sort(
    arena: &[u8],
    ops: &mut [Op],
    write: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let key = |op: &Op| arena.get(op.key..op.key + usize::from(op.key_length)).unwrap_or_default();
    // Stable: operations of one key stay in the order they happened.
    ops.sort_by(|a, b| key(a).cmp(key(b)));
    let (mut points, mut section) = (Vec::new(), Vec::new());
    for same in ops.chunk_by(|a, b| key(a) == key(b)) {
        let mut deleted = Ranges::default();
        points.clear();
        // Backwards, so that a delete is known before the points it hits, and the last of equal times is first.
        for op in same.iter().rev() {
            match op.kind {
                OpKind::Delete { min, max } => deleted.add(min, max),
                OpKind::Put { kind, at, points: count } => {
                    let before = points.len();
                    points.extend(points_of(arena, kind, at, count).filter(|p| !deleted.contains(p.time)));
                    points[before..].reverse();
                }
            }
        }
        points.sort_by_key(|point| point.time);
        points.dedup_by_key(|point| point.time);
        section.clear();
        write_section(arena, key(&same[0]), &deleted, &points, &mut section);
        write(&section)?;
    }
    Ok(())
}

/// Walks the points of one put.
fn points_of(arena: &[u8], kind: Type, at: usize, count: u32) -> impl Iterator<Item = Point> + '_ {
    let mut rest = arena.get(at..).unwrap_or_default();
    (0..count).map_while(move |_| {
        let start = arena.len() - rest.len();
        let (time, _) = take_point(&mut rest, kind)?;
        Some(Point { time, kind, start, end: arena.len() - rest.len() })
    })
}

/// Appends everything of one key.
fn write_section(arena: &[u8], key: &[u8], deleted: &Ranges, points: &[Point], to: &mut Vec<u8>) {
    let ranges = deleted.as_slice();
    to.extend(u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend(key);
    to.extend(u32::try_from(ranges.len()).unwrap_or(u32::MAX).to_be_bytes());
    let bytes_at = to.len();
    to.extend(0u64.to_be_bytes());
    for (min, max) in ranges {
        to.extend(min.to_be_bytes());
        to.extend(max.to_be_bytes());
    }
    let blocks_at = to.len();
    for same_type in points.chunk_by(|a, b| a.kind == b.kind) {
        for block in same_type.chunks(BLOCK_POINTS) {
            write_block(arena, block, to);
        }
    }
    let bytes = (to.len() - blocks_at) as u64;
    to[bytes_at..bytes_at + 8].copy_from_slice(&bytes.to_be_bytes());
}

/// Appends a block of points of one type, in the order of their times.
fn write_block(arena: &[u8], points: &[Point], to: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    to.extend(first.time.to_be_bytes());
    to.extend(last.time.to_be_bytes());
    to.push(first.kind as u8);
    to.extend(u32::try_from(points.len()).unwrap_or(u32::MAX).to_be_bytes());
    let bytes: usize = points.iter().map(|p| p.end - p.start).sum();
    to.extend(u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes());
    for point in points {
        to.extend(arena.get(point.start..point.end).unwrap_or_default());
    }
}

/// Takes a time and a value of type `kind`, as the log writes them, off the front of `bytes`.
///
/// Returns `None` where the bytes end early.
pub(super) fn take_point<'a>(bytes: &mut &'a [u8], kind: Type) -> Option<(i64, Value<'a>)> {
    let (time, mut rest) = bytes.split_first_chunk::<8>()?;
    let mut word = || {
        let (word, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        Some(*word)
    };
    let value = match kind {
        Type::Float => Value::Float(f64::from_be_bytes(word()?)),
        Type::Integer => Value::Integer(i64::from_be_bytes(word()?)),
        Type::Unsigned => Value::Unsigned(u64::from_be_bytes(word()?)),
        Type::Boolean => {
            let (byte, after) = rest.split_first()?;
            rest = after;
            Value::Boolean(*byte == 1)
        }
        Type::String => {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (string, after) = after.split_at_checked(length)?;
            rest = after;
            Value::String(string)
        }
    };
    *bytes = rest;
    Some((i64::from_be_bytes(*time), value))
}

#[cfg(test)]
mod tests {
    use super::super::block::Block;
    use super::super::ranges::contains;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        Put(u8, Vec<(i64, i64)>),
        Delete(u8, i64, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..4u8, proptest::collection::vec((0..20i64, any::<i64>()), 1..6)).prop_map(|(k, p)| Step::Put(k, p)),
            1 => (0..4u8, 0..20i64, 0..9i64).prop_map(|(k, min, length)| Step::Delete(k, min, min + length)),
        ]
    }

    /// Overlays runs, oldest first: deletes of a run hit older ones.
    fn overlaid(runs: &[Extent]) -> BTreeMap<(Vec<u8>, i64), i64> {
        let mut all: BTreeMap<(Vec<u8>, i64), i64> = BTreeMap::new();
        for run in runs {
            let mut cursor = RunCursor::new(run.clone(), 16);
            let mut last = Vec::new();
            while cursor.advance().unwrap() {
                assert!(last.as_slice() < cursor.key(), "keys ascend");
                last = cursor.key().to_vec();
                all.retain(|(key, time), _| key != cursor.key() || !contains(cursor.deletes(), *time));
                let (mut at, end) = cursor.blocks();
                let (mut block, mut bytes) = (Block::default(), Vec::new());
                while at < end {
                    let head = RunBlock::read(run, at).unwrap();
                    head.load(run, &mut bytes, &mut block).unwrap();
                    assert!(block.is_ascending());
                    assert_eq!((block.times.first(), block.times.last()), (Some(&head.min), Some(&head.max)));
                    for (nth, time) in block.times.iter().enumerate() {
                        let Some(Value::Integer(value)) = block.values.get(nth) else { panic!("an integer") };
                        all.insert((cursor.key().to_vec(), *time), value);
                    }
                    at = head.end();
                }
            }
        }
        all
    }

    proptest! {
        #[test]
        fn runs_of_any_length_hold_what_the_steps_left(
            steps in proptest::collection::vec(step(), 0..40),
            limit in prop_oneof![Just(1), 200..2000usize, Just(1 << 20)],
        ) {
            let (mut writer, mut expected) = (RunWriter::with_limit(limit), BTreeMap::new());
            for step in &steps {
                match step {
                    Step::Put(key, points) => {
                        let bytes: Vec<u8> =
                            points.iter().flat_map(|(t, v)| [t.to_be_bytes(), v.to_be_bytes()].concat()).collect();
                        writer.put(&[*key], Type::Integer, u32::try_from(points.len()).unwrap(), &bytes).unwrap();
                        expected.extend(points.iter().map(|(time, value)| ((vec![*key], *time), *value)));
                    }
                    Step::Delete(key, min, max) => {
                        writer.delete(&[*key], *min, *max).unwrap();
                        expected.retain(|(k, time), _| *k != [*key] || !(min..=max).contains(&time));
                    }
                }
            }
            let runs = writer.finish(Path::new("log")).unwrap();
            prop_assert!(limit > 1 || runs.len() == steps.len());
            prop_assert_eq!(overlaid(&runs), expected);
        }
    }
}
