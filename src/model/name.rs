//! Names of databases, retention policies, buckets, and the ids a target gives.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a 1.x database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database(pub String);

/// The name of a 1.x retention policy. A label, not a period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetentionPolicy(pub String);

/// The name of a bucket on the target, unique in an organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BucketName(pub String);

/// An id the target gave to a bucket, a mapping or an organization: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(pub String);

/// Where data comes from on the 1.x side: one retention policy of one database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The 1.x database.
    pub database: Database,
    /// The retention policy in it.
    pub retention_policy: RetentionPolicy,
}

impl Database {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RetentionPolicy {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BucketName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ResourceId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Origin {
    /// Builds an origin from two names.
    pub fn new(database: impl Into<String>, retention_policy: impl Into<String>) -> Self {
        Self {
            database: Database(database.into()),
            retention_policy: RetentionPolicy(retention_policy.into()),
        }
    }
}

impl From<&str> for Database {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<&str> for RetentionPolicy {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<&str> for BucketName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<&str> for ResourceId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RetentionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints `database.retention_policy`; a name with a dot, a quote or a blank is quoted, so that
/// the text can be split again.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", quoted(&self.database.0), quoted(&self.retention_policy.0))
    }
}

/// Returns `name`, in double quotes where a part of an address needs them.
pub fn quoted(name: &str) -> std::borrow::Cow<'_, str> {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '.' | '"' | '\\' | '\''));
    if plain {
        name.into()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")).into()
    }
}

/// Splits `database.retention_policy` as [`Origin`] prints it.
///
/// Returns `None` where the text is not two names.
pub fn parse_origin(text: &str) -> Option<Origin> {
    let (database, rest) = unquote(text)?;
    let (retention_policy, rest) = unquote(rest.strip_prefix('.')?)?;
    rest.is_empty().then(|| Origin::new(database, retention_policy))
}

/// Takes one plain or quoted name off the front of `text`.
fn unquote(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let (mut name, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((name, &quoted[at + 1..])),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_only_names_that_need_it() {
        assert_eq!(Origin::new("telegraf", "autogen").to_string(), "telegraf.autogen");
        assert_eq!(Origin::new("my.db", "a b").to_string(), r#""my.db"."a b""#);
    }

    proptest! {
        #[test]
        fn an_origin_reads_back_as_printed(database in ".*", policy in ".*") {
            let origin = Origin::new(database, policy);
            prop_assert_eq!(parse_origin(&origin.to_string()), Some(origin));
        }
    }
}
