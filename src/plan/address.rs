//! The one word for a step in messages, options, journal and JSON.

use crate::model::{BucketName, Origin, name::parse_origin};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The address of a step, such as `bucket.telegraf/autogen` or `transfer.telegraf.autogen`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A bucket on the target.
    Bucket(BucketName),
    /// A DBRP mapping.
    Dbrp(Origin),
    /// Moving the data of one retention policy.
    Transfer(Origin),
    /// Comparing both sides of one retention policy.
    Verify(Origin),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket.{name}"),
            Self::Dbrp(origin) => write!(f, "dbrp.{origin}"),
            Self::Transfer(origin) => write!(f, "transfer.{origin}"),
            Self::Verify(origin) => write!(f, "verify.{origin}"),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address such as `bucket.telegraf/autogen`");
        let (kind, rest) = text.split_once('.').ok_or_else(wrong)?;
        let origin = || parse_origin(rest).ok_or_else(wrong);
        match kind {
            "bucket" if !rest.is_empty() => Ok(Self::Bucket(rest.into())),
            "dbrp" => origin().map(Self::Dbrp),
            "transfer" => origin().map(Self::Transfer),
            "verify" => origin().map(Self::Verify),
            _ => Err(wrong()),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_printed() {
        for address in [
            Address::Bucket("my.db/a b".into()),
            Address::Dbrp(Origin::new("my.db", "a\"b")),
            Address::Transfer(Origin::new("telegraf", "autogen")),
            Address::Verify(Origin::new("odd 'name", "autogen")),
        ] {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
}
