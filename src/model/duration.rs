//! `InfluxQL` durations and retention periods.
//!
//! Grammar: one or more of a whole number and a unit, `ns u µ ms s m h d w`, as in `1h30m`; `INF`.

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;

/// How long a bucket keeps points. Targets count whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retention {
    /// Points are kept forever.
    Infinite,
    /// Points are kept for so many seconds.
    Seconds(NonZeroU64),
}

impl Retention {
    /// The shortest finite retention a target accepts: below, `InfluxDB` 2.x answers 500.
    pub const MIN_SECONDS: u64 = 3600;

    /// Builds a retention from the target's `everySeconds`, where 0 means forever.
    pub fn from_seconds(seconds: u64) -> Self {
        NonZeroU64::new(seconds).map_or(Self::Infinite, Self::Seconds)
    }

    /// Returns the target's `everySeconds`, where 0 means forever.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Infinite => 0,
            Self::Seconds(seconds) => seconds.get(),
        }
    }

    /// Returns the time before which points are gone, or go soon.
    pub fn cutoff(self, now: Timestamp) -> Timestamp {
        let Self::Seconds(seconds) = self else { return Timestamp::MIN };
        let kept = i64::try_from(seconds.get()).unwrap_or(i64::MAX).saturating_mul(1_000_000_000);
        Timestamp(now.0.saturating_sub(kept))
    }

    /// Reads `infinite`, `INF` or a duration; zero means forever, as in 1.x.
    pub fn parse(text: &str) -> Result<Self, String> {
        if matches!(text, "infinite" | "INF" | "inf") {
            return Ok(Self::Infinite);
        }
        let nanoseconds = parse_nanoseconds(text)?;
        if nanoseconds % 1_000_000_000 != 0 {
            return Err("a retention is counted in whole seconds".to_owned());
        }
        Ok(Self::from_seconds(nanoseconds / 1_000_000_000))
    }
}

/// Orders by how long points are kept; infinite is the longest.
impl Ord for Retention {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |r: &Self| match r {
            Self::Infinite => u64::MAX,
            Self::Seconds(seconds) => seconds.get(),
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Retention {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Infinite => f.write_str("infinite"),
            Self::Seconds(seconds) => f.write_str(&print_seconds(seconds.get())),
        }
    }
}

impl Serialize for Retention {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Units and their lengths in nanoseconds, longest name first where one begins another.
const UNITS: [(&str, u64); 9] = [
    ("ns", 1),
    ("ms", 1_000_000),
    ("u", 1_000),
    ("µ", 1_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Reads a duration such as `1h30m`, in nanoseconds.
///
/// The error is a fragment that says what is wrong with `text`.
pub fn parse_nanoseconds(text: &str) -> Result<u64, String> {
    let mut rest = text;
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err("expected a duration such as `30d`".to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            return Err(format!("expected a whole number at `{rest}`"));
        }
        let number: u64 = rest[..digits].parse().map_err(|_| "too long".to_owned())?;
        rest = &rest[digits..];
        if rest.is_empty() {
            return Err(if digits == text.len() {
                format!("number without a unit; did you mean `{number}d`?")
            } else {
                format!("the number `{number}` at its end has no unit")
            });
        }
        let Some((unit, length)) = UNITS.iter().find(|(unit, _)| starts_with_unit(rest, unit)) else {
            return Err(format!("unknown unit at `{rest}`; units are ns, u, ms, s, m, h, d, w"));
        };
        total = number
            .checked_mul(*length)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| "too long; the longest duration is 292 years, or `INF`".to_owned())?;
        rest = &rest[unit.len()..];
    }
    Ok(total)
}

/// Tells whether `text` begins with `unit` and a number or nothing follows.
fn starts_with_unit(text: &str, unit: &str) -> bool {
    text.strip_prefix(unit)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Prints whole seconds in days, hours, minutes and seconds, as in `1d12h`.
pub fn print_seconds(mut seconds: u64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= length {
            text.push_str(&(seconds / length).to_string());
            text.push_str(unit);
            seconds %= length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_influxql_durations() {
        assert_eq!(parse_nanoseconds("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(parse_nanoseconds("100u"), Ok(100_000));
        assert_eq!(parse_nanoseconds("5ms1ns"), Ok(5_000_001));
        assert_eq!(parse_nanoseconds("52w"), Ok(52 * 604_800_000_000_000));
        assert_eq!(Retention::parse("INF"), Ok(Retention::Infinite));
        assert_eq!(Retention::parse("0s"), Ok(Retention::Infinite));
    }

    #[test]
    fn refuses_what_influxql_refuses() {
        for text in ["", "30", "1M", "1mo", "1.5h", "-1h", "d", "1h ", "1 h", "99999999999w"] {
            assert!(parse_nanoseconds(text).is_err(), "{text}");
        }
        assert_eq!(parse_nanoseconds("30").unwrap_err(), "number without a unit; did you mean `30d`?");
    }

    #[test]
    fn infinite_is_the_longest() {
        assert!(Retention::Infinite > Retention::from_seconds(u64::MAX - 1));
    }

    proptest! {
        #[test]
        fn a_retention_reads_back_as_printed(seconds in 0..9_000_000_000u64) {
            let retention = Retention::from_seconds(seconds);
            prop_assert_eq!(Retention::parse(&retention.to_string()), Ok(retention));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Retention::parse(&text);
        }
    }
}
