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
    write_text(out, format_args!("{timestamp}"));
}

/// Appends a field value.
pub fn write_value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Float(value) => write_float(out, *value),
        Value::Integer(value) => write_text(out, format_args!("{value}i")),
        Value::Unsigned(value) => write_text(out, format_args!("{value}u")),
        Value::Boolean(value) => write_text(out, format_args!("{value}")),
        Value::String(text) => {
            out.push(b'"');
            escape_string(out, text);
            out.push(b'"');
        }
    }
}

/// Appends a float with the fewest digits that read back to the same bits.
pub fn write_float(out: &mut Vec<u8>, value: f64) {
    let exponent = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    #[expect(clippy::cast_possible_truncation, reason = "between -324 and 308; not finite saturates")]
    let exponent = exponent as i32;
    if PLAIN_EXPONENTS.contains(&exponent) {
        write_text(out, format_args!("{value}"));
    } else {
        write_text(out, format_args!("{value:e}"));
    }
}

fn write_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}
