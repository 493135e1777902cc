//! Composite keys: a series key, `#!~#`, and a field.
//!
//! The series part is line protocol as it was written, still escaped, tags sorted. The field part is unescaped.

use crate::line::escape::{unescape_measurement, unescape_tag};
use std::borrow::Cow;

/// Separates series and field. A name that holds it is broken in the product itself, which splits at the first.
pub(super) const SEPARATOR: &[u8] = b"#!~#";

/// Splits a composite key at the first separator. Without one, everything is the series.
pub fn split(key: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memmem::find(key, SEPARATOR) {
        Some(at) => (&key[..at], key.get(at + SEPARATOR.len()..)),
        None => (key, None),
    }
}

/// Returns the measurement of a series key, still escaped: up to the first comma without a backslash before it.
///
/// "Before it" is literal, as in the server: two backslashes before a comma still escape it.
pub fn measurement(series: &[u8]) -> &[u8] {
    let end = memchr::memchr_iter(b',', series).find(|at| *at == 0 || series.get(at - 1) != Some(&b'\\'));
    end.and_then(|end| series.get(..end)).unwrap_or(series)
}

/// Returns the measurement of a series key as a user knows it.
pub fn measurement_name(series: &[u8]) -> Cow<'_, [u8]> {
    unescape_measurement(measurement(series))
}

/// Returns the tags of a series key as a user knows them, in the order of the key.
pub fn tags(series: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    let mut rest = series.get(measurement(series).len()..).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.strip_prefix(b",")?;
        let tag = measurement(rest);
        rest = rest.get(tag.len()..)?;
        let equals = memchr::memchr_iter(b'=', tag).find(|at| *at == 0 || tag.get(at - 1) != Some(&b'\\'));
        let (key, value) = tag.split_at(equals.unwrap_or(tag.len()));
        Some((unescape_tag(key), unescape_tag(value.strip_prefix(b"=").unwrap_or_default())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_separator_splits() {
        assert_eq!(split(b"m,a=1#!~#v"), (&b"m,a=1"[..], Some(&b"v"[..])));
        assert_eq!(split(b"m,t=a#!~#b#!~#f"), (&b"m,t=a"[..], Some(&b"b#!~#f"[..])));
        assert_eq!(split(b"m#!~#"), (&b"m"[..], Some(&b""[..])));
        assert_eq!(split(b"nofield"), (&b"nofield"[..], None));
    }

    #[test]
    fn a_measurement_ends_at_the_first_bare_comma() {
        assert_eq!(measurement(b"m,a=1"), b"m");
        assert_eq!(measurement(br"m\,n\\,o=1,p=2"), br"m\,n\\,o=1");
        assert_eq!(measurement(b",a=1"), b"");
        assert_eq!(measurement(b"m"), b"m");
    }

    #[test]
    fn a_measurements_name_loses_only_backslashes_that_escape() {
        assert_eq!(&*measurement_name(br"m\,a\ b\=c\n,t=1"), br"m,a b\=c\n");
        assert_eq!(&*measurement_name(br"m\\,n,t=1"), br"m\,n");
    }

    #[test]
    fn tags_are_unescaped() {
        let found: Vec<_> = tags(br"esc\ m,a=,t\,a\=g=v\ al\,1,z=C:\\,b=x").collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"a", b""), (b"t,a=g", b"v al,1"), (b"z", br"C:\,b=x")];
        assert_eq!(found.len(), 3);
        for ((key, value), (name, text)) in found.iter().zip(expected) {
            assert_eq!((&**key, &**value), (name, text));
        }
        assert_eq!(tags(b"m").count(), 0);
    }
}
