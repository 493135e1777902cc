//! Line protocol of merged points: one line a (series, time) with all its fields.

use super::directory::{Directory, Unit};
use super::error::Error;
use super::notice::Notice;
use super::reader::{Column, Options, Reader, Rows};
use super::sayable::{self, Unsayable};
use super::value::{Value, Values};
use crate::line::{self, format::write_value};
use crate::model::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

/// Rows that are printed at a time; fewer where there are strings, which can be long.
const ROWS: usize = 512;
const ROWS_WITH_STRINGS: usize = 16;

/// Prints units one after the other.
#[derive(Debug)]
pub struct Lines {
    units: std::vec::IntoIter<Unit>,
    options: Options,
    reader: Option<Reader>,
    /// Whether a series is open.
    in_series: bool,
    /// Why the series has no lines, if it has none.
    series: Result<(), Unsayable>,
    /// The fields of the series as they are printed.
    fields: Vec<Result<Vec<u8>, Unsayable>>,
    has_strings: bool,
    /// Lines that wait, and the end and number of values of each.
    text: Vec<u8>,
    waiting: Vec<(usize, usize)>,
    next: usize,
    tallies: BTreeMap<(usize, Unsayable), Tally>,
    rejected: std::vec::IntoIter<Rejected>,
    notices: Vec<Notice>,
}

/// What comes next.
#[derive(Debug)]
pub enum Item<'a> {
    /// A line without its end.
    Line {
        /// The text, in nanoseconds.
        text: &'a [u8],
        /// The number of fields in it.
        values: usize,
    },
    /// Values of the series before that have no line.
    Rejected(Rejected),
}

/// Values of one field of a series that line protocol cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The series key as it is stored.
    pub series: Vec<u8>,
    /// The field, unescaped.
    pub field: Vec<u8>,
    /// Why there is no line.
    pub reason: Unsayable,
    /// How many values.
    pub values: u64,
    /// The first and last time.
    pub times: (i64, i64),
}

#[derive(Debug, Clone, Copy)]
struct Tally {
    values: u64,
    times: (i64, i64),
}

impl Lines {
    /// Prints `units` in their order.
    pub fn new(units: Vec<Unit>, options: Options) -> Self {
        Self {
            units: units.into_iter(),
            options,
            reader: None,
            in_series: false,
            series: Ok(()),
            fields: Vec::new(),
            has_strings: false,
            text: Vec::new(),
            waiting: Vec::new(),
            next: 0,
            tallies: BTreeMap::new(),
            rejected: Vec::new().into_iter(),
            notices: Vec::new(),
        }
    }

    /// Returns the next line, or values that have none; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "what is returned is borrowed until the next call")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        while self.next >= self.waiting.len() {
            if let Some(rejected) = self.rejected.next() {
                return Ok(Some(Item::Rejected(rejected)));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
        let start =
            self.next.checked_sub(1).and_then(|before| self.waiting.get(before)).map_or(0, |line| line.0);
        let (end, values) = self.waiting.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        Ok(Some(Item::Line { text: self.text.get(start..end).unwrap_or_default(), values }))
    }

    /// Takes what was noticed since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        let mut notices = std::mem::take(&mut self.notices);
        if let Some(reader) = &mut self.reader {
            notices.append(&mut reader.take_notices());
        }
        notices
    }

    /// Prints some rows, or goes to the next series or unit. Returns false at the end.
    fn fill(&mut self) -> Result<bool, Error> {
        self.text.clear();
        self.waiting.clear();
        self.next = 0;
        let Some(mut reader) = self.reader.take() else {
            let Some(unit) = self.units.next() else { return Ok(false) };
            self.reader = Some(Directory::reader(&unit, &self.options)?);
            return Ok(true);
        };
        if self.in_series {
            let limit = if self.has_strings { ROWS_WITH_STRINGS } else { ROWS };
            let series = reader.series().to_vec();
            if let Some(rows) = reader.next_rows(limit)? {
                self.print(&series, &rows);
                self.reader = Some(reader);
                return Ok(true);
            }
            self.in_series = false;
            self.reject(&series, &reader);
        }
        if reader.next_series()? {
            self.in_series = true;
            self.has_strings = false;
            self.series = sayable::series(reader.series());
            self.fields.clear();
            self.fields.extend(reader.field_names().map(sayable::field));
            self.reader = Some(reader);
        } else {
            self.notices.append(&mut reader.take_notices());
        }
        Ok(true)
    }

    /// Prints rows, and counts what cannot be printed.
    fn print(&mut self, series: &[u8], rows: &Rows<'_>) {
        let columns: Vec<Column<'_>> = rows.columns().collect();
        self.has_strings |= columns.iter().any(|column| matches!(column.values, Values::String(_)));
        for (row, time) in rows.times.iter().enumerate() {
            let start = self.text.len();
            self.text.extend_from_slice(series);
            let mut values = 0;
            for column in &columns {
                let Some(value) = column.values.get(column.start + row) else { continue };
                match self.sayable(column, value, *time) {
                    Ok(value) => {
                        self.text.push(if values == 0 { b' ' } else { b',' });
                        values += 1;
                        if let Some(Ok(name)) = self.fields.get(column.field) {
                            self.text.extend_from_slice(name);
                        }
                        write_value(&mut self.text, &value);
                    }
                    Err(reason) => self.count(column.field, reason, *time),
                }
            }
            if values == 0 {
                self.text.truncate(start);
            } else {
                // Writing to a vector cannot fail.
                let _ = write!(self.text, " {time}");
                self.waiting.push((self.text.len(), values));
            }
        }
    }

    /// Turns a value into one of line protocol, or says why there is none.
    fn sayable<'v>(
        &self,
        column: &Column<'_>,
        value: Value<'v>,
        time: i64,
    ) -> Result<line::Value<'v>, Unsayable> {
        self.series.clone()?;
        if let Some(Err(reason)) = self.fields.get(column.field) {
            return Err(reason.clone());
        }
        if !(Timestamp::MIN.0..=Timestamp::MAX.0).contains(&time) {
            return Err(Unsayable::TimeOutOfRange);
        }
        match value {
            Value::Float(float) if !float.is_finite() => Err(Unsayable::NotFinite),
            Value::Float(float) => Ok(line::Value::Float(float)),
            Value::Integer(integer) => Ok(line::Value::Integer(integer)),
            Value::Unsigned(unsigned) => Ok(line::Value::Unsigned(unsigned)),
            Value::Boolean(boolean) => Ok(line::Value::Boolean(boolean)),
            Value::String(string) => Ok(line::Value::String(Cow::Borrowed(string))),
        }
    }

    fn count(&mut self, field: usize, reason: Unsayable, time: i64) {
        let tally = self.tallies.entry((field, reason)).or_insert(Tally { values: 0, times: (time, time) });
        tally.values += 1;
        tally.times = (tally.times.0.min(time), tally.times.1.max(time));
    }

    /// Hands out what was counted of the series that ended.
    fn reject(&mut self, series: &[u8], reader: &Reader) {
        let name = |field: usize| reader.field_names().nth(field).unwrap_or_default().to_vec();
        let rejected =
            std::mem::take(&mut self.tallies).into_iter().map(|((field, reason), tally)| Rejected {
                series: series.to_vec(),
                field: name(field),
                reason,
                values: tally.values,
                times: tally.times,
            });
        self.rejected = rejected.collect::<Vec<_>>().into_iter();
    }
}
