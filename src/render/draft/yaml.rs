//! Texts as YAML scalars: any text reads back as itself.

use std::fmt::Write as _;

/// Words that YAML 1.1 or 1.2 reads as something else than text.
const WORDS: [&str; 12] =
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];

/// Tells whether a manifest takes a name as a key, and a target as a part of a mapping: not one that merges
/// mappings, refers to a variable, or is a path.
pub(super) fn is_name(text: &str) -> bool {
    !matches!(text, "" | "<<" | "." | "..")
        && !text.contains("${env:")
        && !text.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
}

/// Returns `text` as a key.
pub(super) fn key(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Returns `text` as a value, in which nothing refers to a variable.
pub(super) fn value(text: &str) -> String {
    let is_path = text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_plain));
    if is_path || is_plain(text) { text.to_owned() } else { quoted_value(text) }
}

/// Returns `text` as a value in quotes, as it may stand in a list.
pub(super) fn quoted_value(text: &str) -> String {
    quoted(&text.replace("${", "$${"))
}

fn is_plain(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(legal)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let number = u32::from(c);
        // Writing to a string cannot fail.
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            ' '..='~' => write!(out, "{c}"),
            c if is_harmless(c) => write!(out, "{c}"),
            _ if number <= 0xff => write!(out, "\\x{number:02x}"),
            _ if number <= 0xffff => write!(out, "\\u{number:04x}"),
            _ => write!(out, "\\U{number:08x}"),
        };
    }
    out.push('"');
    out
}

/// Tells whether a character beyond ASCII may stand in YAML as it is, and shows as itself.
fn is_harmless(c: char) -> bool {
    !c.is_ascii() && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_texts_that_need_them_have_quotes() {
        for (text, scalar) in [
            ("telegraf", "telegraf"),
            ("downsampled-daily", "downsampled-daily"),
            ("odd 'name", r#""odd 'name""#),
            ("1d", r#""1d""#),
            ("No", r#""No""#),
            ("größe", r#""größe""#),
            ("a: b", r#""a: b""#),
            ("", r#""""#),
            ("a\u{1b}\u{202e}\u{1f600}", r#""a\x1b\u202e\U0001f600""#),
        ] {
            assert_eq!(key(text), scalar);
        }
        assert_eq!(value("/var/lib/influxdb/data"), "/var/lib/influxdb/data");
        assert_eq!(value("/a b"), r#""/a b""#);
        assert_eq!(value("a${env:X}"), r#""a$${env:X}""#);
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_itself(text in any::<String>(), word in "[a-zA-Z_.~-]{1,8}") {
            for text in [text, word] {
                let yaml = format!("{}: {}\n", key(&text), value(&text.replace("${", "$ {")));
                let read: std::collections::BTreeMap<String, String> = serde_yaml::from_str(&yaml).unwrap();
                let expected = (text.clone(), text.replace("${", "$ {"));
                prop_assert_eq!(read.into_iter().collect::<Vec<_>>(), [expected], "{}", yaml);
            }
        }
    }
}
