//! Regular expressions over bytes.

use std::fmt;

/// A regular expression, matched anywhere in a text.
#[derive(Clone)]
pub(super) struct Regex(regex_lite::Regex);

impl Regex {
    /// Reads a pattern. The error says what is wrong with it.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        regex_lite::Regex::new(pattern).map(Self).map_err(|error| error.to_string())
    }

    /// Tells whether the pattern matches. A byte that is not UTF-8 counts as U+FFFD, as on the servers.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        match std::str::from_utf8(text) {
            Ok(text) => self.0.is_match(text),
            Err(_) => self.0.is_match(&lossy(text)),
        }
    }
}

/// Returns `text` with one U+FFFD for each byte that is not UTF-8.
pub(super) fn lossy(text: &[u8]) -> String {
    let mut readable = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        readable.push_str(chunk.valid());
        readable.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    readable
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_not_utf_8_is_one_character() {
        let regex = Regex::new("^ut.f$").unwrap();
        assert!(regex.is_match(b"ut\xfff"));
        assert!(!regex.is_match(b"ut\xff\xfff"));
        assert_eq!(lossy(b"a\xe2\x82b\xff"), "a\u{fffd}\u{fffd}b\u{fffd}");
    }
}
