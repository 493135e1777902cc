//! Answers in JSON, as the servers' encoder writes it: a document a line.

use super::answer::{Epoch, Head, Parts};
use super::cell::Cell;
use crate::model::Timestamp;
use std::io::Write as _;

/// Encodes rows.
#[derive(Debug)]
pub(super) struct Encoder {
    epoch: Epoch,
}

impl Encoder {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self { epoch }
    }

    /// Appends a row.
    pub(super) fn row(&self, rows: &mut Parts, cells: &[Cell<'_>]) {
        separate(rows, b'[');
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                rows.bytes.push(b',');
            }
            self.cell(&mut rows.bytes, *cell);
        }
        rows.bytes.push(b']');
    }

    fn cell(&self, out: &mut Vec<u8>, cell: Cell<'_>) {
        match (cell, self.epoch) {
            (Cell::Null, _) => out.extend_from_slice(b"null"),
            (Cell::Time(time), Epoch::Text) => string(out, Timestamp(time).to_string().as_bytes()),
            (Cell::Time(time), Epoch::Units(unit)) => print(out, time / unit),
            (Cell::Integer(value), _) => print(out, value),
            (Cell::Unsigned(value), _) => print(out, value),
            (Cell::Boolean(value), _) => print(out, value),
            (Cell::Float(value), _) => out.extend_from_slice(float(value).as_bytes()),
            (Cell::Text(value), _) => string(out, value),
        }
    }
}

/// Appends a series.
pub(super) fn series(series: &mut Parts, head: &Head, rows: &Parts, partial: bool) {
    separate(series, b'{');
    let out = &mut series.bytes;
    if !head.name.is_empty() {
        out.extend_from_slice(b"\"name\":");
        string(out, &head.name);
        out.push(b',');
    }
    if !head.tags.is_empty() {
        out.extend_from_slice(b"\"tags\":{");
        for (at, (key, value)) in head.tags.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            string(out, key);
            out.push(b':');
            string(out, value);
        }
        out.extend_from_slice(b"},");
    }
    out.extend_from_slice(b"\"columns\":[");
    for (at, column) in head.columns.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, column);
    }
    out.push(b']');
    if rows.count > 0 {
        out.extend_from_slice(b",\"values\":[");
        out.extend_from_slice(&rows.bytes);
        out.push(b']');
    }
    end(out, partial);
}

/// Appends the result of a statement.
pub(super) fn result(results: &mut Parts, statement: usize, series: &Parts, partial: bool) {
    separate(results, b'{');
    let out = &mut results.bytes;
    out.extend_from_slice(b"\"statement_id\":");
    print(out, statement);
    if series.count > 0 {
        out.extend_from_slice(b",\"series\":[");
        out.extend_from_slice(&series.bytes);
        out.push(b']');
    }
    end(out, partial);
}

/// Appends the error of a statement.
pub(super) fn error(results: &mut Parts, statement: usize, message: &str) {
    separate(results, b'{');
    let out = &mut results.bytes;
    out.extend_from_slice(b"\"statement_id\":");
    print(out, statement);
    out.extend_from_slice(b",\"error\":");
    string(out, message.as_bytes());
    out.push(b'}');
}

/// Returns a document of results.
pub(super) fn document(results: &Parts) -> Vec<u8> {
    if results.count == 0 {
        return b"{}\n".to_vec();
    }
    [b"{\"results\":[", results.bytes.as_slice(), b"]}\n"].concat()
}

/// Counts a part and begins it.
fn separate(parts: &mut Parts, bracket: u8) {
    if parts.count > 0 {
        parts.bytes.push(b',');
    }
    parts.bytes.push(bracket);
    parts.count += 1;
}

fn end(out: &mut Vec<u8>, partial: bool) {
    out.extend_from_slice(if partial { b",\"partial\":true}" } else { b"}" });
}

/// Appends what prints itself in ASCII.
fn print(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to memory does not fail.
    let _ = write!(out, "{value}");
}

/// Prints a float as Go does: the shortest digits that read back, with an exponent where it is long.
fn float(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "null".to_owned();
    }
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

/// Appends a string with the escapes of Go; a byte that is not UTF-8 becomes U+FFFD.
fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                '\u{8}' => out.extend_from_slice(b"\\b"),
                '\u{c}' => out.extend_from_slice(b"\\f"),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    print(out, format_args!("\\u{:04x}", u32::from(character)));
                }
                character => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        chunk.invalid().iter().for_each(|_| out.extend_from_slice(b"\\ufffd"));
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn floats_look_as_measured() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (5e21, "5e+21"),
            (1e-7, "1e-7"),
            (0.000_001, "0.000001"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn strings_are_escaped_as_measured() {
        let mut out = Vec::new();
        string(&mut out, b"a<b>&\xc3\xa9\t\x01\"\\\xe2\x80\xa8ut\xff");
        let expected = "\"a\\u003cb\\u003e\\u0026é\\t\\u0001\\\"\\\\\\u2028ut\\ufffd\"";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn strings_and_floats_read_back(text in ".*", value: f64) {
            let mut out = Vec::new();
            string(&mut out, text.as_bytes());
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            if value.is_finite() {
                prop_assert_eq!(serde_json::from_str::<f64>(&float(value)).unwrap().to_bits(), value.to_bits());
            }
        }
    }
}
