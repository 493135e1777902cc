//! Deleted times: sorted ranges that neither touch nor overlap, both ends included.

/// A set of times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(i64, i64)>);

impl Ranges {
    /// Adds the times from `min` to `max`. Nothing where `min` is the later.
    pub(super) fn add(&mut self, min: i64, max: i64) {
        if min > max {
            return;
        }
        // The ranges that overlap or touch the new one.
        let from = self.0.partition_point(|range| range.1 < min.saturating_sub(1));
        let to = self.0.partition_point(|range| range.0 <= max.saturating_add(1));
        let merged = self.0[from..to].iter().fold((min, max), |all, r| (all.0.min(r.0), all.1.max(r.1)));
        self.0.splice(from..to, [merged]);
    }

    /// Tells whether `time` is in one of the ranges.
    pub(super) fn contains(&self, time: i64) -> bool {
        contains(&self.0, time)
    }

    pub(super) fn as_slice(&self) -> &[(i64, i64)] {
        &self.0
    }
}

/// Tells whether `time` is in one of `ranges`, which are sorted and disjoint.
pub(super) fn contains(ranges: &[(i64, i64)], time: i64) -> bool {
    let at = ranges.partition_point(|range| range.1 < time);
    ranges.get(at).is_some_and(|range| range.0 <= time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let mut ranges = Ranges::default();
        for (min, max) in [(5, 6), (1, 2), (3, 4), (9, 9), (8, 7)] {
            ranges.add(min, max);
        }
        assert_eq!(ranges.as_slice(), [(1, 6), (9, 9)]);
        ranges.add(i64::MIN, i64::MAX);
        assert_eq!(ranges.as_slice(), [(i64::MIN, i64::MAX)]);
    }

    proptest! {
        #[test]
        fn a_time_is_in_the_set_when_it_is_in_one_of_the_ranges(
            added in proptest::collection::vec((-20i64..20, -20i64..20), 0..12),
        ) {
            let mut ranges = Ranges::default();
            for (min, max) in &added {
                ranges.add(*min, *max);
            }
            for time in -22..22 {
                let expected = added.iter().any(|(min, max)| (*min..=*max).contains(&time));
                prop_assert_eq!(ranges.contains(time), expected);
            }
            prop_assert!(ranges.as_slice().windows(2).all(|r| r[0].1 + 1 < r[1].0));
        }
    }
}
