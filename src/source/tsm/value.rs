//! Field values, one by one and by the column.

use std::fmt;

/// The type of a field. `InfluxDB` fixes it a measurement, field and shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// 64-bit floating point.
    Float,
    /// 64-bit signed integer.
    Integer,
    /// 64-bit unsigned integer: written by special builds of 1.x only.
    Unsigned,
    /// True or false.
    Boolean,
    /// Any bytes, normally UTF-8.
    String,
}

impl Type {
    /// Returns the type for a TSM block's or index entry's type byte.
    pub fn from_block(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Float),
            1 => Some(Self::Integer),
            2 => Some(Self::Boolean),
            3 => Some(Self::String),
            4 => Some(Self::Unsigned),
            _ => None,
        }
    }

    /// Returns the type for a WAL value's type byte, which counts otherwise than a block's.
    pub fn from_wal(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Float),
            2 => Some(Self::Integer),
            3 => Some(Self::Boolean),
            4 => Some(Self::String),
            5 => Some(Self::Unsigned),
            _ => None,
        }
    }

    /// Returns the word that `InfluxDB` uses for the type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::Boolean => "boolean",
            Self::String => "string",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Any bits that `InfluxDB` stored, infinities included.
    Float(f64),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// True or false.
    Boolean(bool),
    /// Raw bytes: not escaped, not quoted, not always UTF-8.
    String(&'a [u8]),
}

impl Value<'_> {
    /// Returns the value's type.
    pub fn kind(&self) -> Type {
        match self {
            Self::Float(_) => Type::Float,
            Self::Integer(_) => Type::Integer,
            Self::Unsigned(_) => Type::Unsigned,
            Self::Boolean(_) => Type::Boolean,
            Self::String(_) => Type::String,
        }
    }
}

/// The values of one block, in the order of its timestamps.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Floats.
    Float(Vec<f64>),
    /// Signed integers.
    Integer(Vec<i64>),
    /// Unsigned integers, as the signed integers of the same bits.
    Unsigned(Vec<i64>),
    /// Booleans.
    Boolean(Vec<bool>),
    /// Strings.
    String(Strings),
}

/// Strings of one block: all bytes in one buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    pub(super) bytes: Vec<u8>,
    /// Start and end of each string in `bytes`.
    pub(super) spans: Vec<(u32, u32)>,
}

impl Strings {
    /// Returns the string at `at`; empty behind the last one.
    pub fn get(&self, at: usize) -> &[u8] {
        self.spans
            .get(at)
            .and_then(|(start, end)| self.bytes.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }

    /// Appends a string. Returns false, and appends nothing, where the buffer would pass 4 GiB.
    pub(super) fn push(&mut self, string: &[u8]) -> bool {
        let start = self.bytes.len();
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(start + string.len())) else {
            return false;
        };
        self.bytes.extend_from_slice(string);
        self.spans.push((from, to));
        true
    }
}

impl Values {
    /// Builds an empty column of a type.
    pub fn new(kind: Type) -> Self {
        match kind {
            Type::Float => Self::Float(Vec::new()),
            Type::Integer => Self::Integer(Vec::new()),
            Type::Unsigned => Self::Unsigned(Vec::new()),
            Type::Boolean => Self::Boolean(Vec::new()),
            Type::String => Self::String(Strings::default()),
        }
    }

    /// Empties the column and makes it hold `kind`; keeps its memory where the type stays.
    pub fn reset(&mut self, kind: Type) {
        if self.kind() != kind {
            *self = Self::new(kind);
            return;
        }
        match self {
            Self::Float(v) => v.clear(),
            Self::Integer(v) | Self::Unsigned(v) => v.clear(),
            Self::Boolean(v) => v.clear(),
            Self::String(v) => {
                v.bytes.clear();
                v.spans.clear();
            }
        }
    }

    /// Returns the type of the values.
    pub fn kind(&self) -> Type {
        match self {
            Self::Float(_) => Type::Float,
            Self::Integer(_) => Type::Integer,
            Self::Unsigned(_) => Type::Unsigned,
            Self::Boolean(_) => Type::Boolean,
            Self::String(_) => Type::String,
        }
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Integer(v) | Self::Unsigned(v) => v.len(),
            Self::Boolean(v) => v.len(),
            Self::String(v) => v.spans.len(),
        }
    }

    /// Tells whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value at `at`, or `None` behind the last one.
    pub fn get(&self, at: usize) -> Option<Value<'_>> {
        match self {
            Self::Float(v) => v.get(at).map(|v| Value::Float(*v)),
            Self::Integer(v) => v.get(at).map(|v| Value::Integer(*v)),
            Self::Unsigned(v) => v.get(at).map(|v| Value::Unsigned(v.cast_unsigned())),
            Self::Boolean(v) => v.get(at).map(|v| Value::Boolean(*v)),
            Self::String(v) => (at < v.spans.len()).then(|| Value::String(v.get(at))),
        }
    }

    /// Appends a value; returns false where it is of another type or does not fit.
    pub(super) fn push(&mut self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Float(all), Value::Float(v)) => all.push(v),
            (Self::Integer(all), Value::Integer(v)) => all.push(v),
            (Self::Unsigned(all), Value::Unsigned(v)) => all.push(v.cast_signed()),
            (Self::Boolean(all), Value::Boolean(v)) => all.push(v),
            (Self::String(all), Value::String(v)) => return all.push(v),
            _ => return false,
        }
        true
    }

    /// Returns the bytes of memory that the column holds.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Float(v) => v.capacity() * 8,
            Self::Integer(v) | Self::Unsigned(v) => v.capacity() * 8,
            Self::Boolean(v) => v.capacity(),
            Self::String(v) => v.bytes.capacity() + v.spans.capacity() * 8,
        }
    }
}
