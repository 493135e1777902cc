//! Windows: equal spans of time, aligned to 1970.

use crate::model::TimeRange;

/// Equal spans of time without gaps, one of which begins at 1970 plus `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// The length in nanoseconds, more than 0.
    every: i64,
    /// The shift in nanoseconds, from 0 up to the length.
    offset: i64,
}

impl Window {
    /// Builds windows of `every` nanoseconds; `None` unless that is more than 0.
    pub(super) fn new(every: i64, offset: i64) -> Option<Self> {
        (every > 0).then(|| Self { every, offset: offset.rem_euclid(every) })
    }

    /// Returns start and stop of the window that holds `time`, cut to `range` as the servers do.
    pub(super) fn bounds(self, time: i64, range: TimeRange) -> (i64, i64) {
        // In 128 bits, since a window at the end of time reaches beyond it.
        let (every, time) = (i128::from(self.every), i128::from(time) - i128::from(self.offset));
        let start = time.div_euclid(every) * every + i128::from(self.offset);
        let cut = |edge: i128| {
            let edge = edge.clamp(i128::from(range.start.0), i128::from(range.end.0));
            i64::try_from(edge).unwrap_or(i64::MAX)
        };
        (cut(start), cut(start + every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange { start: Timestamp(start), end: Timestamp(end) }
    }

    #[test]
    fn windows_are_aligned_to_1970_and_cut_to_the_range() {
        let window = Window::new(HOUR, 0).unwrap();
        let range = range(HOUR / 2, 10 * HOUR + 1);
        assert_eq!(window.bounds(HOUR - 1, range), (HOUR / 2, HOUR));
        assert_eq!(window.bounds(HOUR, range), (HOUR, 2 * HOUR));
        assert_eq!(window.bounds(10 * HOUR, range), (10 * HOUR, 10 * HOUR + 1));
        assert_eq!(Window::new(HOUR, -1).unwrap().bounds(2 * HOUR - 1, range), (2 * HOUR - 1, 3 * HOUR - 1));
        assert_eq!(window.bounds(-1, TimeRange::ALL), (-HOUR, 0));
    }

    #[test]
    fn the_ends_of_time_are_in_a_window() {
        let window = Window::new(i64::MAX, 0).unwrap();
        assert_eq!(window.bounds(i64::MIN + 2, TimeRange::ALL), (i64::MIN + 2, 0));
        assert_eq!(window.bounds(i64::MAX - 1, TimeRange::ALL), (0, i64::MAX));
    }

    proptest! {
        #[test]
        fn every_time_of_a_range_is_in_exactly_one_window(
            every in 1..i64::MAX, offset: i64, a: i64, b: i64, time: i64,
        ) {
            let range = range(a.min(b), a.max(b));
            prop_assume!(range.contains(Timestamp(time)));
            let (start, stop) = Window::new(every, offset).unwrap().bounds(time, range);
            prop_assert!(range.start.0 <= start && start <= time && time < stop && stop <= range.end.0);
            // Whatever else lies in this window, and only that, has the same bounds.
            for other in [start, stop - 1] {
                prop_assert_eq!(Window::new(every, offset).unwrap().bounds(other, range), (start, stop));
            }
            if stop < range.end.0 {
                prop_assert_eq!(Window::new(every, offset).unwrap().bounds(stop, range).0, stop);
            }
        }
    }
}
