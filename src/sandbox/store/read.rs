//! Reading a request body into a batch.

use super::batch::{BadLine, Batch, BatchField, Cell, Measurement, Reason, Row, Series};
use super::keys::Tags;
use super::{FieldType, Value};
use crate::line::split::Kind;
use crate::line::{self, Line, Precision, escape};
use crate::model::Timestamp;
use std::collections::HashMap;

/// The longest string a field takes, in bytes.
const MAX_STRING: usize = 1_048_576;

impl Batch {
    /// Reads a request body. Lines without a timestamp get `now`, cut to the precision.
    pub fn read(body: &[u8], precision: Precision, now: Timestamp) -> Self {
        let now = now.0 - now.0.rem_euclid(precision.nanoseconds());
        let mut reader = Reader::default();
        for (index, record) in line::split(body).enumerate() {
            if record.kind != Kind::Point {
                continue;
            }
            match line::parse_with_precision(record.text, precision) {
                Ok(line) => reader.add(&line, index + 1, now),
                Err(error) => reader.batch.bad.push(BadLine {
                    number: index + 1,
                    text: record.content().to_vec(),
                    error,
                }),
            }
        }
        reader.batch
    }
}

/// Collects lines.
#[derive(Debug, Default)]
struct Reader<'a> {
    batch: Batch,
    series: HashMap<Vec<u8>, usize>,
    measurements: HashMap<Vec<u8>, usize>,
    /// The series of the line before, as it was written.
    last: Option<(&'a [u8], usize)>,
    text: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn add(&mut self, line: &Line<'a>, number: usize, now: i64) {
        let series = match self.last {
            Some((text, series)) if text == line.series => series,
            _ => self.series_of(line),
        };
        self.last = Some((line.series, series));
        let first = self.batch.cells.len();
        let too_long = self.cells_of(line, series);
        let row = self.batch.rows.len();
        let cells = first..self.batch.cells.len();
        let empty = cells.is_empty();
        let time = line.timestamp.unwrap_or(now);
        self.batch.rows.push(Row { series, time, cells, line: number, kept: true });
        if let Some((field, length)) = too_long {
            self.batch.refuse(row, Reason::StringTooLong { field, length });
        } else if empty {
            self.batch.refuse(row, Reason::OnlyTime);
        }
    }

    /// Appends the values of a line; returns the first field whose string is too long.
    fn cells_of(&mut self, line: &Line<'a>, series: usize) -> Option<(Vec<u8>, usize)> {
        let measurement = self.batch.series.get(series).map(|series| series.measurement)?;
        let measurement = self.batch.measurements.get_mut(measurement)?;
        let mut too_long = None;
        for (name, value) in line.fields() {
            // The servers drop a field of this name without a word.
            if *name == *b"time" {
                continue;
            }
            let value = Value::from(value);
            if let Value::String(text) = &value
                && text.len() > MAX_STRING
            {
                too_long.get_or_insert_with(|| (name.to_vec(), text.len()));
            }
            let field = measurement.field(&name, value.field_type());
            self.batch.cells.push(Cell { field, value });
        }
        too_long
    }

    fn series_of(&mut self, line: &Line<'a>) -> usize {
        self.text.clear();
        line.write_series(&mut self.text);
        if let Some(series) = self.series.get(&self.text) {
            return *series;
        }
        let name = escape::unescape_measurement(line.measurement);
        let measurement = self.measurement_of(&name);
        let unescaped = |text| escape::unescape_tag(text).into_owned();
        let mut tags: Tags = line.tags().map(|(key, value)| (unescaped(key), unescaped(value))).collect();
        tags.sort();
        let index = self.batch.series.len();
        self.batch.series.push(Series { measurement, text: self.text.clone(), tags });
        self.series.insert(self.text.clone(), index);
        index
    }

    fn measurement_of(&mut self, name: &[u8]) -> usize {
        if let Some(measurement) = self.measurements.get(name) {
            return *measurement;
        }
        let index = self.batch.measurements.len();
        self.batch.measurements.push(Measurement {
            name: name.to_vec(),
            fields: Vec::new(),
            lookup: HashMap::new(),
            last: 0,
        });
        self.measurements.insert(name.to_vec(), index);
        index
    }
}

impl Measurement {
    /// Returns the place of a field, and notes the type of a value of it.
    fn field(&mut self, name: &[u8], field_type: FieldType) -> usize {
        let is = |index: usize| self.fields.get(index).is_some_and(|field| field.name == name);
        let likely = [self.last + 1, self.last, 0].into_iter().find(|index| is(*index));
        let known = likely.or_else(|| self.lookup.get(name).copied());
        let index = known.unwrap_or_else(|| {
            let index = self.fields.len();
            self.fields.push(BatchField { name: name.to_vec(), field_type, mixed: false });
            self.lookup.insert(name.to_vec(), index);
            index
        });
        self.last = index;
        if let Some(field) = self.fields.get_mut(index) {
            field.mixed |= field.field_type != field_type;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Batch {
        Batch::read(body.as_bytes(), Precision::Nanoseconds, Timestamp(1_234_567_890_123_456_789))
    }

    #[test]
    fn spellings_of_a_series_are_one_series() {
        let batch = read("m,a=1,b=2 v=1 1\nm,b=2,a=1 v=2 2\nm,a=1,b=3 v=3 3\n");
        assert_eq!(batch.series.len(), 2);
        assert_eq!(batch.rows.iter().map(|row| row.series).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(batch.series[0].text, b"m,a=1,b=2");
    }

    #[test]
    fn a_line_without_a_time_gets_the_present_cut_to_the_precision() {
        let now = Timestamp(1_234_567_890_123_456_789);
        let batch = Batch::read(b"m v=1", Precision::Milliseconds, now);
        assert_eq!(batch.rows[0].time, 1_234_567_890_123_000_000);
    }

    #[test]
    fn lines_are_numbered_with_comments_and_blanks() {
        let batch = read("# comment\n\nm v=\nm v=1 1\nm time=1 2\n");
        assert_eq!(batch.bad[0].number, 3);
        assert_eq!(batch.bad[0].error.to_string(), "missing field value");
        assert_eq!((batch.rejected[0].line, &batch.rejected[0].reason), (5, &Reason::OnlyTime));
        assert_eq!(batch.points(), 1);
    }

    #[test]
    fn a_field_named_time_beside_another_is_dropped() {
        let batch = read("m time=1,v=2 3");
        assert_eq!(batch.cells.len(), 1);
        assert!(batch.rejected.is_empty());
    }

    #[test]
    fn a_field_with_two_types_is_noted() {
        let batch = read("m a=1,b=1 1\nm b=1i 2\nm a=2 3");
        let mixed: Vec<_> = batch.measurements[0].fields.iter().map(|field| field.mixed).collect();
        assert_eq!(mixed, [false, true]);
    }
}
