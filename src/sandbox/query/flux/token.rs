//! Tokens of Flux and where they stand.

use super::syntax::Duration;
use std::fmt;

/// Bytes of the query, from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// Returns the span that covers both.
    pub(super) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A string literal, without quotes and escapes. Bytes, since names may not be UTF-8.
    Text(Vec<u8>),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// A duration such as `1h30m`.
    Duration(Duration),
    /// A time, in nanoseconds since 1970.
    Time(i64),
    /// A regular expression, without slashes.
    Regex(String),
    /// An operator or a bracket.
    Mark(&'static str),
    /// The end of the query.
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "the string \"{}\"", String::from_utf8_lossy(text)),
            Self::Integer(number) => write!(f, "`{number}`"),
            Self::Float(number) => write!(f, "`{number}`"),
            Self::Duration(_) => f.write_str("a duration"),
            Self::Time(_) => f.write_str("a time"),
            Self::Regex(_) => f.write_str("a regular expression"),
            Self::Mark(mark) => write!(f, "`{mark}`"),
            Self::End => f.write_str("the end of the query"),
        }
    }
}
