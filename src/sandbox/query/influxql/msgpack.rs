//! Answers in `MessagePack`, with the shortest numbers, as the servers' encoder writes it.

use super::answer::{Epoch, Head, Parts};
use super::cell::Cell;

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
        rows.count += 1;
        let out = &mut rows.bytes;
        array(out, cells.len());
        for cell in cells {
            match (*cell, self.epoch) {
                (Cell::Null, _) => out.push(0xc0),
                (Cell::Time(time), Epoch::Text) => timestamp(out, time),
                (Cell::Time(time), Epoch::Units(unit)) => signed(out, time / unit),
                (Cell::Integer(value), _) => signed(out, value),
                (Cell::Unsigned(value), _) => unsigned(out, value),
                (Cell::Float(value), _) => {
                    out.push(0xcb);
                    out.extend_from_slice(&value.to_be_bytes());
                }
                (Cell::Boolean(value), _) => out.push(0xc2 + u8::from(value)),
                (Cell::Text(value), _) => string(out, value),
            }
        }
    }
}

/// Appends a series.
pub(super) fn series(series: &mut Parts, head: &Head, rows: &Parts, partial: bool) {
    series.count += 1;
    let out = &mut series.bytes;
    let named = usize::from(!head.name.is_empty());
    map(out, 2 + named + usize::from(!head.tags.is_empty()) + usize::from(partial));
    if named > 0 {
        string(out, b"name");
        string(out, &head.name);
    }
    if !head.tags.is_empty() {
        string(out, b"tags");
        map(out, head.tags.len());
        for (key, value) in &head.tags {
            string(out, key);
            string(out, value);
        }
    }
    string(out, b"columns");
    array(out, head.columns.len());
    for column in &head.columns {
        string(out, column);
    }
    string(out, b"values");
    array(out, rows.count);
    out.extend_from_slice(&rows.bytes);
    end(out, partial);
}

/// Appends the result of a statement.
pub(super) fn result(results: &mut Parts, statement: usize, series: &Parts, partial: bool) {
    results.count += 1;
    let out = &mut results.bytes;
    map(out, 2 + usize::from(partial));
    string(out, b"statement_id");
    unsigned(out, statement as u64);
    string(out, b"series");
    array(out, series.count);
    out.extend_from_slice(&series.bytes);
    end(out, partial);
}

/// Appends the error of a statement.
pub(super) fn error(results: &mut Parts, message: &str) {
    results.count += 1;
    map(&mut results.bytes, 1);
    string(&mut results.bytes, b"error");
    string(&mut results.bytes, message.as_bytes());
}

/// Returns a document of results.
pub(super) fn document(results: &Parts) -> Vec<u8> {
    let mut out = Vec::with_capacity(results.bytes.len() + 16);
    map(&mut out, 1);
    string(&mut out, b"results");
    array(&mut out, results.count);
    out.extend_from_slice(&results.bytes);
    out
}

fn end(out: &mut Vec<u8>, partial: bool) {
    if partial {
        string(out, b"partial");
        out.push(0xc3);
    }
}

/// Appends a time as the servers' extension 5: seconds and nanoseconds.
fn timestamp(out: &mut Vec<u8>, time: i64) {
    const SECOND: i64 = 1_000_000_000;
    out.extend_from_slice(&[0xc7, 12, 5]);
    out.extend_from_slice(&time.div_euclid(SECOND).to_be_bytes());
    let nanoseconds = u32::try_from(time.rem_euclid(SECOND)).unwrap_or_default();
    out.extend_from_slice(&nanoseconds.to_be_bytes());
}

fn signed(out: &mut Vec<u8>, value: i64) {
    if let Ok(value) = i8::try_from(value) {
        // From -32 on the byte is the number itself.
        if value < -32 {
            out.push(0xd0);
        }
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        out.push(0xd1);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(0xd2);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn unsigned(out: &mut Vec<u8>, value: u64) {
    if let Ok(value) = u8::try_from(value) {
        if value > 0x7f {
            out.push(0xcc);
        }
        out.push(value);
    } else if let Ok(value) = u16::try_from(value) {
        out.push(0xcd);
        out.extend_from_slice(&value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        out.push(0xce);
        out.extend_from_slice(&value.to_be_bytes());
    } else {
        out.push(0xcf);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    length(out, text.len(), 0xa0, 32, [0xd9, 0xda, 0xdb]);
    out.extend_from_slice(text);
}

fn array(out: &mut Vec<u8>, items: usize) {
    length(out, items, 0x90, 16, [0, 0xdc, 0xdd]);
}

fn map(out: &mut Vec<u8>, items: usize) {
    length(out, items, 0x80, 16, [0, 0xde, 0xdf]);
}

/// Appends a length: in the byte itself below `small`, else behind the tag for 1, 2 or 4 bytes; a tag of
/// 0 does not exist.
fn length(out: &mut Vec<u8>, length: usize, fixed: u8, small: u8, [one, two, four]: [u8; 3]) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < small => out.push(fixed | length),
        (Ok(length), _) if one != 0 => out.extend_from_slice(&[one, length]),
        (_, Ok(length)) => {
            out.push(two);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(four);
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (value, bytes) in [
            (0, "00"),
            (127, "7f"),
            (128, "d10080"),
            (1_800, "d10708"),
            (-32, "e0"),
            (-33, "d0df"),
            (-129, "d1ff7f"),
            (1 << 20, "d200100000"),
            (i64::MIN, "d38000000000000000"),
        ] {
            assert_eq!(hex(|out| signed(out, value)), bytes);
        }
        assert_eq!(hex(|out| unsigned(out, 255)), "ccff");
        assert_eq!(hex(|out| unsigned(out, u64::MAX)), "cfffffffffffffffff");
    }

    #[test]
    fn lengths_and_times_are_as_measured() {
        assert_eq!(hex(|out| string(out, b"results")), "a7726573756c7473");
        assert_eq!(hex(|out| string(out, &[b'x'; 40]))[..4], *"d928");
        assert_eq!(hex(|out| array(out, 16)), "dc0010");
        assert_eq!(hex(|out| map(out, 3)), "83");
        assert_eq!(hex(|out| timestamp(out, 7_200_000_000_001)), "c70c050000000000001c2000000001");
        assert_eq!(hex(|out| timestamp(out, -1)), "c70c05ffffffffffffffff3b9ac9ff");
    }
}
