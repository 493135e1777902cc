//! Byte counts and rates, as in `300 MB / 5 min`.
//!
//! The grammar is a superset of `influx write --rate-limit`. `MB` is 1,000,000 bytes, as in the
//! target's own quota; the `influx` program reads it as 1,048,576 and so overshoots the quota.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// So many bytes in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Uncompressed bytes of line protocol, at least 1.
    pub bytes: u64,
    /// The time in which they may be sent, at least a second.
    pub per: Duration,
}

/// Byte units and their sizes, longer names first.
const BYTE_UNITS: [(&str, u64); 11] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("bytes", 1),
    ("byte", 1),
    ("b", 1),
];

/// Time units of a rate and their lengths in seconds, longer names first.
const TIME_UNITS: [(&str, u64); 15] = [
    ("seconds", 1),
    ("second", 1),
    ("sec", 1),
    ("minutes", 60),
    ("minute", 60),
    ("min", 60),
    ("hours", 3_600),
    ("hour", 3_600),
    ("days", 86_400),
    ("day", 86_400),
    ("hr", 3_600),
    ("s", 1),
    ("m", 60),
    ("h", 3_600),
    ("d", 86_400),
];

/// Reads a number of bytes, such as `5MB`, `64 MiB` or `1.5 GB`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = compact(text);
    let (number, unit) = split_number(&text)?;
    scale(number, size_of(unit)?)
}

impl RateLimit {
    /// Returns the limit without a share in percent that is left to others; a byte at least.
    #[must_use]
    pub fn without(self, percent: u8) -> Self {
        let left = u128::from(self.bytes) * u128::from(100 - percent.min(100)) / 100;
        Self { bytes: u64::try_from(left).unwrap_or(u64::MAX).max(1), per: self.per }
    }

    /// Reads a rate, such as `300 MB / 5 min`, `17kB/s` or `5MB5m`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = compact(text);
        let (number, rest) = split_number(&text)?;
        let unit_end = BYTE_UNITS
            .iter()
            .find(|(unit, _)| rest.starts_with(unit))
            .map(|(unit, _)| unit.len())
            .ok_or_else(|| format!("expected a byte unit such as `MB` at `{rest}`"))?;
        let bytes = scale(number, size_of(&rest[..unit_end])?)?;
        let time = rest[unit_end..].strip_prefix('/').unwrap_or(&rest[unit_end..]);
        if time.is_empty() {
            return Err("expected a time after the bytes, as in `300 MB / 5 min`".to_owned());
        }
        let digits = time.len() - time.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: u64 = match &time[..digits] {
            "" => 1,
            digits => digits.parse().map_err(|_| "the time is too long".to_owned())?,
        };
        let unit = &time[digits..];
        let length = TIME_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, length)| *length)
            .ok_or_else(|| format!("unknown time unit `{unit}`; units are s, min, h, d"))?;
        let seconds = count.checked_mul(length).filter(|s| *s <= 31 * 86_400);
        match seconds {
            Some(0) => Err("the time is zero".to_owned()),
            None => Err("the time is longer than 31 days".to_owned()),
            Some(seconds) if bytes > 0 => Ok(Self { bytes, per: Duration::from_secs(seconds) }),
            Some(_) => Err("a limit of zero bytes would never send anything".to_owned()),
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.per.as_secs();
        write!(f, "{} / ", print_bytes(self.bytes))?;
        match seconds {
            s if s % 3_600 == 0 => write!(f, "{} h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{} min", s / 60),
            s => write!(f, "{s} s"),
        }
    }
}

/// Prints bytes with a decimal unit and three digits, as in `41.2 GB`.
#[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
pub fn print_bytes(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let digits = match value {
        _ if unit == "B" => 0,
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}

/// Prints a count with thousands separated by commas.
pub fn print_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Prints a count with its noun, in the plural unless there is one: `nouns` are `value` and `values`.
pub fn print_counted(count: u64, nouns: (&str, &str)) -> String {
    format!("{} {}", print_count(count), if count == 1 { nouns.0 } else { nouns.1 })
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn split_number(text: &str) -> Result<(f64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..end].parse().map_err(|_| format!("expected a number at `{text}`"))?;
    Ok((number, &text[end..]))
}

fn size_of(unit: &str) -> Result<u64, String> {
    BYTE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size).ok_or_else(|| match unit {
        "" => "number without a unit, such as `MB`".to_owned(),
        unit => format!("unknown unit `{unit}`; units are B, kB, MB, GB, KiB, MiB, GiB"),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the value is checked against 2^53 first"
)]
fn scale(number: f64, unit: u64) -> Result<u64, String> {
    let bytes = (number * unit as f64).round();
    if bytes > 9e15 {
        return Err("more than 9 PB".to_owned());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(bytes: u64, seconds: u64) -> RateLimit {
        RateLimit { bytes, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn reads_what_influx_write_reads() {
        assert_eq!(RateLimit::parse("5MB/5min"), Ok(rate(5_000_000, 300)));
        assert_eq!(RateLimit::parse("300 MB / 5 min"), Ok(rate(300_000_000, 300)));
        assert_eq!(RateLimit::parse("17kBs"), Ok(rate(17_000, 1)));
        assert_eq!(RateLimit::parse("5.1MB5m"), Ok(rate(5_100_000, 300)));
        assert_eq!(RateLimit::parse(".5MB/s"), Ok(rate(500_000, 1)));
    }

    #[test]
    fn reads_more_units_than_influx_write() {
        assert_eq!(RateLimit::parse("1 GiB / 1 h"), Ok(rate(1 << 30, 3_600)));
        assert_eq!(parse_bytes("64 MiB"), Ok(64 << 20));
    }

    #[test]
    fn refuses_limits_that_mean_nothing() {
        for text in ["5MB", "0MB/s", "5Mb5", "MB/s", "5MB/0s", "5MB/1.5s", "5XB/s", "", "1e3B/s"] {
            assert!(RateLimit::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prints_three_digits() {
        assert_eq!(print_bytes(999), "999 B");
        assert_eq!(print_bytes(41_238_163_149), "41.2 GB");
        assert_eq!(print_bytes(5_000_000), "5 MB");
        assert_eq!(print_count(1_234_567), "1,234,567");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = RateLimit::parse(&text);
            let _ = parse_bytes(&text);
        }
    }
}
