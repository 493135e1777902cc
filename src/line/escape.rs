//! Backslashes: which byte needs one depends on the part of the line.
//!
//! A backslash before any other byte is itself. There is no way to write a name that ends in a
//! backslash: the server takes the delimiter after it as escaped, however many there are.

use memchr::memchr;
use std::borrow::Cow;

/// Takes the escapes out of a measurement: `\,` and `\ `.
pub fn unescape_measurement(text: &[u8]) -> Cow<'_, [u8]> {
    unescape(text, b", ")
}

/// Takes the escapes out of a tag key or tag value: `\,`, `\ ` and `\=`.
pub fn unescape_tag(text: &[u8]) -> Cow<'_, [u8]> {
    unescape(text, b", =")
}

/// Takes the escapes out of a field key: `\,`, `\ `, `\=` and `\"`.
pub fn unescape_field_key(text: &[u8]) -> Cow<'_, [u8]> {
    unescape(text, b", =\"")
}

/// Takes the escapes out of a string between its quotes: `\"` and `\\`.
pub fn unescape_string(text: &[u8]) -> Cow<'_, [u8]> {
    unescape(text, b"\"\\")
}

/// Appends a measurement with its escapes.
pub fn escape_measurement(out: &mut Vec<u8>, name: &[u8]) {
    escape(out, name, b", ");
}

/// Appends a tag key or tag value with its escapes.
pub fn escape_tag(out: &mut Vec<u8>, text: &[u8]) {
    escape(out, text, b", =");
}

/// Appends a field key with its escapes.
///
/// A quote stays bare: every server reads it so, while Serverless would keep a backslash before it.
pub fn escape_field_key(out: &mut Vec<u8>, key: &[u8]) {
    escape(out, key, b", =");
}

/// Appends a string with its escapes, without the quotes around it.
pub fn escape_string(out: &mut Vec<u8>, text: &[u8]) {
    escape(out, text, b"\"\\");
}

fn unescape<'a>(text: &'a [u8], escaped: &[u8]) -> Cow<'a, [u8]> {
    let Some(first) = memchr(b'\\', text) else {
        return Cow::Borrowed(text);
    };
    let (plain, mut rest) = text.split_at(first);
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(plain);
    while let [byte, tail @ ..] = rest {
        match (byte, tail) {
            (b'\\', [next, after @ ..]) if escaped.contains(next) => {
                out.push(*next);
                rest = after;
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

fn escape(out: &mut Vec<u8>, text: &[u8], escaped: &[u8]) {
    out.reserve(text.len());
    for byte in text {
        if escaped.contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_bytes_of_the_part_are_unescaped() {
        assert_eq!(&*unescape_measurement(br"a\,b\ c\=d\n"), br"a,b c\=d\n");
        assert_eq!(&*unescape_tag(br#"a\,b\ c\=d\"e"#), br#"a,b c=d\"e"#);
        assert_eq!(&*unescape_field_key(br#"f\"q\ \\ \b"#), br#"f"q \ \b"#);
        assert_eq!(&*unescape_string(br#"quote \" back \\ slash \n"#), br#"quote " back \ slash \n"#);
    }

    #[test]
    fn a_backslash_before_an_escape_is_itself() {
        assert_eq!(&*unescape_tag(br"a\\,b"), br"a\,b");
        assert_eq!(&*unescape_string(br#"\\""#), br#"\""#);
        assert_eq!(&*unescape_tag(br"a\"), br"a\");
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back(text in prop::collection::vec(any::<u8>(), 0..40)) {
            for (escape, unescape) in [
                (escape_measurement as fn(&mut Vec<u8>, &[u8]), unescape_measurement as fn(&[u8]) -> Cow<'_, [u8]>),
                (escape_tag, unescape_tag),
                (escape_string, unescape_string),
            ] {
                let mut out = Vec::new();
                escape(&mut out, &text);
                prop_assert_eq!(&*unescape(&out), &text[..]);
            }
        }
    }
}
