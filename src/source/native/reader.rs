//! The points of one retention policy as lines, shard after shard.

use crate::model::{TimeRange, Timestamp};
use crate::source::tsm::{Item as TsmItem, Lines, Options, Unit};
use crate::source::{Error, Item, LeftOut, Record, Warning};
use std::num::NonZeroU64;

/// Reads the shards of one retention policy. Every (series, field, time) comes once.
///
/// The same shards give the same records at the same places, however often they are read.
#[derive(Debug)]
pub(in crate::source) struct Reader {
    units: Vec<Unit>,
    options: Options,
    /// Nanoseconds to read at once.
    window: Option<i64>,
    /// The unit that is read, or is to be read next, and the time from which on it is.
    unit: usize,
    from: i64,
    open: Option<Box<Lines>>,
    /// Where the next line begins in what the unit gives.
    offset: u64,
    /// Values that were handed out or left out.
    values: u64,
    /// Bytes on disk, and values at most, of all units.
    total: (u64, u64),
    warnings: Vec<Warning>,
}

impl Reader {
    /// Reads `units` in their order, each by windows of so many seconds if stated.
    pub(super) fn new(
        units: Vec<Unit>,
        window: Option<NonZeroU64>,
        options: Options,
        total: (u64, u64),
    ) -> Self {
        let nanoseconds = |seconds: NonZeroU64| i64::try_from(seconds.get().saturating_mul(1_000_000_000));
        Self {
            units,
            options,
            window: window.map(|seconds| nanoseconds(seconds).unwrap_or(i64::MAX)),
            unit: 0,
            from: i64::MIN,
            open: None,
            offset: 0,
            values: 0,
            total,
            warnings: Vec::new(),
        }
    }

    /// Returns the next record or what has no line; `None` at the end.
    pub(in crate::source) fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        if !self.go_to_line()? {
            return Ok(None);
        }
        let Some(lines) = &mut self.open else { return Ok(None) };
        let (file, offset) = (self.unit, self.offset);
        Ok(lines.next()?.map(|item| match item {
            TsmItem::Line { text, values } => {
                self.offset += text.len() as u64 + 1;
                self.values += values as u64;
                Item::Record(Record { text, file, offset, line: 0 })
            }
            TsmItem::Rejected(rejected) => {
                self.values += rejected.values;
                Item::LeftOut(LeftOut::from(rejected))
            }
        }))
    }

    /// Opens what is needed until something can be handed out; false at the end.
    fn go_to_line(&mut self) -> Result<bool, Error> {
        loop {
            if let Some(lines) = &mut self.open {
                if !lines.is_at_end()? {
                    return Ok(true);
                }
                self.warnings.extend(lines.take_notices().iter().map(Warning::from));
                self.open = None;
            }
            let Some(unit) = self.units.get(self.unit) else { return Ok(false) };
            if let Some((times, next)) = next_times(unit, self.options.times, self.window, self.from) {
                let options = Options { times, ..self.options.clone() };
                self.open = Some(Box::new(Lines::new(vec![unit.clone()], options)));
                self.from = next;
            } else {
                (self.unit, self.from, self.offset) = (self.unit + 1, i64::MIN, 0);
            }
        }
    }

    /// Returns bytes read from disk, about, and bytes of all shards.
    pub(in crate::source) fn progress(&self) -> (u64, u64) {
        let (bytes, values) = self.total;
        if self.unit >= self.units.len() {
            return (bytes, bytes);
        }
        let read = u128::from(bytes) * u128::from(self.values.min(values)) / u128::from(values.max(1));
        (u64::try_from(read).unwrap_or(bytes), bytes)
    }

    /// Returns what was noticed so far.
    pub(in crate::source) fn warnings(&self) -> &[Warning] {
        &self.warnings
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
