//! Why a line cannot be read, in the server's words.

use super::MAX_KEY;
use crate::model::Timestamp;
use std::fmt;

/// Why a line cannot be read, and where.
///
/// Prints the server's own reason, as influxd 2.8.0 puts it after `unable to parse '..': `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// What is wrong.
    pub reason: Reason,
    /// The byte of the text where scanning stopped. At most the length of the text.
    pub position: usize,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing before the first comma.
    MissingMeasurement,
    /// Nothing after measurement and tags.
    MissingFields,
    /// A comma without a tag after it.
    MissingTagKey,
    /// A tag without `=`, or nothing after it.
    MissingTagValue,
    /// An unescaped `=` in a tag value.
    InvalidTagFormat,
    /// A tag named `time`, `_field`, `_measurement`, or one of two single bytes.
    ReservedTagKey(String),
    /// A tag key twice.
    DuplicateTags,
    /// Series key, or series key with field key and its separator, of so many bytes.
    KeyTooLong(usize),
    /// An `=` without a field key before it.
    MissingFieldKey,
    /// An `=` without a value after it.
    MissingFieldValue,
    /// A value that begins like a number and is none.
    InvalidNumber,
    /// A float out of range, or of the wrong form.
    InvalidFloat,
    /// A value that is neither number nor string nor boolean.
    InvalidBoolean,
    /// An integer beyond 64 bits, without its `i`.
    IntegerOutOfRange(String),
    /// An unsigned integer beyond 64 bits, without its `u`.
    UnsignedOutOfRange(String),
    /// A string that does not end.
    UnbalancedQuotes,
    /// A field without `=`, or a comma too many.
    InvalidFieldFormat,
    /// What remains cannot be taken apart into keys and values.
    InvalidValue(String),
    /// A byte other than a digit in the timestamp.
    BadTimestamp,
    /// A lone minus sign.
    TimestampSyntax(String),
    /// A timestamp beyond 64 bits.
    TimestampNumberOutOfRange(String),
    /// A time before 1677 or after 2262.
    TimeOutOfRange,
    /// Something follows the timestamp.
    InvalidPoint,
}

impl LineError {
    pub(super) fn at(position: usize, reason: Reason) -> Self {
        Self { reason, position }
    }
}

impl std::error::Error for LineError {}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let out_of_range = |f: &mut fmt::Formatter<'_>, function: &str, number: &str| {
            write!(f, "strconv.{function}: parsing \"{number}\": value out of range")
        };
        match self {
            Self::MissingMeasurement => f.write_str("missing measurement"),
            Self::MissingFields => f.write_str("missing fields"),
            Self::MissingTagKey => f.write_str("missing tag key"),
            Self::MissingTagValue => f.write_str("missing tag value"),
            Self::InvalidTagFormat => f.write_str("invalid tag format"),
            Self::ReservedTagKey(key) => write!(f, "cannot use reserved tag key \"{key}\""),
            Self::DuplicateTags => f.write_str("duplicate tags"),
            Self::KeyTooLong(length) => write!(f, "max key length exceeded: {length} > {MAX_KEY}"),
            Self::MissingFieldKey => f.write_str("missing field key"),
            Self::MissingFieldValue => f.write_str("missing field value"),
            Self::InvalidNumber => f.write_str("invalid number"),
            Self::InvalidFloat => f.write_str("invalid float"),
            Self::InvalidBoolean => f.write_str("invalid boolean"),
            Self::IntegerOutOfRange(number) => {
                write!(f, "unable to parse integer {number}: ")?;
                out_of_range(f, "ParseInt", number)
            }
            Self::UnsignedOutOfRange(number) => {
                write!(f, "unable to parse unsigned {number}: ")?;
                out_of_range(f, "ParseUint", number)
            }
            Self::UnbalancedQuotes => f.write_str("unbalanced quotes"),
            Self::InvalidFieldFormat => f.write_str("invalid field format"),
            Self::InvalidValue(key) => write!(f, "invalid value: field-key={key}"),
            Self::BadTimestamp => f.write_str("bad timestamp"),
            Self::TimestampSyntax(text) => {
                write!(f, "strconv.ParseInt: parsing \"{text}\": invalid syntax")
            }
            Self::TimestampNumberOutOfRange(text) => out_of_range(f, "ParseInt", text),
            Self::TimeOutOfRange => {
                write!(f, "time outside range {} - {}", Timestamp::MIN.0, Timestamp::MAX.0)
            }
            Self::InvalidPoint => f.write_str("point is invalid"),
        }
    }
}

/// Returns bytes of a line as text for a message.
pub(super) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
