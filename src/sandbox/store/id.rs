//! Ids of resources.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of an organization, a bucket, a mapping or a user: never zero, printed as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(u64);

impl Id {
    /// The smallest id.
    pub const FIRST: Self = Self(1);

    /// Wraps a number; `None` for zero.
    pub fn new(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }

    /// Returns the number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// Reads 16 hexadecimal digits.
    ///
    /// The errors are the servers' own, as measured on influxd 2.8.0.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() != 16 {
            return Err("id must have a length of 16 bytes");
        }
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("invalid ID");
        }
        u64::from_str_radix(text, 16).ok().and_then(Self::new).ok_or("invalid ID")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let id = Id::new(0x00ab_cdef).unwrap();
        assert_eq!(id.to_string(), "0000000000abcdef");
        assert_eq!(Id::parse(&id.to_string()), Ok(id));
    }

    #[test]
    fn refuses_with_the_servers_words() {
        assert_eq!(Id::parse("zzz"), Err("id must have a length of 16 bytes"));
        assert_eq!(Id::parse("zzzzzzzzzzzzzzzz"), Err("invalid ID"));
        assert_eq!(Id::parse("+000000000000001"), Err("invalid ID"));
        assert_eq!(Id::parse("0000000000000000"), Err("invalid ID"));
    }
}
