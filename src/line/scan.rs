//! One record: measurement and tags, fields, timestamp.

use super::MAX_KEY;
use super::error::{LineError, Reason, shown};
use super::field::{FieldKeys, Fields, check_odd, scan_fields};
use super::value::parse as parse_number;
use crate::model::Timestamp;

/// Tag keys that 2.x keeps for itself, with the spelling of its messages.
const RESERVED: [(&[u8], &str); 5] = [
    (b"time", "time"),
    (b"_field", "_field"),
    (b"_measurement", "_measurement"),
    (b"\x00", "\\x00"),
    (b"\xff", "\\xff"),
];

/// The four bytes between series key and field key in the storage engine.
const FIELD_SEPARATOR: usize = 4;

/// The unit of the timestamps of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// `ns`, the default.
    #[default]
    Nanoseconds,
    /// `us`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
}

impl Precision {
    /// Returns the word of the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }

    /// Returns the unit in nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
        }
    }
}

/// One point, borrowed from its text.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// Measurement and tags as written, still escaped.
    pub series: &'a [u8],
    /// The measurement as written, still escaped.
    pub measurement: &'a [u8],
    /// Nanoseconds since 1970; `None` where the line has no timestamp.
    pub timestamp: Option<i64>,
    fields: &'a [u8],
    tags_sorted: bool,
}

impl<'a> Line<'a> {
    /// Returns keys and values of the fields, without escapes.
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(self.fields)
    }

    /// Returns the keys of the fields, without escapes.
    pub fn field_keys(&self) -> FieldKeys<'a> {
        FieldKeys::new(self.fields)
    }

    /// Returns the field section as written.
    pub fn field_section(&self) -> &'a [u8] {
        self.fields
    }

    /// Returns keys and values of the tags, still escaped, in the order of the line.
    pub fn tags(&self) -> Tags<'a> {
        Tags { rest: self.series.get(self.measurement.len() + 1..).unwrap_or_default() }
    }

    /// Appends measurement and tags, the tags sorted by key: the same for every spelling of a series.
    pub fn write_series(&self, out: &mut Vec<u8>) {
        if self.tags_sorted {
            out.extend_from_slice(self.series);
            return;
        }
        let mut tags: Vec<_> = self.tags().collect();
        tags.sort_unstable();
        out.extend_from_slice(self.measurement);
        for (key, value) in tags {
            out.push(b',');
            out.extend_from_slice(key);
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

/// The tags of a line, still escaped.
#[derive(Debug, Clone)]
pub struct Tags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tags<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let equals = next_unescaped(self.rest, 0, |byte| byte == b'=')?;
        let end = next_unescaped(self.rest, equals + 1, |byte| byte == b',').unwrap_or(self.rest.len());
        let tag = (self.rest.get(..equals)?, self.rest.get(equals + 1..end)?);
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(tag)
    }
}

/// Reads one record, whose timestamp counts nanoseconds.
pub fn parse(text: &[u8]) -> Result<Line<'_>, LineError> {
    parse_with_precision(text, Precision::Nanoseconds)
}

/// Reads one record, whose timestamp counts in `precision`.
pub fn parse_with_precision(text: &[u8], precision: Precision) -> Result<Line<'_>, LineError> {
    let start = skip_blanks(text, 0);
    let key = scan_key(text, start)?;
    let series = text.get(start..key.end).unwrap_or_default();
    if series.len() > MAX_KEY {
        return Err(LineError::at(start, Reason::KeyTooLong(series.len())));
    }
    let fields_start = skip_blanks(text, key.end);
    let section = scan_fields(text, fields_start)?;
    let fields = text.get(fields_start..section.end).unwrap_or_default();
    let unreadable = if section.odd { check_odd(fields, fields_start)? } else { None };
    if series.len() + FIELD_SEPARATOR + fields.len() > MAX_KEY {
        check_lengths(series, fields, fields_start)?;
    }
    let timestamp = scan_time(text, section.end, precision)?;
    if let Some(at) = unreadable {
        return Err(LineError::at(at, Reason::InvalidNumber));
    }
    let measurement = text.get(start..key.measurement_end).unwrap_or_default();
    Ok(Line { series, measurement, timestamp, fields, tags_sorted: key.tags_sorted })
}

/// Returns the first byte from `at` on that is no space, tab or NUL.
pub(super) fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0)).count();
    at + blanks
}

/// Returns the first byte after `from` that stops and does not follow a backslash.
fn next_unescaped(text: &[u8], from: usize, stops: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += text.get(at..)?.iter().position(|byte| stops(*byte))?;
        if text.get(at - 1) != Some(&b'\\') {
            return Some(at);
        }
        at += 1;
    }
}

/// Where measurement and tags end.
struct Key {
    measurement_end: usize,
    end: usize,
    tags_sorted: bool,
}

fn scan_key(text: &[u8], start: usize) -> Result<Key, LineError> {
    if matches!(text.get(start), None | Some(b',')) {
        return Err(LineError::at(start, Reason::MissingMeasurement));
    }
    let missing_fields = || LineError::at(text.len(), Reason::MissingFields);
    let measurement_end =
        next_unescaped(text, start, |byte| matches!(byte, b',' | b' ')).ok_or_else(missing_fields)?;
    let mut key = Key { measurement_end, end: measurement_end, tags_sorted: true };
    let mut previous: Option<&[u8]> = None;
    let mut reserved = None;
    while text.get(key.end) == Some(&b',') {
        let tag_start = key.end + 1;
        let (equals, end) = scan_tag(text, tag_start)?;
        let name = text.get(tag_start..equals).unwrap_or_default();
        reserved = reserved.or_else(|| reserved_name(name).map(|shown| (tag_start, shown)));
        key.tags_sorted &= previous.is_none_or(|previous| previous < name);
        previous = Some(name);
        key.end = end;
    }
    if let Some((at, name)) = reserved {
        return Err(LineError::at(at, Reason::ReservedTagKey(name.to_owned())));
    }
    if !key.tags_sorted {
        refuse_duplicates(text, &key)?;
    }
    Ok(key)
}

/// Scans one tag; returns the place of its `=` and the byte after its value.
fn scan_tag(text: &[u8], start: usize) -> Result<(usize, usize), LineError> {
    if matches!(text.get(start), None | Some(b' ' | b',' | b'=')) {
        return Err(LineError::at(start, Reason::MissingTagKey));
    }
    let missing_value = |at| LineError::at(at, Reason::MissingTagValue);
    let equals = next_unescaped(text, start, |byte| matches!(byte, b' ' | b',' | b'='))
        .ok_or_else(|| missing_value(text.len()))?;
    if text.get(equals) != Some(&b'=') {
        return Err(missing_value(equals));
    }
    let value = equals + 1;
    if matches!(text.get(value), None | Some(b' ' | b',')) {
        return Err(missing_value(value));
    }
    let end = next_unescaped(text, value, |byte| matches!(byte, b' ' | b',' | b'='))
        .ok_or_else(|| LineError::at(text.len(), Reason::MissingFields))?;
    if text.get(end) == Some(&b'=') {
        return Err(LineError::at(end, Reason::InvalidTagFormat));
    }
    Ok((equals, end))
}

fn reserved_name(name: &[u8]) -> Option<&'static str> {
    if !matches!(name.first(), Some(b't' | b'_' | 0 | 0xff)) {
        return None;
    }
    RESERVED.iter().find(|(reserved, _)| *reserved == name).map(|(_, shown)| *shown)
}

fn refuse_duplicates(text: &[u8], key: &Key) -> Result<(), LineError> {
    let tags = Tags { rest: text.get(key.measurement_end + 1..key.end).unwrap_or_default() };
    let mut names: Vec<&[u8]> = tags.map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.is_sorted_by(|left, right| left < right) {
        Ok(())
    } else {
        Err(LineError::at(key.measurement_end, Reason::DuplicateTags))
    }
}

/// Refuses a field key that makes the engine's key too long.
fn check_lengths(series: &[u8], fields: &[u8], offset: usize) -> Result<(), LineError> {
    for key in Fields::raw_keys(fields) {
        let length = series.len() + FIELD_SEPARATOR + key.len();
        if length > MAX_KEY {
            return Err(LineError::at(offset, Reason::KeyTooLong(length)));
        }
    }
    Ok(())
}

/// Scans the timestamp, if there is one, in nanoseconds.
fn scan_time(text: &[u8], from: usize, precision: Precision) -> Result<Option<i64>, LineError> {
    let start = skip_blanks(text, from);
    let rest = text.get(start..).unwrap_or_default();
    let sign = usize::from(rest.first() == Some(&b'-'));
    let digits = rest.iter().skip(sign).take_while(|byte| byte.is_ascii_digit()).count();
    let length = sign + digits;
    let (number, after) = rest.split_at_checked(length).unwrap_or_default();
    if !matches!(after.first(), None | Some(b' ' | b'\n')) {
        return Err(LineError::at(start + length, Reason::BadTimestamp));
    }
    if number.is_empty() {
        return Ok(None);
    }
    if digits == 0 {
        return Err(LineError::at(start, Reason::TimestampSyntax(shown(number))));
    }
    let count: i64 = parse_number(number)
        .ok_or_else(|| LineError::at(start, Reason::TimestampNumberOutOfRange(shown(number))))?;
    let time = count
        .checked_mul(precision.nanoseconds())
        .filter(|time| (Timestamp::MIN.0..=Timestamp::MAX.0).contains(time))
        .ok_or_else(|| LineError::at(start, Reason::TimeOutOfRange))?;
    match after.iter().position(|byte| *byte != b' ') {
        None => Ok(Some(time)),
        Some(extra) => Err(LineError::at(start + length + extra, Reason::InvalidPoint)),
    }
}
