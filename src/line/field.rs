//! The field section: `key=value,key=value`.

use super::error::{LineError, Reason, shown};
use super::escape::unescape_field_key;
use super::number::{scan_boolean, scan_number};
use super::value::Value;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// Where a field section ends, and whether it needs a second look.
pub(super) struct Section {
    /// The first byte after it.
    pub(super) end: usize,
    /// Whether keys and values may be cut at other places than this scan saw: the server scans
    /// twice, and its two scans differ about backslashes and about text after a closing quote.
    pub(super) odd: bool,
}

/// Bytes that mean something in a field section; all others only need passing over.
static SPECIAL: [bool; 256] = marked(b"\\\"=, ");

/// Returns a table that is true at `bytes`.
pub(super) const fn marked(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// How a field section stands after some bytes.
#[derive(Default)]
struct State {
    equals: usize,
    commas: usize,
    quoted: bool,
    odd: bool,
}

/// Scans the field section that begins at `start`.
pub(super) fn scan_fields(text: &[u8], start: usize) -> Result<Section, LineError> {
    let mut state = State::default();
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        if !state.quoted && !SPECIAL[usize::from(byte)] {
            at += 1;
            continue;
        }
        match byte {
            b'\\' if at + 1 < text.len() => {
                state.odd |= !state.quoted;
                at += 2;
            }
            b'"' if state.equals > state.commas => {
                state.quoted = !state.quoted;
                at += 1;
            }
            _ if state.quoted => {
                let rest = text.get(at + 1..).unwrap_or_default();
                at += 1 + memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            }
            b'=' => {
                state.odd |= state.equals > state.commas;
                state.equals += 1;
                at = scan_value(text, at)?;
            }
            b',' => {
                state.odd |= state.commas >= state.equals;
                state.commas += 1;
                at += 1;
            }
            b' ' => break,
            _ => at += 1,
        }
    }
    if state.quoted {
        return Err(LineError::at(at.min(text.len()), Reason::UnbalancedQuotes));
    }
    if state.equals == 0 || state.commas != state.equals - 1 {
        return Err(LineError::at(at, Reason::InvalidFieldFormat));
    }
    Ok(Section { end: at, odd: state.odd })
}

/// Checks both sides of the `=` at `equals`; returns the byte after a number or boolean, or the
/// quote that begins a string.
fn scan_value(text: &[u8], equals: usize) -> Result<usize, LineError> {
    let before = equals.checked_sub(2).and_then(|from| text.get(from..equals));
    if matches!(before, Some([escape, b' ' | b',']) if *escape != b'\\') {
        return Err(LineError::at(equals, Reason::MissingFieldKey));
    }
    let value = equals + 1;
    match text.get(value) {
        None | Some(b',' | b' ') => Err(LineError::at(value, Reason::MissingFieldValue)),
        Some(b'0'..=b'9' | b'.' | b'-' | b'N' | b'n') => scan_number(text, value),
        Some(b'"') => Ok(value),
        Some(_) => scan_boolean(text, value),
    }
}

/// Checks a section that needs a second look, key by key.
///
/// Returns the place of the first value that is none. The server takes such a line and fails later.
pub(super) fn check_odd(section: &[u8], offset: usize) -> Result<Option<usize>, LineError> {
    let mut at = 0;
    let mut unreadable = None;
    while at < section.len() {
        let rest = section.get(at..).unwrap_or_default();
        let equals = key_end(rest);
        let key = rest.get(..equals).unwrap_or(rest);
        if equals + 2 > rest.len() {
            return Err(LineError::at(offset + at, Reason::InvalidValue(shown(key))));
        }
        let value = rest.get(equals + 1..).unwrap_or_default();
        let value = value.get(..value_end(value)).unwrap_or_default();
        if Value::read(value).is_none() {
            unreadable = unreadable.or(Some(offset + at + equals + 1));
        }
        at += equals + 1 + value.len() + 1;
    }
    Ok(unreadable)
}

/// Returns the place of the `=` that ends a field key, or the length of the text.
fn key_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr(b'=', rest)) {
        at += found;
        if at == 0 || text.get(at - 1) != Some(&b'\\') {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// Returns the place of the comma that ends a value, or the length of the text.
fn value_end(text: &[u8]) -> usize {
    let comma = memchr(b',', text).unwrap_or(text.len());
    let value = text.get(..comma).unwrap_or(text);
    // A backslash alone moves nothing.
    if memchr(b'"', value).is_none() { comma } else { quoted_value_end(text) }
}

fn quoted_value_end(text: &[u8]) -> usize {
    let mut quoted = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\')) => at += 1,
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ if quoted => {
                let rest = text.get(at + 1..).unwrap_or_default();
                at += memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Takes a field section apart into keys and the texts of their values, both still escaped.
#[derive(Debug, Clone)]
struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = self.rest.split_at_checked(key_end(self.rest))?;
        let rest = rest.get(1..)?;
        let (value, rest) = rest.split_at_checked(value_end(rest))?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some((key, value))
    }
}

/// The fields of a line, in its order. A key may come twice; the last one counts.
#[derive(Debug, Clone)]
pub struct Fields<'a>(Parts<'a>);

impl<'a> Fields<'a> {
    pub(super) fn new(section: &'a [u8]) -> Self {
        Self(Parts { rest: section })
    }

    /// Returns the keys of a section, still escaped.
    pub(super) fn raw_keys(section: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        Parts { rest: section }.map(|(key, _)| key)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, [u8]>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.0.next()?;
        Some((unescape_field_key(key), Value::read(value)?))
    }
}

/// The field keys of a line, in its order, without reading the values.
#[derive(Debug, Clone)]
pub struct FieldKeys<'a>(Parts<'a>);

impl<'a> FieldKeys<'a> {
    pub(super) fn new(section: &'a [u8]) -> Self {
        Self(Parts { rest: section })
    }
}

impl<'a> Iterator for FieldKeys<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, _)| unescape_field_key(key))
    }
}
