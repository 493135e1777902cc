//! Prints points in one canonical form: equal points give equal text.

use super::escape::{escape_field_key, escape_measurement, escape_string, escape_tag};
use super::value::Value;
use std::io::Write;

/// Floats with a decimal exponent outside this range are printed with one.
const PLAIN_EXPONENTS: std::ops::Range<i32> = -5..21;

/// Appends a point as one record without a line break: tags and fields sorted by key, floats with
/// the fewest digits that read back to the same bits, the timestamp in nanoseconds.
///
/// Names and strings are given without escapes. Tags with an empty value are left out, as the server
/// stores none. No text stands for a name that ends in a backslash or for a float that is not finite:
/// such a point does not read back.
pub fn write_point(
    out: &mut Vec<u8>,
    measurement: &[u8],
    tags: &[(&[u8], &[u8])],
    fields: &[(&[u8], Value<'_>)],
    timestamp: i64,
) {
    escape_measurement(out, measurement);
    let mut tags: Vec<_> = tags.iter().filter(|(_, value)| !value.is_empty()).collect();
    tags.sort_by_key(|(key, _)| *key);
    for (key, value) in tags {
        out.push(b',');
        escape_tag(out, key);
        out.push(b'=');
        escape_tag(out, value);
    }
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| *key);
    let mut separator = b' ';
    for (key, value) in fields {
        out.push(separator);
        separator = b',';
        escape_field_key(out, key);
        out.push(b'=');
        write_value(out, value);
    }
    out.push(b' ');
    write_integer(out, timestamp);
}

/// Appends a field value.
pub fn write_value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Float(value) => write_float(out, *value),
        Value::Integer(value) => {
            write_integer(out, *value);
            out.push(b'i');
        }
        Value::Unsigned(value) => {
            write_integer(out, *value);
            out.push(b'u');
        }
        Value::Boolean(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::String(text) => {
            out.push(b'"');
            escape_string(out, text);
            out.push(b'"');
        }
    }
}

/// Appends a float with the fewest digits that read back to the same bits.
pub fn write_float(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value).as_bytes();
    // Without an exponent it is as the standard library prints it, but for a fraction of zero.
    if value.is_finite() && memchr::memchr(b'e', text).is_none() {
        out.extend_from_slice(text.strip_suffix(b".0").unwrap_or(text));
        return;
    }
    let exponent = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    #[expect(clippy::cast_possible_truncation, reason = "between -324 and 308; not finite saturates")]
    let exponent = exponent as i32;
    if PLAIN_EXPONENTS.contains(&exponent) {
        write_text(out, format_args!("{value}"));
    } else {
        write_text(out, format_args!("{value:e}"));
    }
}

/// Appends a finite float as `influx_inspect export` prints it: the same digits, but with an exponent of two
/// digits and a sign outside of 0.0001 to 999999, as in `1e+06`.
pub fn write_float_as_inspect(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value).as_bytes();
    let size = value.abs();
    if size == 0.0 || (1e-4..1e6).contains(&size) || !value.is_finite() {
        out.extend_from_slice(text.strip_suffix(b".0").unwrap_or(text));
        return;
    }
    let text = text.strip_prefix(b"-").inspect(|_| out.push(b'-')).unwrap_or(text);
    let (mantissa, exponent) = split_at(text, b'e');
    let (whole, fraction) = split_at(mantissa, b'.');
    let exponent: i32 = std::str::from_utf8(exponent).ok().and_then(|e| e.parse().ok()).unwrap_or(0);
    let mut digits = [0; 40];
    let mut count = 0;
    for digit in whole.iter().chain(fraction) {
        if let Some(slot) = digits.get_mut(count) {
            *slot = *digit;
            count += 1;
        }
    }
    let digits = digits.get(..count).unwrap_or_default();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let end = digits.iter().rposition(|digit| *digit != b'0').map_or(zeros, |last| last + 1);
    let [first, rest @ ..] = digits.get(zeros..end).unwrap_or_default() else { return };
    let point = i32::try_from(whole.len()).unwrap_or(0) - i32::try_from(zeros).unwrap_or(0) + exponent - 1;
    out.push(*first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    let sign = if point < 0 { '-' } else { '+' };
    write_text(out, format_args!("e{sign}{:02}", point.abs()));
}

/// Appends a whole number in decimal.
pub fn write_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Splits at the first `byte`, which is left out. Without one everything is before it.
fn split_at(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(byte, text) {
        Some(at) => (&text[..at], text.get(at + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

fn write_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn float(value: f64) -> String {
        let mut out = Vec::new();
        write_float(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn as_inspect(value: f64) -> String {
        let mut out = Vec::new();
        write_float_as_inspect(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    /// The same by the standard library's digits.
    fn expected(value: f64) -> String {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        if value == 0.0 || (-4..6).contains(&exponent) {
            return value.to_string();
        }
        format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    }

    #[test]
    fn floats_are_printed_as_influx_inspect_prints_them() {
        for (value, text) in [
            (100_000.0, "100000"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.000_012_5, "-1.25e-05"),
            (1e22, "1e+22"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-0.0, "-0"),
            (0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(as_inspect(value), text);
        }
    }

    proptest! {
        #[test]
        fn any_float_has_the_digits_of_the_standard_library(bits in any::<u64>(), small in -1_000_000i64..1_000_000) {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "few digits")]
            for value in [f64::from_bits(bits), small as f64, small as f64 / 1e4, small as f64 * 1e4] {
                if value.is_finite() {
                    prop_assert_eq!(as_inspect(value), expected(value));
                    prop_assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
                    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
                    let plain = PLAIN_EXPONENTS.contains(&exponent);
                    prop_assert_eq!(float(value), if plain { format!("{value}") } else { format!("{value:e}") });
                }
            }
        }
    }
}
