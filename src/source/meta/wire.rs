//! The protobuf wire format, as far as `meta.db` uses it: numbers, and bytes that are strings or messages.
//!
//! By hand, because the messages are few and only read: the derive of a protobuf crate would be four more
//! crates for these lines.

use crate::source::tsm::take_varint;

/// What is wrong with a message, and where in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

/// A message, not yet read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    /// Where the message begins in the file.
    offset: usize,
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    value: Value<'a>,
    offset: usize,
}

#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self::within(bytes, 0)
    }

    /// Takes a message that begins at `offset` of the file.
    pub(super) fn within(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Shows every field to `each`, which puts it into the value that is returned.
    pub(super) fn read<T: Default>(
        self,
        each: impl Fn(&mut T, u64, Field<'a>) -> Result<(), Damage>,
    ) -> Result<T, Damage> {
        let (mut to, mut rest) = (T::default(), self.bytes);
        while !rest.is_empty() {
            let at = self.offset + self.bytes.len() - rest.len();
            let damage = |reason| Damage { offset: at, reason };
            let tag = take_varint(&mut rest).ok_or_else(|| damage("a field has no number"))?;
            let value = match tag & 7 {
                0 => take_varint(&mut rest).map(Value::Number),
                1 => take(&mut rest, 8).map(little_endian),
                2 => take_varint(&mut rest)
                    .and_then(|length| usize::try_from(length).ok())
                    .and_then(|length| take(&mut rest, length))
                    .map(Value::Bytes),
                5 => take(&mut rest, 4).map(little_endian),
                _ => return Err(damage("a field is of an unknown kind")),
            };
            let value = value.ok_or_else(|| damage("it ends within a field"))?;
            let length = if let Value::Bytes(bytes) = value { bytes.len() } else { 0 };
            let offset = self.offset + self.bytes.len() - rest.len() - length;
            each(&mut to, tag >> 3, Field { value, offset })?;
        }
        Ok(to)
    }
}

impl<'a> Field<'a> {
    pub(super) fn number(&self) -> Result<u64, Damage> {
        match self.value {
            Value::Number(number) => Ok(number),
            Value::Bytes(_) => Err(self.wrong("a number is expected")),
        }
    }

    /// Returns a number that may be negative: ten bytes long, and not zigzag.
    pub(super) fn signed(&self) -> Result<i64, Damage> {
        self.number().map(u64::cast_signed)
    }

    pub(super) fn string(&self) -> Result<String, Damage> {
        let bytes = self.message()?.bytes;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.wrong("a name is not UTF-8"))
    }

    pub(super) fn message(&self) -> Result<Message<'a>, Damage> {
        match self.value {
            Value::Bytes(bytes) => Ok(Message { bytes, offset: self.offset }),
            Value::Number(_) => Err(self.wrong("a name or a message is expected")),
        }
    }

    pub(super) fn wrong(&self, reason: &'static str) -> Damage {
        Damage { offset: self.offset, reason }
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(bytes)
}

fn little_endian(bytes: &[u8]) -> Value<'_> {
    Value::Number(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
