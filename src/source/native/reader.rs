//! The points of one retention policy as lines, shard after shard.

use crate::model::{TimeRange, Timestamp};
use crate::source::tsm::{self, Export, Form, Options, Piece, Rejected, Unit, Watch};
use crate::source::{Error, Item, Record, Warning};
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Pieces of text that wait for the caller.
const WAITING: usize = 4;

/// Reads the shards of one retention policy. Every (series, field, time) comes once.
///
/// The same shards give the same records at the same places, however often they are read and on however many
/// threads they are printed.
#[derive(Debug)]
pub(in crate::source) struct Reader {
    /// What to read, until it is begun.
    plan: Option<Plan>,
    parts: Option<Receiver<Result<Part, tsm::Error>>>,
    watch: Arc<Watch>,
    /// The unit that is read.
    unit: usize,
    /// Where the next line begins in what the unit gives.
    offset: u64,
    text: Vec<u8>,
    ends: std::vec::IntoIter<usize>,
    /// Where the next line begins in `text`.
    start: usize,
    /// Bytes on disk of the units before the one that is read, of that one, and of all.
    before: u64,
    current: u64,
    total: u64,
    warnings: Vec<Warning>,
}

/// What to read, and how.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the order they are read, with their bytes on disk.
    pub(super) units: Vec<(Unit, u64)>,
    /// Seconds to read at once.
    pub(super) window: Option<NonZeroU64>,
    pub(super) options: Options,
}

/// What comes out, in order.
#[derive(Debug)]
enum Part {
    /// What follows is of this unit, whose files have so many bytes.
    Unit {
        number: usize,
        bytes: u64,
    },
    /// Lines, and where each ends behind its line break.
    Lines {
        text: Vec<u8>,
        ends: Vec<usize>,
    },
    LeftOut(Rejected),
    Warning(Warning),
}

impl Reader {
    /// Reads what `plan` says.
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            total: plan.units.iter().map(|(_, bytes)| bytes).sum(),
            plan: Some(plan),
            parts: None,
            watch: Arc::default(),
            unit: 0,
            offset: 0,
            text: Vec::new(),
            ends: Vec::new().into_iter(),
            start: 0,
            before: 0,
            current: 0,
            warnings: Vec::new(),
        }
    }

    /// Returns the next record or what has no line; `None` at the end.
    pub(in crate::source) fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        let end = loop {
            if let Some(end) = self.ends.next() {
                break end;
            }
            match self.next_part()? {
                None => return Ok(None),
                Some(Part::LeftOut(rejected)) => return Ok(Some(Item::LeftOut(rejected.into()))),
                Some(Part::Warning(warning)) => self.warnings.push(warning),
                Some(Part::Lines { text, ends }) => {
                    (self.text, self.ends, self.start) = (text, ends.into_iter(), 0);
                }
                Some(Part::Unit { number, bytes }) => {
                    self.before += self.current;
                    (self.unit, self.offset, self.current) = (number, 0, bytes);
                }
            }
        };
        let (start, offset) = (self.start, self.offset);
        (self.start, self.offset) = (end, offset + (end - start) as u64);
        let text = self.text.get(start..end.saturating_sub(1)).unwrap_or_default();
        Ok(Some(Item::Record(Record { text, file: self.unit, offset, line: 0 })))
    }

    /// Waits for what comes next, and begins to read where nothing was read yet.
    fn next_part(&mut self) -> Result<Option<Part>, Error> {
        if let Some(plan) = self.plan.take() {
            let (sender, receiver) = sync_channel(WAITING);
            let watch = Arc::clone(&self.watch);
            std::thread::Builder::new()
                .name("tidegate-shards".to_owned())
                .spawn(move || plan.run(&sender, &watch))
                .map_err(tsm::Error::Thread)?;
            self.parts = Some(receiver);
        }
        match self.parts.as_ref().map(Receiver::recv) {
            Some(Ok(part)) => Ok(Some(part?)),
            // The thread ends behind the last part.
            _ => Ok(None),
        }
    }

    /// Returns bytes read from disk, about, and bytes of all shards.
    pub(in crate::source) fn progress(&self) -> (u64, u64) {
        let ended = self.plan.is_none() && self.ends.as_slice().is_empty();
        let (_, done, _) = self.watch.seen();
        let current = if ended && self.before + self.current == self.total { self.current } else { done };
        (self.before + current.min(self.current), self.total)
    }

    /// Returns what was noticed so far.
    pub(in crate::source) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Its threads may be in the middle of a large block.
        self.watch.stop();
    }
}

impl Plan {
    /// Sends everything, and what went wrong last.
    fn run(self, to: &SyncSender<Result<Part, tsm::Error>>, watch: &Watch) {
        // Whoever reads may have gone away: then nobody wants to know.
        if let Err(error) = self.send(to, watch) {
            let _ = to.send(Err(error));
        }
    }

    fn send(&self, to: &SyncSender<Result<Part, tsm::Error>>, watch: &Watch) -> Result<(), tsm::Error> {
        let window = self
            .window
            .map(|seconds| i64::try_from(seconds.get().saturating_mul(1_000_000_000)).unwrap_or(i64::MAX));
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for (number, (unit, bytes)) in self.units.iter().enumerate() {
            if to.send(Ok(Part::Unit { number, bytes: *bytes })).is_err() {
                return Ok(());
            }
            watch.begin("reading", *bytes);
            let mut from = i64::MIN;
            while let Some((times, next)) = next_times(unit, self.options.times, window, from) {
                from = next;
                let options = Options { times, ..self.options.clone() };
                let export = Export {
                    units: std::slice::from_ref(unit),
                    options: &options,
                    form: Form::default(),
                    measurement: None,
                    threads,
                    pack: None,
                    watch,
                };
                let mut gone = false;
                export.run(&mut |piece| {
                    gone = Part::from(piece).is_some_and(|part| to.send(Ok(part)).is_err());
                    if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })?;
                if gone {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Part {
    /// Takes a piece; `None` where there is nothing in it.
    fn from(piece: Piece<'_>) -> Option<Self> {
        match piece {
            Piece::Text { text: [], .. } => None,
            Piece::Text { text, ends } => Some(Self::Lines { text: text.to_vec(), ends: ends.to_vec() }),
            Piece::Rejected(rejected) => Some(Self::LeftOut(rejected)),
            Piece::Notice(notice) => Some(Self::Warning(Warning::from(&notice))),
        }
    }
}

/// Returns the times to read next of a unit of which those before `from` were read, and where it goes on.
///
/// Windows begin at multiples of their length since 1970, as the target's partitions do.
fn next_times(unit: &Unit, asked: TimeRange, window: Option<i64>, from: i64) -> Option<(TimeRange, i64)> {
    let (first, last) = unit.times?;
    let (start, end) = (asked.start.0.max(first).max(from), asked.end.0.saturating_sub(1).min(last));
    if from == i64::MAX || start > end {
        return None;
    }
    let Some(window) = window else { return Some((asked, i64::MAX)) };
    let next = start.div_euclid(window).saturating_add(1).saturating_mul(window);
    let until = next.min(asked.end.0);
    Some((TimeRange { start: Timestamp(start), end: Timestamp(until) }, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(times: (i64, i64), asked: (i64, i64), window: Option<i64>) -> Vec<(i64, i64)> {
        let unit = Unit { shards: Vec::new(), times: Some(times) };
        let asked = TimeRange { start: Timestamp(asked.0), end: Timestamp(asked.1) };
        let (mut found, mut from) = (Vec::new(), i64::MIN);
        while let Some((times, next)) = next_times(&unit, asked, window, from) {
            found.push((times.start.0, times.end.0));
            from = next;
        }
        found
    }

    #[test]
    fn without_a_window_all_that_is_asked_for_is_read_at_once() {
        assert_eq!(walk((5, 95), (i64::MIN, i64::MAX), None), [(i64::MIN, i64::MAX)]);
        assert_eq!(walk((5, 95), (100, 200), None), []);
    }

    #[test]
    fn windows_begin_at_multiples_and_cover_each_time_once() {
        assert_eq!(walk((5, 31), (0, 1_000), Some(10)), [(5, 10), (10, 20), (20, 30), (30, 40)]);
        assert_eq!(walk((-15, -1), (i64::MIN, i64::MAX), Some(10)), [(-15, -10), (-10, 0)]);
        assert_eq!(walk((0, 95), (12, 25), Some(10)), [(12, 20), (20, 25)]);
    }

    #[test]
    fn windows_end_with_time() {
        let last = i64::MAX - 1;
        let half = Some(i64::MAX / 2);
        assert_eq!(walk((last - 3, last), (i64::MIN, i64::MAX), half), [(last - 3, last), (last, i64::MAX)]);
    }
}
