//! What the target should have: values by measurement, field and window, after the last write won.

use super::Error;
use super::distinct::{Distinct, Entry};
use crate::line::{self, Line, escape::unescape_measurement};
use crate::model::{TimeRange, Timestamp};
use crate::source::{self, Item, Reader};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_128;

/// Windows a bucket has at most: enough to find what is missing, few enough to ask for quickly.
const MAX_WINDOWS: i64 = 2_000;

const HOUR: i64 = 3_600_000_000_000;

/// The lengths a window can have, in nanoseconds: an hour to a year. The longest covers all times
/// that `InfluxDB` can store in fewer than [`MAX_WINDOWS`].
const LENGTHS: [i64; 6] = [HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 365 * 24 * HOUR];

/// Records between two looks at progress.
const TICK: u64 = 4_096;

/// A measurement and a field key, unescaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// The measurement. Need not be UTF-8.
    pub measurement: Vec<u8>,
    /// The field key. Bytes that are not UTF-8 are replaced as by [`String::from_utf8_lossy`].
    pub field: String,
}

/// What the target should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The length of a window in nanoseconds. Windows begin at multiples of it since 1970.
    pub window_ns: i64,
    /// From the first value to one after the last; `None` without values.
    pub range: Option<TimeRange>,
    /// Values by beginning of the window, none of them 0.
    pub counts: BTreeMap<Series, BTreeMap<i64, u64>>,
    /// All values.
    pub values: u64,
    /// Values that a later one of the same series, field and time replaced.
    pub replaced: u64,
    /// Values after [`Options::latest`], each as often as it is in the source; in no other number.
    pub uncountable: u64,
}

/// How to count.
#[derive(Debug, Clone)]
pub struct Options {
    /// Points outside are not counted.
    pub range: TimeRange,
    /// The latest time that the target can count, no later than [`Timestamp::MAX`].
    pub latest: Timestamp,
    /// Records that the target refused, as (file, offset) in the order of reading: not counted.
    pub rejected: Vec<(usize, u64)>,
    /// Where temporary files go.
    pub directory: PathBuf,
    /// Bytes of memory for values not yet counted, at least 1 MiB. Beyond, they go to files.
    pub memory: usize,
}

/// Counts what the target should have.
///
/// Not counted are records without a timestamp or that do not parse, which cannot have been sent, and
/// fields named `time`, which servers drop. `tick` is told bytes read from disk and bytes in all,
/// and can end the count.
pub fn expected(
    mut reader: Reader,
    options: &Options,
    mut tick: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Expected, Error> {
    let mut counter = Counter::new(options);
    let mut refused = options.rejected.iter().copied().peekable();
    let mut records: u64 = 0;
    loop {
        if records.is_multiple_of(TICK) {
            let (read, total) = reader.progress();
            if tick(read, total).is_break() {
                return Err(Error::Interrupted);
            }
        }
        records += 1;
        let record = match reader.next() {
            Ok(Some(Item::Record(record))) => record,
            Ok(None) => break,
            // Neither can have been sent.
            Ok(Some(Item::LeftOut(_))) | Err(source::Error::TooLong { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let place = (record.file, record.offset);
        while refused.next_if(|refused| *refused < place).is_some() {}
        if refused.peek() == Some(&place) {
            continue;
        }
        if let Ok(line) = line::parse(record.text) {
            counter.add(&line)?;
        }
    }
    counter.finish()
}

/// Takes in points one by one.
struct Counter {
    range: TimeRange,
    latest: Timestamp,
    uncountable: u64,
    distinct: Distinct,
    names: Names,
    /// The series of the last point, as written and as a key: exports keep series together.
    last_series: Vec<u8>,
    last_key: u128,
    scratch: Vec<u8>,
    first: i64,
    last: i64,
}

impl Counter {
    fn new(options: &Options) -> Self {
        Self {
            range: options.range,
            latest: options.latest,
            uncountable: 0,
            distinct: Distinct::new(options.directory.clone(), options.memory),
            names: Names::default(),
            last_series: Vec::new(),
            last_key: 0,
            scratch: Vec::new(),
            first: i64::MAX,
            last: i64::MIN,
        }
    }

    fn add(&mut self, line: &Line<'_>) -> Result<(), Error> {
        let Some(time) = line.timestamp.filter(|time| self.range.contains(Timestamp(*time))) else {
            return Ok(());
        };
        if self.last_series != line.series {
            self.last_series.clear();
            self.last_series.extend_from_slice(line.series);
            self.scratch.clear();
            line.write_series(&mut self.scratch);
            self.last_key = xxh3_128(&self.scratch);
            self.names.begin(line.measurement);
        }
        for field in line.field_keys() {
            if *field == *b"time" {
                continue;
            }
            if Timestamp(time) > self.latest {
                self.uncountable += 1;
                continue;
            }
            self.first = self.first.min(time);
            self.last = self.last.max(time);
            self.scratch.clear();
            self.scratch.extend_from_slice(&self.last_key.to_le_bytes());
            self.scratch.extend_from_slice(&field);
            let key = xxh3_128(&self.scratch);
            let name = self.names.id(&field);
            self.distinct.push(Entry::new(key, time, name))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Expected, Error> {
        if self.first > self.last {
            let uncountable = self.uncountable;
            return Ok(Expected { window_ns: HOUR, uncountable, ..Expected::default() });
        }
        let window_ns = window_length(self.first, self.last);
        let mut counts: Vec<BTreeMap<i64, u64>> = vec![BTreeMap::new(); self.names.list.len()];
        let mut values: u64 = 0;
        // Values come by series and time, so most fall into the window of the one before.
        let mut run = (0, 0..0, 0);
        let mut add = |(name, window, count): (u32, std::ops::Range<i64>, u64)| {
            if let (Some(windows), 1..) = (counts.get_mut(name as usize), count) {
                *windows.entry(window.start).or_default() += count;
            }
        };
        let pushed = self.distinct.each(|name, time| {
            values += 1;
            if run.0 != name || !run.1.contains(&time) {
                let window = window_start(time, window_ns)..windows_end(time, window_ns, 1);
                add(std::mem::replace(&mut run, (name, window, 0)));
            }
            run.2 += 1;
        })?;
        add(run);
        Ok(Expected {
            window_ns,
            range: Some(TimeRange { start: Timestamp(self.first), end: Timestamp(self.last + 1) }),
            counts: self.names.join(counts),
            values,
            replaced: pushed - values,
            uncountable: self.uncountable,
        })
    }
}

/// Numbers for measurements with field keys.
#[derive(Default)]
struct Names {
    ids: HashMap<u128, u32>,
    list: Vec<Series>,
    measurement: Vec<u8>,
    scratch: Vec<u8>,
    /// The last field key and its number.
    last: (Vec<u8>, Option<u32>),
}

impl Names {
    /// Sets the measurement, still escaped.
    fn begin(&mut self, measurement: &[u8]) {
        if self.measurement != measurement {
            self.measurement.clear();
            self.measurement.extend_from_slice(measurement);
            self.last.1 = None;
        }
    }

    /// Returns the number of a field key of the measurement.
    fn id(&mut self, field: &[u8]) -> u32 {
        if let (last, Some(id)) = &self.last
            && last == field
        {
            return *id;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&(self.measurement.len() as u64).to_le_bytes());
        self.scratch.extend_from_slice(&self.measurement);
        self.scratch.extend_from_slice(field);
        let list = &mut self.list;
        let next = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let measurement = &self.measurement;
        let id = *self.ids.entry(xxh3_128(&self.scratch)).or_insert_with(|| {
            let measurement = unescape_measurement(measurement).into_owned();
            list.push(Series { measurement, field: String::from_utf8_lossy(field).into_owned() });
            next
        });
        self.last.0.clear();
        self.last.0.extend_from_slice(field);
        self.last.1 = Some(id);
        id
    }

    /// Puts counts under their names; names that only differ in bytes that are not UTF-8 become one.
    fn join(self, counts: Vec<BTreeMap<i64, u64>>) -> BTreeMap<Series, BTreeMap<i64, u64>> {
        let mut joined: BTreeMap<Series, BTreeMap<i64, u64>> = BTreeMap::new();
        for (series, windows) in self.list.into_iter().zip(counts) {
            let all = joined.entry(series).or_default();
            for (window, count) in windows {
                *all.entry(window).or_default() += count;
            }
        }
        joined.retain(|_, windows| !windows.is_empty());
        joined
    }
}

/// Returns the shortest length that makes at most [`MAX_WINDOWS`] of a range.
fn window_length(first: i64, last: i64) -> i64 {
    let fits = |length: &i64| last.div_euclid(*length) - first.div_euclid(*length) < MAX_WINDOWS;
    LENGTHS.into_iter().find(fits).unwrap_or(LENGTHS[LENGTHS.len() - 1])
}

/// Returns the beginning of the window that `time` is in; the first window of all begins where
/// nanoseconds do.
pub(super) fn window_start(time: i64, length: i64) -> i64 {
    time.div_euclid(length).saturating_mul(length)
}

/// Returns where so many windows end of which the first one is that of `time`.
pub(super) fn windows_end(time: i64, length: i64, windows: i64) -> i64 {
    time.div_euclid(length).saturating_add(windows).saturating_mul(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_grow_with_the_range() {
        let day = 24 * HOUR;
        assert_eq!(window_length(0, day), HOUR);
        assert_eq!(window_length(0, 2_000 * HOUR - 1), HOUR);
        assert_eq!(window_length(0, 2_000 * HOUR), 6 * HOUR);
        assert_eq!(window_length(0, 5 * 365 * day), day);
        assert_eq!(window_length(Timestamp::MIN.0, Timestamp::MAX.0), 365 * day);
    }

    #[test]
    fn windows_begin_at_multiples_of_their_length() {
        assert_eq!(window_start(HOUR + 5, HOUR), HOUR);
        assert_eq!(window_start(-1, HOUR), -HOUR);
        let year = 365 * 24 * HOUR;
        assert_eq!(window_start(Timestamp::MIN.0, year), i64::MIN);
        assert_eq!(windows_end(Timestamp::MIN.0, year, 1), -292 * year);
        assert_eq!(windows_end(Timestamp::MAX.0, year, 1), i64::MAX);
    }

    proptest! {
        #[test]
        fn a_range_has_at_most_2000_windows(a in any::<i64>(), b in any::<i64>()) {
            let length = window_length(a.min(b), a.max(b));
            prop_assert!(i128::from(a.max(b).div_euclid(length)) - i128::from(a.min(b).div_euclid(length)) < 2_000);
        }
    }
}
