//! What an organization may do, and how much of it is used up.
//!
//! Figures are those of the public limits pages of Cloud and Cloud Serverless.

use crate::model::{Kind, RateLimit, Timestamp};
use std::time::Duration;

/// What an organization may do. `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Uncompressed bytes of line protocol in a fixed window of time.
    pub write: Option<RateLimit>,
    /// Buckets, without the system buckets.
    pub max_buckets: Option<u64>,
    /// The longest retention, in seconds.
    pub max_retention_seconds: Option<u64>,
    /// Series.
    pub max_series: Option<u64>,
    /// Bytes of a request body as sent.
    pub max_body: Option<u64>,
    /// Bytes of a request body after decompression.
    pub max_inflated_body: Option<u64>,
    /// Measurements a bucket, columns a measurement.
    pub max_tables: Option<(u64, u64)>,
}

/// Data-in is counted in windows of five minutes.
const WINDOW: Duration = Duration::from_mins(5);

impl Quotas {
    /// The limits of a product that no plan lifts: sizes of requests, and of Serverless' tables.
    pub fn sizes(kind: Kind) -> Self {
        let capabilities = kind.capabilities();
        Self {
            max_body: capabilities.max_body,
            max_inflated_body: capabilities.max_inflated_body,
            max_tables: capabilities.max_tables,
            ..Self::default()
        }
    }

    /// The free plan: 5 MB in 5 minutes, 2 buckets, 30 days, on Cloud TSM 10,000 series.
    pub fn free(kind: Kind) -> Self {
        Self {
            write: Some(RateLimit { bytes: 5_000_000, per: WINDOW }),
            max_buckets: Some(2),
            max_retention_seconds: Some(30 * 86_400),
            max_series: (kind == Kind::CloudTsm).then_some(10_000),
            ..Self::sizes(kind)
        }
    }

    /// The usage-based plan: 300 MB in 5 minutes, on Cloud TSM a million series.
    pub fn usage_based(kind: Kind) -> Self {
        Self {
            write: Some(RateLimit { bytes: 300_000_000, per: WINDOW }),
            max_series: (kind == Kind::CloudTsm).then_some(1_000_000),
            ..Self::sizes(kind)
        }
    }
}

/// What was written in the window that is running.
#[derive(Debug, Default)]
pub(super) struct Meter {
    window: Option<i64>,
    used: u64,
}

impl Meter {
    /// Counts `bytes`, or returns the seconds until the window ends.
    ///
    /// Windows begin at whole multiples of their length. One request always fits into an unused
    /// window, however large it is.
    pub(super) fn charge(&mut self, limit: RateLimit, now: Timestamp, bytes: u64) -> Result<(), u64> {
        let length = i64::try_from(limit.per.as_nanos()).unwrap_or(i64::MAX).max(1);
        let window = now.0.div_euclid(length);
        if self.window != Some(window) {
            *self = Self { window: Some(window), used: 0 };
        }
        if self.used > 0 && self.used.saturating_add(bytes) > limit.bytes {
            let left = length - now.0.rem_euclid(length);
            return Err(left.cast_unsigned().div_ceil(1_000_000_000));
        }
        self.used = self.used.saturating_add(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const LIMIT: RateLimit = RateLimit { bytes: 100, per: Duration::from_mins(5) };

    #[test]
    fn a_window_that_is_used_up_ends_at_a_multiple_of_its_length() {
        let mut meter = Meter::default();
        let at = |seconds: i64| Timestamp(3_000 * SECOND + seconds * SECOND);
        assert_eq!(meter.charge(LIMIT, at(10), 60), Ok(()));
        assert_eq!(meter.charge(LIMIT, at(20), 40), Ok(()), "the quota can be used to the last byte");
        assert_eq!(meter.charge(LIMIT, at(30), 1), Err(270));
        assert_eq!(meter.charge(LIMIT, Timestamp(at(300).0 - 1), 1), Err(1));
        assert_eq!(meter.charge(LIMIT, at(300), 100), Ok(()));
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let mut meter = Meter::default();
        assert_eq!(meter.charge(LIMIT, Timestamp(0), 60), Ok(()));
        assert!(meter.charge(LIMIT, Timestamp(0), 50).is_err());
        assert_eq!(meter.charge(LIMIT, Timestamp(0), 40), Ok(()));
    }

    #[test]
    fn a_request_larger_than_the_window_passes_alone() {
        let mut meter = Meter::default();
        assert_eq!(meter.charge(LIMIT, Timestamp(0), 500), Ok(()));
        assert!(meter.charge(LIMIT, Timestamp(0), 1).is_err());
    }
}
