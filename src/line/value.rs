//! Field values.

use super::escape::unescape_string;
use super::number::boolean;
use std::borrow::Cow;

/// A field value, as the server stores it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `1`, `-0.5`, `1e+06`. Finite; -0.0 is kept.
    Float(f64),
    /// `1i`.
    Integer(i64),
    /// `1u`.
    Unsigned(u64),
    /// `t`, `true` and so on.
    Boolean(bool),
    /// Without quotes and escapes. Any bytes.
    String(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    /// Reads the text of a value that was scanned before.
    ///
    /// Returns `None` for text that scanning refuses.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        match text {
            // The last byte goes, whatever it is: so the server does.
            [b'"', inner @ .., _] => Some(Self::String(unescape_string(inner))),
            [b'0'..=b'9' | b'-' | b'.', ..] => match text {
                [digits @ .., b'i'] => parse(digits).map(Self::Integer),
                [digits @ .., b'u'] => parse(digits).map(Self::Unsigned),
                digits => parse(digits).map(Self::Float),
            },
            _ => boolean(text).map(Self::Boolean),
        }
    }

    /// Returns the server's word for the type: `float`, `integer`, `unsigned`, `boolean` or `string`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Integer(_) => "integer",
            Self::Unsigned(_) => "unsigned",
            Self::Boolean(_) => "boolean",
            Self::String(_) => "string",
        }
    }

    /// Returns the value with its own copy of a string.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Float(value) => Value::Float(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Unsigned(value) => Value::Unsigned(value),
            Self::Boolean(value) => Value::Boolean(value),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
        }
    }
}

/// Returns digits as text.
pub(super) fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Reads a number.
pub(super) fn parse<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    text_of(bytes)?.parse().ok()
}
