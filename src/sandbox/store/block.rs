//! Blocks: the points that one request brought for one series.
//!
//! A block is written once and never changed: a column a field, its times as differences of
//! differences (a byte a time where they are regular), its values in eight bytes or fewer. Columns with
//! equal times store them once. So a value of telegraf's costs 8.2 bytes, and a point sent twice stands
//! in two blocks, of which the later one counts when they are read.

use super::{Error, FieldType, Value};

/// Bytes a block should have at most: one page of the store. Larger blocks waste up to half of their
/// pages, smaller ones spend more on keys; measured with 20 million values, 8 KB need 8.3 bytes a value
/// on disk, 3 KB 10.5 and 80 KB 13.1.
pub(super) const TARGET: usize = 7_900;

/// Set in a column's first byte where its times are those of the column before.
const SAME_TIMES: u8 = 0x80;

/// Bytes of the header: the earliest and the latest time.
const HEADER: usize = 16;

/// Writes a block.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    columns: Vec<u8>,
    range: Option<(i64, i64)>,
    times: Vec<i64>,
    scratch: Vec<u8>,
}

impl Encoder {
    /// Appends the points of a field, ascending in time, all of one type, at least one.
    pub(super) fn column(&mut self, field: u32, points: &[(i64, &Value)]) {
        let (Some((first, value)), Some((last, _))) = (points.first(), points.last()) else {
            return;
        };
        let (earliest, latest) = self.range.unwrap_or((*first, *last));
        self.range = Some((earliest.min(*first), latest.max(*last)));
        let same =
            self.times.len() == points.len() && self.times.iter().zip(points).all(|(a, (b, _))| a == b);
        let kind = value.field_type().code();
        self.columns.push(if same { kind | SAME_TIMES } else { kind });
        put_number(&mut self.columns, u64::from(field));
        if !same {
            self.times.clear();
            self.times.extend(points.iter().map(|(time, _)| *time));
            put_number(&mut self.columns, points.len() as u64);
            self.scratch.clear();
            put_times(&mut self.scratch, &self.times);
            put_bytes(&mut self.columns, &self.scratch);
        }
        self.scratch.clear();
        for (_, value) in points {
            put_value(&mut self.scratch, value);
        }
        put_bytes(&mut self.columns, &self.scratch);
    }

    /// Appends the block to `out` and starts the next one.
    ///
    /// Returns whether there was anything to append.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let Some((earliest, latest)) = self.range.take() else { return false };
        out.extend_from_slice(&earliest.to_le_bytes());
        out.extend_from_slice(&latest.to_le_bytes());
        out.append(&mut self.columns);
        self.times.clear();
        true
    }
}

/// A block that was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    /// The earliest time in it.
    pub(super) earliest: i64,
    /// The latest time in it.
    pub(super) latest: i64,
    columns: &'a [u8],
}

/// One field of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    /// The number of the field.
    pub(super) field: u32,
    /// The type of its values.
    pub(super) field_type: FieldType,
    count: usize,
    times: &'a [u8],
    values: &'a [u8],
}

/// The columns of a block.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    rest: &'a [u8],
    count: usize,
    times: &'a [u8],
}

const DAMAGED: Error = Error::Damaged("a block of points cannot be read");

impl<'a> Block<'a> {
    /// Reads the header.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, columns) = bytes.split_at_checked(HEADER).ok_or(DAMAGED)?;
        let (earliest, latest) = header.split_at(8);
        let time = |bytes: &[u8]| bytes.try_into().map(i64::from_le_bytes).map_err(|_| DAMAGED);
        Ok(Self { earliest: time(earliest)?, latest: time(latest)?, columns })
    }

    /// Returns the columns in the order they were written.
    pub(super) fn columns(&self) -> Columns<'a> {
        Columns { rest: self.columns, count: 0, times: &[] }
    }
}

impl<'a> Columns<'a> {
    fn column(&mut self) -> Option<Column<'a>> {
        let (&head, rest) = self.rest.split_first()?;
        self.rest = rest;
        let field_type = FieldType::from_code(head & !SAME_TIMES)?;
        let field = u32::try_from(take_number(&mut self.rest)?).ok()?;
        if head & SAME_TIMES == 0 {
            self.count = usize::try_from(take_number(&mut self.rest)?).ok()?;
            self.times = take_bytes(&mut self.rest)?;
        }
        let values = take_bytes(&mut self.rest)?;
        Some(Column { field, field_type, count: self.count, times: self.times, values })
    }
}

impl<'a> Iterator for Columns<'a> {
    type Item = Result<Column<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let column = self.column().ok_or(DAMAGED);
        if column.is_err() {
            self.rest = &[];
        }
        Some(column)
    }
}

impl Column<'_> {
    /// Appends the points with times from `start` up to, not including, `end`.
    pub(super) fn append(&self, start: i64, end: i64, out: &mut Vec<(i64, Value)>) -> Result<(), Error> {
        let (mut times, mut values) = (self.times, self.values);
        let (mut time, mut step) = (0i64, 0i64);
        for _ in 0..self.count {
            step = step.wrapping_add(take_signed(&mut times).ok_or(DAMAGED)?);
            time = time.wrapping_add(step);
            let value = take_value(&mut values, self.field_type).ok_or(DAMAGED)?;
            if start <= time && time < end {
                out.push((time, value));
            }
        }
        Ok(())
    }
}

/// Returns about how many bytes a value takes in a block.
pub(super) fn size_of(value: &Value) -> usize {
    match value {
        Value::Float(_) => 8,
        Value::Integer(_) | Value::Unsigned(_) => 6,
        Value::Boolean(_) => 1,
        Value::String(text) => text.len() + 2,
    }
}

/// Appends times as differences of differences.
fn put_times(out: &mut Vec<u8>, times: &[i64]) {
    let (mut previous, mut step) = (0i64, 0i64);
    for time in times {
        let next = time.wrapping_sub(previous);
        put_signed(out, next.wrapping_sub(step));
        (previous, step) = (*time, next);
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Float(number) => out.extend_from_slice(&number.to_bits().to_le_bytes()),
        Value::Integer(number) => put_signed(out, *number),
        Value::Unsigned(number) => put_number(out, *number),
        Value::Boolean(truth) => out.push(u8::from(*truth)),
        Value::String(text) => put_bytes(out, text),
    }
}

fn take_value(bytes: &mut &[u8], field_type: FieldType) -> Option<Value> {
    Some(match field_type {
        FieldType::Float => {
            let (number, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Value::Float(f64::from_bits(u64::from_le_bytes(*number)))
        }
        FieldType::Integer => Value::Integer(take_signed(bytes)?),
        FieldType::Unsigned => Value::Unsigned(take_number(bytes)?),
        FieldType::Boolean => {
            let (truth, rest) = bytes.split_first()?;
            *bytes = rest;
            Value::Boolean(*truth != 0)
        }
        FieldType::String => Value::String(take_bytes(bytes)?.to_vec()),
    })
}

/// Appends a number, seven bits a byte, the lowest first.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Appends a number such that small ones of either sign are short.
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = take_number(bytes)?;
    Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Vec<Value>> {
        prop_oneof![
            proptest::collection::vec(any::<f64>().prop_map(Value::Float), 1..9),
            proptest::collection::vec(any::<i64>().prop_map(Value::Integer), 1..9),
            proptest::collection::vec(any::<u64>().prop_map(Value::Unsigned), 1..9),
            proptest::collection::vec(any::<bool>().prop_map(Value::Boolean), 1..9),
            proptest::collection::vec(any::<Vec<u8>>().prop_map(Value::String), 1..9),
        ]
    }

    /// Bit by bit, so that NaN and -0.0 are told apart.
    fn bits(points: &[(i64, Value)]) -> Vec<(i64, String)> {
        let text = |value: &Value| match value {
            Value::Float(number) => format!("{:x}", number.to_bits()),
            other => format!("{other:?}"),
        };
        points.iter().map(|(time, value)| (*time, text(value))).collect()
    }

    proptest! {
        #[test]
        fn points_are_read_back(columns in proptest::collection::vec((values(), any::<i64>(), 0..9i64), 1..4)) {
            let mut encoder = Encoder::default();
            let columns: Vec<Vec<(i64, Value)>> = columns
                .into_iter()
                .map(|(values, start, step)| {
                    let time = |index: usize| start.wrapping_add(step * i64::try_from(index).unwrap());
                    values.into_iter().enumerate().map(|(index, value)| (time(index), value)).collect()
                })
                .collect();
            for (field, points) in (0..).zip(&columns) {
                let points: Vec<_> = points.iter().map(|(time, value)| (*time, value)).collect();
                encoder.column(field, &points);
            }
            let mut bytes = Vec::new();
            prop_assert!(encoder.finish(&mut bytes));
            let block = Block::read(&bytes).unwrap();
            for (column, points) in block.columns().zip(&columns) {
                let mut read = Vec::new();
                let column = column.unwrap();
                column.append(i64::MIN, i64::MAX, &mut read).unwrap();
                let expected: Vec<_> = points.iter().filter(|(time, _)| *time < i64::MAX).cloned().collect();
                prop_assert_eq!(bits(&read), bits(&expected));
                prop_assert_eq!(column.field_type, points[0].1.field_type());
            }
            prop_assert_eq!(block.columns().count(), columns.len());
        }

        #[test]
        fn damaged_bytes_are_refused_or_read(bytes in any::<Vec<u8>>()) {
            if let Ok(block) = Block::read(&bytes) {
                for column in block.columns().flatten() {
                    let _ = column.append(0, 9, &mut Vec::new());
                }
            }
        }
    }

    #[test]
    fn equal_times_are_stored_once() {
        let points = [
            (1_700_000_000_000_000_000, &Value::Boolean(true)),
            (1_700_000_000_000_000_010, &Value::Boolean(false)),
        ];
        let mut sizes = Vec::new();
        for fields in 1..=3 {
            let mut encoder = Encoder::default();
            (0..fields).for_each(|field| encoder.column(field, &points));
            let mut bytes = Vec::new();
            encoder.finish(&mut bytes);
            sizes.push(bytes.len());
        }
        assert_eq!(sizes[2] - sizes[1], 5, "type, field, length and two values");
        assert_eq!(sizes[1] - sizes[0], 5);
    }

    #[test]
    fn an_empty_block_is_not_written() {
        let mut bytes = Vec::new();
        assert!(!Encoder::default().finish(&mut bytes));
        assert!(bytes.is_empty());
    }
}
