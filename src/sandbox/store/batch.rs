//! What one write request holds.

use super::keys::Tags;
use super::{FieldType, Value};
use crate::line::split::Kind;
use crate::line::{self, Line, LineError, Precision, escape};
use crate::model::Timestamp;
use std::collections::HashMap;
use std::ops::Range;

/// The longest string a field takes, in bytes.
const MAX_STRING: usize = 1_048_576;

/// The points of a request, as rows: a row a line, in the order of the lines.
#[derive(Debug, Default)]
pub struct Batch {
    /// Lines that are no line protocol.
    pub bad: Vec<BadLine>,
    /// Points that are refused, in the order of the lines for each check.
    pub rejected: Vec<Rejected>,
    pub(super) measurements: Vec<Measurement>,
    pub(super) series: Vec<Series>,
    pub(super) rows: Vec<Row>,
    pub(super) cells: Vec<Cell>,
}

/// A line that is no line protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number in the request, from 1.
    pub number: usize,
    /// The line, without blanks before it.
    pub text: Vec<u8>,
    /// What is wrong with it.
    pub error: LineError,
}

/// A point that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The number of its line in the request, from 1.
    pub line: usize,
    /// Its measurement, without escapes.
    pub measurement: Vec<u8>,
    /// Its measurement and tags as line protocol.
    pub series: Vec<u8>,
    /// Its time, in nanoseconds since 1970.
    pub time: i64,
    /// Why.
    pub reason: Reason,
}

/// Why a point is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A field has another type.
    TypeConflict {
        /// The field.
        field: Vec<u8>,
        /// The type in the request.
        got: FieldType,
        /// The type of the points that are there.
        existing: FieldType,
    },
    /// Its only field is named `time`.
    OnlyTime,
    /// A string is longer than a mebibyte.
    StringTooLong {
        /// The field.
        field: Vec<u8>,
        /// The length of the string, in bytes.
        length: usize,
    },
    /// It is older than the bucket keeps points.
    TooOld,
}

/// A measurement of a batch.
#[derive(Debug)]
pub(super) struct Measurement {
    pub(super) name: Vec<u8>,
    pub(super) fields: Vec<BatchField>,
    lookup: HashMap<Vec<u8>, u32>,
    /// The field that was seen last: the next one is likely to be it, or the one after.
    last: usize,
}

/// A field of a measurement of a batch.
#[derive(Debug)]
pub(super) struct BatchField {
    pub(super) name: Vec<u8>,
    /// The type of its first value.
    pub(super) field_type: FieldType,
    /// Whether a later value has another type.
    pub(super) mixed: bool,
}

/// A series of a batch.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) measurement: usize,
    /// Measurement and tags as line protocol, tags sorted.
    pub(super) text: Vec<u8>,
    pub(super) tags: Tags,
}

/// A point of a batch.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) series: usize,
    pub(super) time: i64,
    pub(super) cells: Range<usize>,
    pub(super) line: usize,
    pub(super) kept: bool,
}

/// A value of a point.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) field: usize,
    pub(super) value: Value,
}

impl Batch {
    /// Reads a request body. Lines without a timestamp get `now`, cut to the precision.
    pub fn read(body: &[u8], precision: Precision, now: Timestamp) -> Self {
        let now = now.0 - now.0.rem_euclid(precision.nanoseconds());
        let mut reader = Reader::default();
        for (index, record) in line::split(body).enumerate() {
            if record.kind != Kind::Point {
                continue;
            }
            match line::parse_with_precision(record.text, precision) {
                Ok(line) => reader.add(&line, index + 1, now),
                Err(error) => reader.batch.bad.push(BadLine {
                    number: index + 1,
                    text: record.content().to_vec(),
                    error,
                }),
            }
        }
        reader.batch
    }

    /// Returns the number of points that are not refused.
    pub fn points(&self) -> usize {
        self.rows.iter().filter(|row| row.kept).count()
    }

    /// Refuses the points with times before `bound`.
    ///
    /// With shard groups of so many seconds, those are kept whose shard group another point of the
    /// batch opens: the check of 2.x is that coarse.
    pub fn refuse_before(&mut self, bound: i64, shard_group_seconds: Option<u64>) {
        let shard = |time: i64| shard_group_seconds.map(|seconds| shard_group(time, seconds).0);
        let mut open: Vec<i64> = self
            .rows
            .iter()
            .filter(|row| row.kept && row.time >= bound)
            .filter_map(|row| shard(row.time))
            .collect();
        open.sort_unstable();
        open.dedup();
        for index in 0..self.rows.len() {
            let old = |row: &Row| {
                row.kept
                    && row.time < bound
                    && shard(row.time).is_none_or(|shard| open.binary_search(&shard).is_err())
            };
            if self.rows.get(index).is_some_and(old) {
                self.refuse(index, Reason::TooOld);
            }
        }
    }

    /// Refuses a point.
    pub(super) fn refuse(&mut self, row: usize, reason: Reason) {
        let Some(row) = self.rows.get_mut(row) else { return };
        row.kept = false;
        let Some(series) = self.series.get(row.series) else { return };
        let measurement = self.measurements.get(series.measurement);
        self.rejected.push(Rejected {
            line: row.line,
            measurement: measurement.map(|m| m.name.clone()).unwrap_or_default(),
            series: series.text.clone(),
            time: row.time,
            reason,
        });
    }
}

/// Returns the shard group of a time: its first time, and the first time after it.
///
/// Weeks begin on Monday, as the servers count from the year 1.
pub fn shard_group(time: i64, seconds: u64) -> (i64, i64) {
    const FROM_YEAR_1: i128 = 719_162 * 86_400 * 1_000_000_000;
    let length = i128::from(seconds.max(1)) * 1_000_000_000;
    let start = i128::from(time) - (i128::from(time) + FROM_YEAR_1).rem_euclid(length);
    let clamp = |time: i128| i64::try_from(time).unwrap_or(if time < 0 { i64::MIN } else { i64::MAX });
    (clamp(start), clamp(start + length))
}

/// Collects lines.
#[derive(Debug, Default)]
struct Reader<'a> {
    batch: Batch,
    series: HashMap<Vec<u8>, usize>,
    measurements: HashMap<Vec<u8>, usize>,
    /// The series of the line before, as it was written.
    last: Option<(&'a [u8], usize)>,
    text: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn add(&mut self, line: &Line<'a>, number: usize, now: i64) {
        let series = match self.last {
            Some((text, series)) if text == line.series => series,
            _ => self.series_of(line),
        };
        self.last = Some((line.series, series));
        let first = self.batch.cells.len();
        let too_long = self.cells_of(line, series);
        let row = self.batch.rows.len();
        let cells = first..self.batch.cells.len();
        let empty = cells.is_empty();
        let time = line.timestamp.unwrap_or(now);
        self.batch.rows.push(Row { series, time, cells, line: number, kept: true });
        if let Some((field, length)) = too_long {
            self.batch.refuse(row, Reason::StringTooLong { field, length });
        } else if empty {
            self.batch.refuse(row, Reason::OnlyTime);
        }
    }

    /// Appends the values of a line; returns the first field whose string is too long.
    fn cells_of(&mut self, line: &Line<'a>, series: usize) -> Option<(Vec<u8>, usize)> {
        let measurement = self.batch.series.get(series).map(|series| series.measurement)?;
        let measurement = self.batch.measurements.get_mut(measurement)?;
        let mut too_long = None;
        for (name, value) in line.fields() {
            // The servers drop a field of this name without a word.
            if *name == *b"time" {
                continue;
            }
            let value = Value::from(value);
            if let Value::String(text) = &value
                && text.len() > MAX_STRING
            {
                too_long.get_or_insert_with(|| (name.to_vec(), text.len()));
            }
            let field = measurement.field(&name, value.field_type());
            self.batch.cells.push(Cell { field, value });
        }
        too_long
    }

    fn series_of(&mut self, line: &Line<'a>) -> usize {
        self.text.clear();
        line.write_series(&mut self.text);
        if let Some(series) = self.series.get(&self.text) {
            return *series;
        }
        let name = escape::unescape_measurement(line.measurement);
        let measurement = self.measurement_of(&name);
        let unescaped = |text| escape::unescape_tag(text).into_owned();
        let mut tags: Tags = line.tags().map(|(key, value)| (unescaped(key), unescaped(value))).collect();
        tags.sort();
        let index = self.batch.series.len();
        self.batch.series.push(Series { measurement, text: self.text.clone(), tags });
        self.series.insert(self.text.clone(), index);
        index
    }

    fn measurement_of(&mut self, name: &[u8]) -> usize {
        if let Some(measurement) = self.measurements.get(name) {
            return *measurement;
        }
        let index = self.batch.measurements.len();
        self.batch.measurements.push(Measurement {
            name: name.to_vec(),
            fields: Vec::new(),
            lookup: HashMap::new(),
            last: 0,
        });
        self.measurements.insert(name.to_vec(), index);
        index
    }
}

impl Measurement {
    /// Returns the place of a field, and notes the type of a value of it.
    fn field(&mut self, name: &[u8], field_type: FieldType) -> usize {
        let is = |index: usize| self.fields.get(index).is_some_and(|field| field.name == name);
        let likely = [self.last + 1, self.last, 0].into_iter().find(|index| is(*index));
        let known = likely.or_else(|| self.lookup.get(name).map(|index| *index as usize));
        let index = known.unwrap_or_else(|| {
            let index = self.fields.len();
            self.fields.push(BatchField { name: name.to_vec(), field_type, mixed: false });
            self.lookup.insert(name.to_vec(), u32::try_from(index).unwrap_or(u32::MAX));
            index
        });
        self.last = index;
        if let Some(field) = self.fields.get_mut(index) {
            field.mixed |= field.field_type != field_type;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Batch {
        Batch::read(body.as_bytes(), Precision::Nanoseconds, Timestamp(1_234_567_890_123_456_789))
    }

    #[test]
    fn spellings_of_a_series_are_one_series() {
        let batch = read("m,a=1,b=2 v=1 1\nm,b=2,a=1 v=2 2\nm,a=1,b=3 v=3 3\n");
        assert_eq!(batch.series.len(), 2);
        assert_eq!(batch.rows.iter().map(|row| row.series).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(batch.series[0].text, b"m,a=1,b=2");
    }

    #[test]
    fn a_line_without_a_time_gets_the_present_cut_to_the_precision() {
        let now = Timestamp(1_234_567_890_123_456_789);
        let batch = Batch::read(b"m v=1", Precision::Milliseconds, now);
        assert_eq!(batch.rows[0].time, 1_234_567_890_123_000_000);
    }

    #[test]
    fn lines_are_numbered_with_comments_and_blanks() {
        let batch = read("# comment\n\nm v=\nm v=1 1\nm time=1 2\n");
        assert_eq!(batch.bad[0].number, 3);
        assert_eq!(batch.bad[0].error.to_string(), "missing field value");
        assert_eq!((batch.rejected[0].line, &batch.rejected[0].reason), (5, &Reason::OnlyTime));
        assert_eq!(batch.points(), 1);
    }

    #[test]
    fn a_field_named_time_beside_another_is_dropped() {
        let batch = read("m time=1,v=2 3");
        assert_eq!(batch.cells.len(), 1);
        assert!(batch.rejected.is_empty());
    }

    #[test]
    fn a_field_with_two_types_is_noted() {
        let batch = read("m a=1,b=1 1\nm b=1i 2\nm a=2 3");
        let mixed: Vec<_> = batch.measurements[0].fields.iter().map(|field| field.mixed).collect();
        assert_eq!(mixed, [false, true]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        // 2026-11-22 is a Sunday.
        let (start, end) = shard_group(1_795_305_600_000_000_000, 604_800);
        assert_eq!(Timestamp(start).to_string(), "2026-11-16T00:00:00Z");
        assert_eq!(Timestamp(end).to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(shard_group(i64::MIN + 2, 604_800).0, i64::MIN);
    }

    #[test]
    fn an_old_point_is_kept_where_another_opens_its_shard_group() {
        let day = 86_400_000_000_000;
        let mut batch = read("m v=1 86400000000001\nm v=2 86400000000003\nm v=3 4");
        batch.refuse_before(day + 2, Some(86_400));
        assert_eq!(batch.rejected.len(), 1);
        assert_eq!((batch.rejected[0].line, batch.rejected[0].time), (3, 4));
        let mut exact = read("m v=1 86400000000001\nm v=2 86400000000003\nm v=3 4");
        exact.refuse_before(day + 2, None);
        assert_eq!(exact.rejected.len(), 2);
    }
}
