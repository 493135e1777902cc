//! Parameters of a request: the query string, or a form.

use super::answer::Refusal;
use super::store::Id;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;

/// Parameters by name; of one that comes twice the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `a=1&b=2`.
    pub(super) fn read(text: &str) -> Self {
        let mut params = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.entry(decode(name)).or_insert_with(|| decode(value));
        }
        Self(params)
    }

    /// Adds parameters that are not there yet.
    pub(super) fn or(mut self, others: Self) -> Self {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }

    /// Returns a parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a parameter that is an id.
    pub(super) fn id(&self, name: &str) -> Result<Option<Id>, Refusal> {
        self.get(name).map(Id::parse).transpose().map_err(Refusal::invalid)
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

/// Takes percent signs and plus signs out.
pub(super) fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high * 16 + low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Encodes a value of a query string, as Go does.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_query_string() {
        let params = Params::read("q=SHOW+DATABASES&db=a%2Fb&db=c&empty=&flag");
        assert_eq!(params.get("q"), Some("SHOW DATABASES"));
        assert_eq!(params.get("db"), Some("a/b"));
        assert_eq!((params.get("empty"), params.get("flag")), (None, None));
        assert_eq!(decode("100%"), "100%");
    }

    proptest! {
        #[test]
        fn decodes_what_it_encodes(text in ".*") {
            prop_assert_eq!(decode(&encode(&text)), text);
        }
    }
}
