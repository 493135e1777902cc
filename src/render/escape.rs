//! Names and messages made harmless: a bucket's name comes from a server and may hold anything.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns `text` with characters that would move the cursor, change colours, break the line or turn
/// its direction written as escapes, such as `\n` or `\u{202e}`. With `ascii`, all but ASCII is.
pub(super) fn clean(text: &str, ascii: bool) -> Cow<'_, str> {
    if text.chars().all(|c| is_harmless(c, ascii)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if is_harmless(c, ascii) => clean.push(c),
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            c => {
                let _ = write!(clean, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(clean)
}

fn is_harmless(c: char, ascii: bool) -> bool {
    let invisible = matches!(
        c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    );
    !c.is_control() && !invisible && (c.is_ascii() || !ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_what_a_terminal_obeys() {
        assert_eq!(clean("a\u{1b}[31mb", false), r"a\u{1b}[31mb");
        assert_eq!(clean("a\nb\tc", false), r"a\nb\tc");
        assert_eq!(clean("safe\u{202e}gpj", false), r"safe\u{202e}gpj");
        assert_eq!(clean("größe", false), "größe");
        assert_eq!(clean("größe", true), r"gr\u{f6}\u{df}e");
    }

    proptest! {
        #[test]
        fn the_result_is_one_harmless_line(text in any::<String>(), ascii in any::<bool>()) {
            let clean = clean(&text, ascii);
            prop_assert!(!clean.chars().any(char::is_control));
            prop_assert!(!ascii || clean.is_ascii());
        }
    }
}
