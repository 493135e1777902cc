//! Encoders for tests: what a server would write, and what it could have written.

use std::fmt::Write as _;

/// A column of values to encode.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    Float(Vec<f64>),
    Integer(Vec<i64>),
    Unsigned(Vec<u64>),
    Boolean(Vec<bool>),
    String(Vec<Vec<u8>>),
}

impl Column {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Integer(v) => v.len(),
            Self::Unsigned(v) => v.len(),
            Self::Boolean(v) => v.len(),
            Self::String(v) => v.len(),
        }
    }

    pub(crate) fn block_type(&self) -> u8 {
        match self {
            Self::Float(_) => 0,
            Self::Integer(_) => 1,
            Self::Boolean(_) => 2,
            Self::String(_) => 3,
            Self::Unsigned(_) => 4,
        }
    }
}

/// How timestamps or integers are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Raw,
    Packed,
    Repeated,
}

/// Packs as the server does: the smallest form that fits. Fewer than `repeated` deltas are not a run.
pub(crate) fn best_packing(deltas: &[u64], repeated: usize) -> Packing {
    if deltas.windows(2).all(|d| d[0] == d[1]) && deltas.len() >= repeated {
        Packing::Repeated
    } else if deltas.iter().all(|d| *d < 1 << 60) {
        Packing::Packed
    } else {
        Packing::Raw
    }
}

pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

const SIMPLE8B: [(usize, u32); 16] = [
    (240, 0),
    (120, 0),
    (60, 1),
    (30, 2),
    (20, 3),
    (15, 4),
    (12, 5),
    (10, 6),
    (8, 7),
    (7, 8),
    (6, 10),
    (5, 12),
    (4, 15),
    (3, 20),
    (2, 30),
    (1, 60),
];

pub(crate) fn simple8b(mut numbers: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    while !numbers.is_empty() {
        let (selector, (count, bits)) = SIMPLE8B
            .iter()
            .enumerate()
            .find(|(selector, (count, bits))| {
                numbers.len() >= *count
                    && numbers[..*count].iter().all(|n| if *selector < 2 { *n == 1 } else { n >> bits == 0 })
            })
            .expect("numbers below 2^60");
        let mut word = (selector as u64) << 60;
        if selector >= 2 {
            for (k, n) in numbers[..*count].iter().enumerate() {
                word |= n << (k as u32 * bits);
            }
        }
        out.extend(word.to_be_bytes());
        numbers = &numbers[*count..];
    }
    out
}

pub(crate) fn time_deltas(times: &[i64]) -> Vec<u64> {
    times.windows(2).map(|t| t[1].wrapping_sub(t[0]) as u64).collect()
}

/// Encodes timestamps as the server does.
pub(crate) fn times(times: &[i64]) -> Vec<u8> {
    let deltas = time_deltas(times);
    let scale = scale_of(&deltas);
    let scaled: Vec<u64> = deltas.iter().map(|d| d / 10u64.pow(scale)).collect();
    let packing = best_packing(&scaled, 1);
    times_as(times, packing, if packing == Packing::Raw { 0 } else { scale })
}

/// The largest power of ten, up to 12, that divides every delta.
pub(crate) fn scale_of(deltas: &[u64]) -> u32 {
    (0..=12).rev().find(|e| deltas.iter().all(|d| d % 10u64.pow(*e) == 0)).unwrap_or(0)
}

/// Encodes timestamps in the form asked for.
pub(crate) fn times_as(times: &[i64], packing: Packing, scale: u32) -> Vec<u8> {
    let deltas: Vec<u64> = time_deltas(times).iter().map(|d| d / 10u64.pow(scale)).collect();
    let Some(first) = times.first() else { return Vec::new() };
    let mut out = vec![(packing as u8) << 4 | scale as u8];
    out.extend(first.to_be_bytes());
    match packing {
        Packing::Raw => out.extend(deltas.iter().flat_map(|d| d.to_be_bytes())),
        Packing::Packed => out.extend(simple8b(&deltas)),
        Packing::Repeated => {
            out.extend(varint(deltas.first().copied().unwrap_or(0)));
            out.extend(varint(times.len() as u64));
        }
    }
    out
}

pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) fn integer_deltas(values: &[i64]) -> Vec<u64> {
    values.windows(2).map(|v| zigzag(v[1].wrapping_sub(v[0]))).collect()
}

/// Encodes integers as the server does.
pub(crate) fn integers(values: &[i64]) -> Vec<u8> {
    integers_as(values, best_packing(&integer_deltas(values), 2))
}

/// Encodes integers in the form asked for.
pub(crate) fn integers_as(values: &[i64], packing: Packing) -> Vec<u8> {
    let deltas = integer_deltas(values);
    let mut out = vec![(packing as u8) << 4];
    out.extend(zigzag(values[0]).to_be_bytes());
    match packing {
        Packing::Raw => out.extend(deltas.iter().flat_map(|d| d.to_be_bytes())),
        Packing::Packed => out.extend(simple8b(&deltas)),
        Packing::Repeated => {
            out.extend(varint(deltas.first().copied().unwrap_or(0)));
            out.extend(varint(values.len() as u64 - 1));
        }
    }
    out
}

/// Bits, written from the highest of each byte down.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    pub(crate) fn push(&mut self, value: u64, width: u32) {
        for k in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= ((value >> k & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }
}

/// Encodes floats as the server does: its end marker is a NaN that no value may be.
pub(crate) fn floats(values: &[f64]) -> Vec<u8> {
    const END: u64 = 0x7ff8_0000_0000_0001;
    let mut bits = Bits::default();
    let mut all: Vec<u64> = values.iter().map(|v| v.to_bits()).collect();
    all.push(END);
    bits.push(all[0], 64);
    let (mut lead, mut trail) = (u32::MAX, 0);
    for pair in all.windows(2) {
        let xor = pair[0] ^ pair[1];
        if xor == 0 {
            bits.push(0, 1);
            continue;
        }
        let (leading, trailing) = (xor.leading_zeros() & 31, xor.trailing_zeros());
        if lead != u32::MAX && leading >= lead && trailing >= trail {
            bits.push(0b10, 2);
        } else {
            (lead, trail) = (leading, trailing);
            bits.push(0b11, 2);
            bits.push(u64::from(lead), 5);
            bits.push(u64::from((64 - lead - trail) & 63), 6);
        }
        bits.push(xor >> trail, 64 - lead - trail);
    }
    [&[0x10][..], &bits.bytes].concat()
}

pub(crate) fn booleans(values: &[bool]) -> Vec<u8> {
    let mut bits = Bits::default();
    for value in values {
        bits.push(u64::from(*value), 1);
    }
    [&[0x10][..], &varint(values.len() as u64), &bits.bytes].concat()
}

pub(crate) fn strings(values: &[Vec<u8>]) -> Vec<u8> {
    let plain: Vec<u8> = values.iter().flat_map(|v| [varint(v.len() as u64), v.clone()].concat()).collect();
    [&[0x10][..], &snap::raw::Encoder::new().compress_vec(&plain).unwrap()].concat()
}

pub(crate) fn values(column: &Column) -> Vec<u8> {
    match column {
        Column::Float(v) => floats(v),
        Column::Integer(v) => integers(v),
        Column::Unsigned(v) => integers(&v.iter().map(|v| *v as i64).collect::<Vec<_>>()),
        Column::Boolean(v) => booleans(v),
        Column::String(v) => strings(v),
    }
}

/// Puts a payload together from its encoded parts.
pub(crate) fn payload_of(block_type: u8, times: &[u8], values: &[u8]) -> Vec<u8> {
    [&[block_type][..], &varint(times.len() as u64), times, values].concat()
}

/// Encodes a payload, that is a block without its checksum.
pub(crate) fn payload(block_times: &[i64], column: &Column) -> Vec<u8> {
    assert_eq!(block_times.len(), column.len());
    payload_of(column.block_type(), &times(block_times), &values(column))
}

/// Encodes a block: checksum and payload.
pub(crate) fn block(block_times: &[i64], column: &Column) -> Vec<u8> {
    let payload = payload(block_times, column);
    [&crc32fast::hash(&payload).to_be_bytes()[..], &payload].concat()
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
