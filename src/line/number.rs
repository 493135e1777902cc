//! Numbers and booleans in field values.

use super::error::{LineError, Reason, shown};
use super::value::parse;

/// A float of fewer bytes without exponent is always in range.
const FLOAT_CHECK: usize = 25;
/// An integer of fewer bytes is always in range.
const INTEGER_CHECK: usize = 19;
/// An unsigned integer of fewer bytes is always in range.
const UNSIGNED_CHECK: usize = 20;

/// What was seen so far of a number.
#[derive(Default)]
struct Seen {
    suffix: Option<Suffix>,
    decimal: bool,
    scientific: bool,
}

/// What makes a number no float.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    Integer,
    Unsigned,
}

/// Scans the number that begins at `start`; returns the byte after it.
pub(super) fn scan_number(text: &[u8], start: usize) -> Result<usize, LineError> {
    if let Some(end) = short_number(text, start) {
        return Ok(end);
    }
    let invalid = |at: usize| LineError::at(at, Reason::InvalidNumber);
    let negative = text.get(start) == Some(&b'-');
    let mut at = start + usize::from(negative);
    let mut previous = if negative { b'-' } else { 0 };
    let mut seen = Seen::default();
    if negative && at >= text.len() {
        return Err(invalid(at));
    }
    while let Some(&byte) = text.get(at) {
        match byte {
            b',' | b' ' => break,
            b'0'..=b'9' => {}
            b'i' if at > start && seen.suffix.is_none() => seen.suffix = Some(Suffix::Integer),
            b'u' if at > start && seen.suffix.is_none() => seen.suffix = Some(Suffix::Unsigned),
            b'.' if !seen.decimal => seen.decimal = true,
            b'e' | b'E' if at > start => seen.scientific = true,
            b'+' | b'-' if matches!(previous, b'e' | b'E') => {}
            _ => return Err(invalid(at)),
        }
        previous = byte;
        at += 1;
    }
    let whole = text.get(start..at).unwrap_or_default();
    check(whole, negative, &seen).map_err(|reason| LineError::at(at, reason))?;
    Ok(at)
}

/// Returns the end of a number that is right at first sight, as most are: few digits, one point at
/// most, or an `i`.
fn short_number(text: &[u8], start: usize) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let first = start + usize::from(text.get(start) == Some(&b'-'));
    let whole = digits(first);
    let mut end = first + whole;
    match text.get(end) {
        Some(b'.') => end += 1 + digits(end + 1),
        Some(b'i') => end += 1,
        _ => {}
    }
    let short = end - start < INTEGER_CHECK;
    (whole > 0 && short && matches!(text.get(end), None | Some(b',' | b' '))).then_some(end)
}

/// Checks a number whose bytes are all allowed.
fn check(whole: &[u8], negative: bool, seen: &Seen) -> Result<(), Reason> {
    if seen.suffix.is_some() && (seen.decimal || seen.scientific) {
        return Err(Reason::InvalidNumber);
    }
    // An unsigned mark is not counted: so the server does, and refuses `-u` for its sign.
    let integer = seen.suffix == Some(Suffix::Integer);
    if whole.len() <= usize::from(integer) + usize::from(seen.decimal) + usize::from(negative) {
        return Err(Reason::InvalidNumber);
    }
    match seen.suffix {
        Some(Suffix::Integer) => {
            let digits = whole.strip_suffix(b"i").ok_or(Reason::InvalidNumber)?;
            if digits.len() >= INTEGER_CHECK && parse::<i64>(digits).is_none() {
                return Err(Reason::IntegerOutOfRange(shown(digits)));
            }
        }
        Some(Suffix::Unsigned) => {
            let digits = whole.strip_suffix(b"u").filter(|_| !negative).ok_or(Reason::InvalidNumber)?;
            if digits.len() >= UNSIGNED_CHECK && parse::<u64>(digits).is_none() {
                return Err(Reason::UnsignedOutOfRange(shown(digits)));
            }
        }
        None => {
            let long = seen.scientific || whole.len() >= FLOAT_CHECK;
            if long && !parse::<f64>(whole).is_some_and(f64::is_finite) {
                return Err(Reason::InvalidFloat);
            }
        }
    }
    Ok(())
}

/// Scans the boolean that begins at `start`; returns the byte after it.
pub(super) fn scan_boolean(text: &[u8], start: usize) -> Result<usize, LineError> {
    let rest = text.get(start..).unwrap_or_default();
    let length = memchr::memchr2(b',', b' ', rest).unwrap_or(rest.len());
    match rest.get(..length).and_then(boolean) {
        Some(_) => Ok(start + length),
        None => Err(LineError::at(start, Reason::InvalidBoolean)),
    }
}

/// Reads a boolean in one of the ten spellings.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"t" | b"T" | b"true" | b"TRUE" | b"True" => Some(true),
        b"f" | b"F" | b"false" | b"FALSE" | b"False" => Some(false),
        _ => None,
    }
}
