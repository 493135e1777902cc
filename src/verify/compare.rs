//! Questions to the target, and the comparison of an answer. Pure.

use super::expected::{Expected, Series, window_start, windows_end};
use super::report::Difference;
use crate::model::{TimeRange, Timestamp};
use crate::plan::Verify;
use crate::target::{CountQuery, Counts};
use std::collections::BTreeMap;

/// Counts asked for at a time: an answer of a few megabytes.
const COUNTS: usize = 20_000;

/// One question: a measurement in some of its windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    measurement: Vec<u8>,
    range: TimeRange,
    /// The length of a window; `None` for one window.
    window_ns: Option<i64>,
}

/// What an answer shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) compared: u64,
    pub(super) target_values: u64,
    pub(super) fewer: u64,
    pub(super) more: u64,
    /// Values that are missing where the bucket no longer keeps points.
    pub(super) expired: u64,
    pub(super) missing: Vec<Difference>,
    pub(super) extra: Vec<Difference>,
}

impl Outcome {
    /// Returns how many differences are kept with their names.
    pub(super) fn kept(&self) -> usize {
        self.missing.len() + self.extra.len()
    }
}

impl Unit {
    /// Returns the question to ask.
    pub(super) fn question(&self, step: &Verify) -> CountQuery {
        CountQuery {
            bucket: step.bucket.clone(),
            origin: step.origin.clone(),
            measurement: self.measurement.clone(),
            range: self.range,
            window_ns: self.window_ns,
        }
    }
}

/// Returns the questions that together cover everything the source has.
pub(super) fn units(expected: &Expected, range: TimeRange) -> Vec<Unit> {
    let mut fields: BTreeMap<&[u8], usize> = BTreeMap::new();
    for series in expected.counts.keys() {
        *fields.entry(&series.measurement).or_default() += 1;
    }
    let length = expected.window_ns.max(1);
    let mut units = Vec::new();
    for (measurement, fields) in fields {
        let windows = i64::try_from((COUNTS / fields).max(1)).unwrap_or(1);
        let mut start = range.start.0;
        while start < range.end.0 {
            // From the beginning of a window on, so that no window is cut in two.
            let end = windows_end(start, length, windows).min(range.end.0);
            units.push(Unit {
                measurement: measurement.to_owned(),
                range: TimeRange { start: Timestamp(start), end: Timestamp(end) },
                window_ns: Some(length),
            });
            start = end;
        }
    }
    units
}

/// Returns the question about a measurement that the source does not have.
pub(super) fn extra_unit(measurement: Vec<u8>, range: TimeRange) -> Unit {
    Unit { measurement, range, window_ns: None }
}

/// Compares an answer with what the source has, and names up to `keep` differences of each kind.
///
/// In windows that begin before `cutoff` the bucket no longer keeps all points: there fewer are no
/// difference, and more are one all the same.
pub(super) fn compare(
    unit: &Unit,
    expected: &Expected,
    answer: &Counts,
    cutoff: Timestamp,
    keep: usize,
) -> Outcome {
    let mut pairs: BTreeMap<(&str, i64), (u64, u64)> = BTreeMap::new();
    let first = Series { measurement: unit.measurement.clone(), field: String::new() };
    let of_unit =
        expected.counts.range(first..).take_while(|(series, _)| series.measurement == unit.measurement);
    for (series, windows) in of_unit {
        let from =
            unit.window_ns.map_or(unit.range.start.0, |length| window_start(unit.range.start.0, length));
        for (&window, &count) in windows.range(from..unit.range.end.0) {
            pairs.entry((&series.field, window)).or_default().0 = count;
        }
    }
    for ((field, window), &count) in answer {
        pairs.entry((field, *window)).or_default().1 = count;
    }
    let mut outcome = Outcome::default();
    for ((field, window), (source, target)) in pairs {
        outcome.compared += 1;
        outcome.target_values += target;
        let (number, list) = match source.cmp(&target) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Greater if window < cutoff.0 => {
                outcome.expired += source - target;
                continue;
            }
            std::cmp::Ordering::Greater => (&mut outcome.fewer, &mut outcome.missing),
            std::cmp::Ordering::Less => (&mut outcome.more, &mut outcome.extra),
        };
        *number += 1;
        if list.len() < keep {
            list.push(unit.difference(field, window, source, target));
        }
    }
    outcome
}

impl Unit {
    fn difference(&self, field: &str, window: i64, source: u64, target: u64) -> Difference {
        let end = self.window_ns.map_or(self.range.end.0, |length| window.saturating_add(length));
        Difference {
            measurement: String::from_utf8_lossy(&self.measurement).into_owned(),
            field: field.to_owned(),
            start: Timestamp(window.max(self.range.start.0)),
            end: Timestamp(end.min(self.range.end.0)),
            source,
            target,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn expected(counts: &[(&str, &str, i64, u64)]) -> Expected {
        let mut expected = Expected { window_ns: HOUR, ..Expected::default() };
        for (measurement, field, hour, count) in counts {
            let series = Series { measurement: measurement.as_bytes().to_vec(), field: (*field).to_owned() };
            expected.counts.entry(series).or_default().insert(hour * HOUR, *count);
            expected.values += count;
        }
        expected
    }

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange { start: Timestamp(start), end: Timestamp(end) }
    }

    fn answer(counts: &[(&str, i64, u64)]) -> Counts {
        counts.iter().map(|(field, hour, count)| (((*field).to_owned(), hour * HOUR), *count)).collect()
    }

    #[test]
    fn questions_cover_the_range_without_cutting_a_window() {
        let mut counts = Vec::new();
        let fields: Vec<String> = (0..10_000).map(|number| format!("f{number}")).collect();
        for field in &fields {
            counts.push(("wide", field.as_str(), 0, 1));
        }
        counts.push(("narrow", "v", 0, 1));
        let units = units(&expected(&counts), range(HOUR / 2, 4 * HOUR + 1));
        let ranges: Vec<_> = units
            .iter()
            .map(|unit| {
                (
                    String::from_utf8_lossy(&unit.measurement).into_owned(),
                    unit.range.start.0,
                    unit.range.end.0,
                )
            })
            .collect();
        assert_eq!(
            ranges,
            [
                ("narrow".to_owned(), HOUR / 2, 4 * HOUR + 1),
                ("wide".to_owned(), HOUR / 2, 2 * HOUR),
                ("wide".to_owned(), 2 * HOUR, 4 * HOUR),
                ("wide".to_owned(), 4 * HOUR, 4 * HOUR + 1),
            ]
        );
    }

    #[test]
    fn names_what_is_missing_and_what_is_more() {
        let expected = expected(&[("m", "a", 0, 5), ("m", "a", 1, 7), ("m", "b", 0, 1), ("n", "a", 0, 9)]);
        let unit = Unit { measurement: b"m".to_vec(), range: range(5, 2 * HOUR), window_ns: Some(HOUR) };
        let outcome =
            compare(&unit, &expected, &answer(&[("a", 0, 5), ("a", 1, 6), ("c", 1, 2)]), Timestamp::MIN, 10);
        assert_eq!((outcome.compared, outcome.fewer, outcome.more, outcome.target_values), (4, 2, 1, 13));
        let missing: Vec<_> = outcome.missing.iter().map(ToString::to_string).collect();
        assert_eq!(
            missing,
            [
                "`m` `a` from 1970-01-01T01:00:00Z to 1970-01-01T02:00:00Z: 6 of 7 values",
                "`m` `b` from 1970-01-01T00:00:00.000000005Z to 1970-01-01T01:00:00Z: 0 of 1 values",
            ]
        );
        assert_eq!(outcome.extra.len(), 1);
        assert_eq!((outcome.extra[0].field.as_str(), outcome.extra[0].target), ("c", 2));
    }

    #[test]
    fn counts_differences_that_it_does_not_name() {
        let expected = expected(&[("m", "a", 0, 1), ("m", "b", 0, 1), ("m", "c", 0, 1)]);
        let unit = Unit { measurement: b"m".to_vec(), range: range(0, HOUR), window_ns: Some(HOUR) };
        let outcome = compare(&unit, &expected, &Counts::new(), Timestamp::MIN, 2);
        assert_eq!((outcome.fewer, outcome.missing.len()), (3, 2));
    }

    #[test]
    fn fewer_values_where_the_bucket_no_longer_keeps_points_are_told_apart() {
        let expected = expected(&[("m", "a", 0, 5), ("m", "a", 1, 5), ("m", "a", 2, 5), ("m", "a", 3, 5)]);
        let unit = Unit { measurement: b"m".to_vec(), range: range(0, 4 * HOUR), window_ns: Some(HOUR) };
        let answer = answer(&[("a", 0, 6), ("a", 1, 2), ("a", 2, 4), ("a", 3, 5)]);
        let outcome = compare(&unit, &expected, &answer, Timestamp(HOUR + HOUR / 2), 10);
        assert_eq!((outcome.fewer, outcome.more, outcome.expired), (1, 1, 3), "{outcome:#?}");
        assert_eq!(outcome.missing[0].start, Timestamp(2 * HOUR));
    }

    #[test]
    fn a_measurement_that_only_the_target_has_is_more() {
        let expected = expected(&[("m", "a", 0, 1)]);
        let unit = extra_unit(b"other".to_vec(), range(0, HOUR));
        let outcome = compare(&unit, &expected, &answer(&[("v", 0, 3)]), Timestamp::MIN, 10);
        assert_eq!((outcome.fewer, outcome.more), (0, 1));
    }
}
