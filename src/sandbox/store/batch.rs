//! What one write request holds.

use super::keys::Tags;
use super::{FieldType, Value};
use crate::line::LineError;
use std::collections::HashMap;
use std::ops::Range;

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

/// Where a field is: the place of its measurement, and its own in that.
pub(super) type FieldPlace = (usize, usize);

/// A measurement of a batch.
#[derive(Debug)]
pub(super) struct Measurement {
    pub(super) name: Vec<u8>,
    pub(super) fields: Vec<BatchField>,
    pub(super) lookup: HashMap<Vec<u8>, usize>,
    /// The field that was seen last: the next one is likely to be it, or the one after.
    pub(super) last: usize,
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

    /// Returns the values of a point with the places of their fields.
    pub(super) fn places(&self, row: &Row) -> impl Iterator<Item = (FieldPlace, &Cell)> {
        let measurement = self.series.get(row.series).map_or(0, |series| series.measurement);
        let cells = self.cells.get(row.cells.clone()).unwrap_or_default();
        cells.iter().map(move |cell| ((measurement, cell.field), cell))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Precision;
    use crate::model::Timestamp;

    fn read(body: &str) -> Batch {
        Batch::read(body.as_bytes(), Precision::Nanoseconds, Timestamp(1_234_567_890_123_456_789))
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
