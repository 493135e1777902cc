//! Field values and their types.

use crate::line;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The value of a field at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A finite IEEE 754 double.
    Float(f64),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// True or false.
    Boolean(bool),
    /// Bytes, not necessarily UTF-8, without escapes.
    String(Vec<u8>),
}

impl From<line::Value<'_>> for Value {
    fn from(value: line::Value<'_>) -> Self {
        match value {
            line::Value::Float(number) => Self::Float(number),
            line::Value::Integer(number) => Self::Integer(number),
            line::Value::Unsigned(number) => Self::Unsigned(number),
            line::Value::Boolean(truth) => Self::Boolean(truth),
            line::Value::String(text) => Self::String(text.into_owned()),
        }
    }
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// See [`Value::Float`].
    Float,
    /// See [`Value::Integer`].
    Integer,
    /// See [`Value::Unsigned`].
    Unsigned,
    /// See [`Value::Boolean`].
    Boolean,
    /// See [`Value::String`].
    String,
}

impl Value {
    /// Returns the type.
    pub fn field_type(&self) -> FieldType {
        match self {
            Self::Float(_) => FieldType::Float,
            Self::Integer(_) => FieldType::Integer,
            Self::Unsigned(_) => FieldType::Unsigned,
            Self::Boolean(_) => FieldType::Boolean,
            Self::String(_) => FieldType::String,
        }
    }
}

impl FieldType {
    /// Returns the number that stands for the type in the file.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Float => 0,
            Self::Integer => 1,
            Self::Unsigned => 2,
            Self::Boolean => 3,
            Self::String => 4,
        }
    }

    /// Returns the type of a number.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::Float, Self::Integer, Self::Unsigned, Self::Boolean, Self::String]
            .get(usize::from(code))
            .copied()
    }
}

/// Prints the servers' words: `float`, `integer`, `unsigned`, `boolean`, `string`.
impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::Boolean => "boolean",
            Self::String => "string",
        })
    }
}
