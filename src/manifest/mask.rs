//! Hides secrets in the text that problems show. A secret in a manifest is a mistake; printing it
//! in a build log would be the second one.

use std::ops::Range;
use std::sync::Arc;

/// Words that begin a secret when they are a key.
const SECRET_KEYS: [&str; 3] = ["token", "password", "secret"];

/// Tells whether the value of a key is a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_KEYS.iter().any(|word| key.contains(word))
}

/// Tells whether text can be the name of an environment variable. A pasted token hardly ever can.
pub(super) fn is_variable_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Tells whether text is nothing but one `${..}` reference.
pub(super) fn is_reference(text: &str) -> bool {
    text.strip_prefix("${env:")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| is_variable_name(name.trim()))
}

/// Puts stars in place of `known` secrets and of what looks like one, as many bytes, so that places stay right.
pub(super) fn hide(text: &Arc<str>, known: &[Range<usize>]) -> Arc<str> {
    let mut ranges: Vec<Range<usize>> = known.to_vec();
    ranges.extend(after_secret_keys(text));
    ranges.extend(long_tokens(text));
    if ranges.is_empty() {
        return Arc::clone(text);
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let (mut hidden, mut done) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        let start = range.start.max(done);
        let (Some(before), Some(secret)) = (text.get(done..start), text.get(start..range.end)) else {
            continue;
        };
        hidden.push_str(before);
        for c in secret.chars() {
            match c {
                '\n' | '\r' => hidden.push(c),
                c => hidden.extend(std::iter::repeat_n('*', c.len_utf8())),
            }
        }
        done = range.end;
    }
    hidden.push_str(text.get(done..).unwrap_or_default());
    hidden.into()
}

/// Finds what follows `token:` and the like on a line. Works where the text is not even YAML, and in comments.
fn after_secret_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        if let Some(key) = SECRET_KEYS.iter().filter_map(|word| lower.find(word)).min()
            && let Some(colon) = line[key..].find(':').map(|at| key + at + 1)
        {
            let value = line[colon..].trim();
            let harmless = value.is_empty()
                || value.starts_with(['{', '|', '>', '#', '&', '*', '!'])
                || value.starts_with("${env:")
                || value.trim_matches(['"', '\'']).starts_with("${env:");
            if !harmless {
                let start = colon + (line[colon..].len() - line[colon..].trim_start().len());
                found.push(line_start + start..line_start + start + value.len());
            }
        }
        line_start += line.len();
    }
    found
}

/// Finds runs of 60 or more characters of base64: a 2.x token has 88.
fn long_tokens(text: &str) -> Vec<Range<usize>> {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'=');
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| in_token(**byte)).count();
        let run = &bytes[at..at + length];
        // A ruler of dashes in a comment is not a token.
        if length >= 60 && run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_uppercase) {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        hide(&text.into(), &[]).to_string()
    }

    #[test]
    fn hides_what_follows_a_secret_key() {
        assert_eq!(hidden("  token: hunter2\n  org: a\n"), "  token: *******\n  org: a\n");
        assert_eq!(hidden("# password: 'é'\n"), "# password: ****\n");
    }

    #[test]
    fn shows_references() {
        for text in ["token: { env: INFLUX_TOKEN }\n", "token: ${env:INFLUX_TOKEN}\n", "token:\n  file: x\n"]
        {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn hides_long_tokens_anywhere_and_keeps_the_length() {
        let token = format!("{}aB3==", "x".repeat(83));
        let text = format!("org: {token}\nurl: é\n");
        assert_eq!(hidden(&text), format!("org: {}\nurl: é\n", "*".repeat(88)));
        let ruler = format!("# {}\n", "-".repeat(100));
        assert_eq!(hidden(&ruler), ruler);
    }

    #[test]
    fn hides_known_places() {
        assert_eq!(&*hide(&"a: b c".into(), &[3..4, 3..6, 99..100]), "a: ***");
    }
}
