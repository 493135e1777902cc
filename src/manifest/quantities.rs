//! Texts that measure: retentions, times, sizes, rates, counts.

use super::scalar::{Fault, Grammar};
use super::{RetentionIntent, codes};
use crate::model::{RateLimit, Retention, Timestamp, size};
use schemars::{Schema, json_schema};
use std::num::NonZeroU64;
use std::ops::RangeInclusive;

/// `inherit`, `infinite` or a duration.
#[derive(Debug, Clone)]
pub(super) enum RetentionText {}

impl Grammar for RetentionText {
    type Value = RetentionIntent;
    const FORMAT: &'static str = "tidegate-retention";
    const WHAT: &'static str = "a retention";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "inherit" => Ok(RetentionIntent::Inherit),
            text => KeepText::parse(text).map(RetentionIntent::Exactly),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(inherit|infinite|INF|inf|([0-9]+(ns|u|µ|ms|s|m|h|d|w))+|.*\\$\\{.*)$",
            "examples": ["inherit", "infinite", "30d", "1h30m", "52w"],
        })
    }
}

/// `infinite` or a duration.
#[derive(Debug, Clone)]
pub(super) enum KeepText {}

impl Grammar for KeepText {
    type Value = Retention;
    const FORMAT: &'static str = "tidegate-own-retention";
    const WHAT: &'static str = "a retention";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault| (&codes::BAD_RETENTION, fault);
        if text == "inherit" {
            return Err(bad("there is no 1.x retention policy here to inherit from".to_owned()));
        }
        if text.trim_start_matches(['0', '.']).is_empty() && !text.is_empty() {
            return Err(bad("number without a unit; did you mean `infinite`?".to_owned()));
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) && !matches!(text, "infinite" | "INF" | "inf") {
            return Err(bad("expected `infinite` or a duration such as `30d`".to_owned()));
        }
        let retention = Retention::parse(text).map_err(bad)?;
        if retention < Retention::from_seconds(Retention::MIN_SECONDS) {
            return Err((&codes::SHORT_RETENTION, "targets keep points for an hour at least".to_owned()));
        }
        Ok(retention)
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(infinite|INF|inf|([0-9]+(ns|u|µ|ms|s|m|h|d|w))+|.*\\$\\{.*)$",
            "examples": ["infinite", "30d", "52w"],
        })
    }
}

/// A time.
#[derive(Debug, Clone)]
pub(super) enum StartText {}

impl Grammar for StartText {
    type Value = Timestamp;
    const FORMAT: &'static str = "tidegate-time";
    const WHAT: &'static str = "a time";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        Timestamp::parse(text).map_err(|fault| (&codes::BAD_TIME, fault))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*|.*\\$\\{.*)$",
            "examples": ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00"],
        })
    }
}

/// When a transfer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// `cutover`.
    Cutover,
    /// A time.
    At(Timestamp),
}

/// `cutover` or a time.
#[derive(Debug, Clone)]
pub(super) enum EndText {}

impl Grammar for EndText {
    type Value = End;
    const FORMAT: &'static str = "tidegate-time-or-cutover";
    const WHAT: &'static str = "a time";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "cutover" => Ok(End::Cutover),
            text => match StartText::parse(text) {
                Ok(time) => Ok(End::At(time)),
                Err((code, fault)) => Err((code, format!("{fault}, or `cutover`"))),
            },
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(cutover|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*|.*\\$\\{.*)$",
            "examples": ["cutover", "2024-01-01T00:00:00Z"],
        })
    }
}

/// A batch's size in bytes.
#[derive(Debug, Clone)]
pub(super) enum BatchBytesText {}

impl BatchBytesText {
    /// Smaller batches cost more in requests than they send.
    const MIN: u64 = 64 << 10;
    /// Half of what Cloud accepts in a request without compression.
    const MAX: u64 = 25_000_000;
}

impl Grammar for BatchBytesText {
    type Value = u64;
    const FORMAT: &'static str = "tidegate-batch-size";
    const WHAT: &'static str = "a batch size";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bytes = size::parse_bytes(text).map_err(|fault| (&codes::BAD_SIZE, fault))?;
        if (Self::MIN..=Self::MAX).contains(&bytes) {
            Ok(bytes)
        } else {
            Err((&codes::BAD_SIZE, "outside of 64 KiB to 25 MB".to_owned()))
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([ 0-9.]+ *[kKmMgGtT]?[iI]?[bB](ytes?)?|.*\\$\\{.*)$",
            "examples": ["5 MB", "512 KiB"],
        })
    }
}

/// A rate; `None` for `auto`.
#[derive(Debug, Clone)]
pub(super) enum RateText {}

impl Grammar for RateText {
    type Value = Option<RateLimit>;
    const FORMAT: &'static str = "tidegate-rate";
    const WHAT: &'static str = "a rate";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "auto" => Ok(None),
            text => RateLimit::parse(text).map(Some).map_err(|fault| (&codes::BAD_RATE, fault)),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(auto|[ 0-9.]+ *[kKmMgGtT]?[iI]?[bB].*|.*\\$\\{.*)$",
            "examples": ["auto", "300 MB / 5 min", "17kB/s"],
        })
    }
}

/// A share in percent.
#[derive(Debug, Clone)]
pub(super) enum ShareText {}

impl ShareText {
    /// With less than a tenth left, nothing gets on.
    const MAX: u8 = 90;
}

impl Grammar for ShareText {
    /// Percent.
    type Value = u8;
    const FORMAT: &'static str = "tidegate-share";
    const WHAT: &'static str = "a share";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: String| (&codes::BAD_SHARE, fault);
        let number = text.strip_suffix('%').map(str::trim_end);
        let number = number.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let percent: Option<u8> = number.and_then(|digits| digits.parse().ok());
        match percent {
            Some(percent @ 0..=Self::MAX) => Ok(percent),
            Some(_) => Err(bad(format!("at most {}%; the rest is what is sent with", Self::MAX))),
            None => Err(bad("expected a share such as `20%`".to_owned())),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+ *%|.*\\$\\{.*)$",
            "examples": ["20%"],
        })
    }
}

/// A length of time to read at once.
#[derive(Debug, Clone)]
pub(super) enum WindowText {}

impl WindowText {
    /// Shorter, the same blocks are decoded again and again.
    const MIN_SECONDS: u64 = 3_600;
}

impl Grammar for WindowText {
    /// Seconds.
    type Value = NonZeroU64;
    const FORMAT: &'static str = "tidegate-window";
    const WHAT: &'static str = "a window";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: &str| (&codes::BAD_WINDOW, fault.to_owned());
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(bad("expected a duration such as `1d`"));
        }
        match Retention::parse(text).map_err(|fault| bad(&fault))? {
            Retention::Seconds(seconds) if seconds.get() >= Self::MIN_SECONDS => Ok(seconds),
            _ => Err(bad("a window has an hour at least")),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(([0-9]+(ns|u|µ|ms|s|m|h|d|w))+|.*\\$\\{.*)$",
            "examples": ["1d", "6h"],
        })
    }
}

/// How many: a number, or two with `..` between, both included.
#[derive(Debug, Clone)]
pub(super) enum CountText {}

impl Grammar for CountText {
    type Value = RangeInclusive<usize>;
    const FORMAT: &'static str = "tidegate-count";
    const WHAT: &'static str = "a count";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: &str| (&codes::BAD_COUNT, fault.to_owned());
        let number = |text: &str| match text.trim() {
            digits if digits.starts_with('+') => None,
            digits => digits.parse::<u32>().ok().map(|number| number as usize),
        };
        let number = |text: &str| {
            number(text).ok_or_else(|| bad("expected a number such as `10`, or a range such as `10..50`"))
        };
        let (first, last) = match text.split_once("..") {
            None => (number(text)?, number(text)?),
            Some((first, "")) => (number(first)?, usize::MAX),
            Some((first, last)) => (number(first)?, number(last)?),
        };
        if first > last {
            return Err(bad("the range ends before it begins"));
        }
        Ok(first..=last)
    }

    fn schema() -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": "^(\\s*[0-9]+\\s*(\\.\\.\\s*[0-9]*\\s*)?|.*\\$\\{.*)$",
            "examples": [10, "10..50", "1.."],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar::tests::{agrees, schema_accepts};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_schema_accepts_what_the_parser_accepts() {
        agrees::<RetentionText>(&["inherit", "INF", "infinite", "1h30m", "60000ms3600s", "0s", "90d"]);
        agrees::<KeepText>(&["infinite", "1w2d"]);
        agrees::<StartText>(&["2024-01-01T00:00:00Z", "2024-01-01 00:00:00.5+02", "2024-01-01t00:00:00z"]);
        agrees::<EndText>(&["cutover", "2024-01-01T00:00:00Z"]);
        agrees::<BatchBytesText>(&["5 MB", "64KiB", "25000000 bytes", " 1 mb"]);
        agrees::<RateText>(&["auto", "300 MB / 5 min", "17kB/s", ".5MB/s"]);
        agrees::<ShareText>(&["0%", "20%", "90 %"]);
        agrees::<CountText>(&["10", "10..50", "1..", " 1 .. 2 "]);
    }

    #[test]
    fn refuses_what_means_nothing() {
        for text in ["", "0", "00", "30", "59m", "1M", "forever", "1h "] {
            assert!(RetentionText::parse(text).is_err(), "{text}");
        }
        for text in ["", "50..10", "..", "..5", "-1", "+1", "1.5", "ten"] {
            assert!(CountText::parse(text).is_err(), "{text}");
        }
        for text in ["", "20", "%", "-1%", "91%", "300%", "0.5%", "a%"] {
            assert!(ShareText::parse(text).is_err(), "{text}");
        }
        assert!(KeepText::parse("inherit").is_err());
        assert!(BatchBytesText::parse("1 kB").is_err());
        assert!(RateText::parse("5 MB").is_err());
    }

    proptest! {
        #[test]
        fn what_parses_passes_the_schema(text in "[0-9.a-zA-Z:/{}$_+ -]{0,12}") {
            prop_assert!(RetentionText::parse(&text).is_err() || schema_accepts::<RetentionText>(&text));
            prop_assert!(RateText::parse(&text).is_err() || schema_accepts::<RateText>(&text));
            prop_assert!(CountText::parse(&text).is_err() || schema_accepts::<CountText>(&text));
            prop_assert!(BatchBytesText::parse(&text).is_err() || schema_accepts::<BatchBytesText>(&text));
        }
    }
}
