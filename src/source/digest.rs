//! Digests of a source, as text.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Returns a digest as hexadecimal digits.
pub(super) fn hex(digest: Sha256) -> String {
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
