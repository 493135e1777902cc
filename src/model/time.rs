//! Points in time and half-open ranges, in nanoseconds since 1970.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The earliest time `InfluxDB` stores: 1677-09-21T00:12:43.145224194Z.
    pub const MIN: Self = Self(i64::MIN + 2);
    /// The latest time `InfluxDB` stores: 2262-04-11T23:47:16.854775806Z.
    pub const MAX: Self = Self(i64::MAX - 1);

    /// Reads an RFC 3339 time, such as `2024-01-01T00:00:00Z`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let time: jiff::Timestamp =
            text.parse().map_err(|_| "expected a time such as `2024-01-01T00:00:00Z`".to_owned())?;
        i64::try_from(time.as_nanosecond())
            .ok()
            .map(Self)
            .filter(|t| (Self::MIN..=Self::MAX).contains(t))
            .ok_or_else(|| "outside the years 1677 to 2262, which InfluxDB can store".to_owned())
    }
}

/// Prints RFC 3339 in UTC with as many digits as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

/// Tells the time. Injected, so that tests and rehearsals can set it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Times from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first time in the range.
    pub start: Timestamp,
    /// The first time after the range.
    pub end: Timestamp,
}

impl TimeRange {
    /// Every time `InfluxDB` can store.
    pub const ALL: Self = Self { start: Timestamp::MIN, end: Timestamp(i64::MAX) };

    /// Tells whether `time` is in the range.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::ALL
    }
}
