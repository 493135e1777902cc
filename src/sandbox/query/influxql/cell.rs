//! A value in an answer.

use crate::sandbox::store::Value;

/// A value in an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    /// Nanoseconds since 1970.
    Time(i64),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Boolean(bool),
    Text(&'a [u8]),
}

impl<'a> From<&'a Value> for Cell<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Float(value) => Self::Float(*value),
            Value::Integer(value) => Self::Integer(*value),
            Value::Unsigned(value) => Self::Unsigned(*value),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::String(value) => Self::Text(value),
        }
    }
}
