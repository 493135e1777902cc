//! Keeps the token out of everything that is shown or written.

use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write;
use std::sync::{PoisonError, RwLock};

/// Shorter tokens are words such as `sandbox` and no secrets; hiding them would hide other words.
const SHORTEST: usize = 8;

/// What stands for the token.
const MASKED: &str = "***";

/// Replaces the token wherever a server echoes it.
#[derive(Debug)]
pub(super) struct Mask {
    /// Every token of this run; the last one is sent. Never empty.
    tokens: RwLock<Vec<SecretString>>,
}

impl Mask {
    /// Builds a mask for `token`.
    pub(super) fn new(token: SecretString) -> Self {
        Self { tokens: RwLock::new(vec![token]) }
    }

    /// Returns the token, for the `Authorization` header only.
    pub(super) fn token(&self) -> SecretString {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.last().cloned().unwrap_or_default()
    }

    /// Replaces the token that is sent; earlier ones stay hidden.
    pub(super) fn renew(&self, token: SecretString) {
        self.tokens.write().unwrap_or_else(PoisonError::into_inner).push(token);
    }

    /// Returns `text` with every token replaced, also where it is percent-encoded.
    pub(super) fn text(&self, text: &str) -> String {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let secrets = tokens.iter().map(ExposeSecret::expose_secret).filter(|token| token.len() >= SHORTEST);
        secrets.fold(text.to_owned(), |text, token| hidden(&text, token))
    }

    /// Returns the first `limit` bytes of `body` as text, with the token replaced.
    pub(super) fn beginning(&self, body: &[u8], limit: usize) -> String {
        // Masked before it is cut: a token across the cut would show its first half.
        let text = self.text(&String::from_utf8_lossy(body));
        let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= limit).unwrap_or(text.len());
        text.get(..end).unwrap_or_default().to_owned()
    }
}

fn hidden(text: &str, token: &str) -> String {
    let masked = text.replace(token, MASKED);
    let encoded = percent_encoded(token);
    if encoded == token { masked } else { masked.replace(&encoded, MASKED) }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_token_in_both_spellings() {
        let mask = Mask::new("se+cret==".into());
        assert_eq!(mask.text("Token se+cret== at ?p=se%2Bcret%3D%3D."), "Token *** at ?p=***.");
    }

    #[test]
    fn hides_a_token_across_the_cut() {
        let mask = Mask::new("0123456789".into());
        assert_eq!(mask.beginning(b"token=0123456789 and more", 10), "token=*** ");
    }

    #[test]
    fn hides_the_tokens_of_before_too() {
        let mask = Mask::new("0123456789".into());
        mask.renew("abcdefghij".into());
        assert_eq!(mask.text("0123456789 abcdefghij"), "*** ***");
        assert_eq!(mask.token().expose_secret(), "abcdefghij");
    }

    #[test]
    fn a_word_is_no_secret() {
        assert_eq!(Mask::new("".into()).text("abc"), "abc");
        assert_eq!(Mask::new("sandbox".into()).text("org=sandbox"), "org=sandbox");
    }
}
