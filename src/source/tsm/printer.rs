//! Prints rows of points as line protocol, and counts what has no line.

use super::key;
use super::reader::{Column, Keep, Kept, Rows};
use super::sayable::{self, Unsayable};
use super::value::{Strings, Values};
use crate::line::Precision;
use crate::line::escape::escape_string;
use crate::line::format::{write_float, write_float_as_inspect, write_integer};
use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How points are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// One line a value, in the letters of `influx_inspect export`, instead of one a point.
    pub one_field: bool,
    /// The unit of times. A time that is not a whole number of it has no line.
    pub precision: Precision,
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

/// Prints one series after the other.
#[derive(Debug)]
pub(super) struct Printer {
    form: Form,
    types: Arc<Kept>,
    key: Vec<u8>,
    /// Why the series has no lines, if it has none.
    series: Result<(), Unsayable>,
    names: Vec<Vec<u8>>,
    /// The names as they are printed, with `=`.
    fields: Vec<Result<Vec<u8>, Unsayable>>,
    /// What is printed of each field; empty where no field of the series has several types.
    kept: Vec<Option<Keep>>,
    tallies: BTreeMap<(usize, Unsayable), Tally>,
}

/// A column of rows, ready to be printed.
struct Ready<'a> {
    field: usize,
    /// The name with `=`, or why the values have no line.
    head: Result<&'a [u8], Unsayable>,
    cells: Cells<'a>,
}

/// The values of the rows.
enum Cells<'a> {
    Float(&'a [f64]),
    Integer(&'a [i64]),
    Unsigned(&'a [i64]),
    Boolean(&'a [bool]),
    String(&'a Strings, usize),
}

impl<'a> Cells<'a> {
    fn of(column: &Column<'a>, rows: usize) -> Self {
        let range = column.start..column.start + rows;
        match column.values {
            Values::Float(v) => Self::Float(v.get(range).unwrap_or_default()),
            Values::Integer(v) => Self::Integer(v.get(range).unwrap_or_default()),
            Values::Unsigned(v) => Self::Unsigned(v.get(range).unwrap_or_default()),
            Values::Boolean(v) => Self::Boolean(v.get(range).unwrap_or_default()),
            Values::String(v) => Self::String(v, column.start),
        }
    }

    /// Tells whether the value of a row can be said.
    fn is_sayable(&self, row: usize) -> bool {
        match self {
            Self::Float(v) => v.get(row).is_none_or(|v| v.is_finite()),
            _ => true,
        }
    }

    /// Appends the value of a row.
    fn write(&self, row: usize, as_inspect: bool, out: &mut Vec<u8>) {
        match self {
            Self::Float(v) => {
                let value = v.get(row).copied().unwrap_or_default();
                if as_inspect { write_float_as_inspect(out, value) } else { write_float(out, value) }
            }
            Self::Integer(v) => {
                write_integer(out, v.get(row).copied().unwrap_or_default());
                out.push(b'i');
            }
            Self::Unsigned(v) => {
                write_integer(out, v.get(row).copied().unwrap_or_default().cast_unsigned());
                out.push(b'u');
            }
            Self::Boolean(v) => {
                let value = v.get(row).copied().unwrap_or_default();
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            Self::String(v, start) => {
                out.push(b'"');
                escape_string(out, v.get(start + row));
                out.push(b'"');
            }
        }
    }
}

impl Printer {
    /// Prints in a form; of fields with several types only what `types` names.
    pub(super) fn new(form: Form, types: Arc<Kept>) -> Self {
        Self {
            form,
            types,
            key: Vec::new(),
            series: Ok(()),
            names: Vec::new(),
            fields: Vec::new(),
            kept: Vec::new(),
            tallies: BTreeMap::new(),
        }
    }

    /// Begins a series.
    pub(super) fn begin<'n>(&mut self, series: &[u8], names: impl Iterator<Item = &'n [u8]>) {
        self.key.clear();
        self.key.extend_from_slice(series);
        self.series = sayable::series(series);
        let mut count = 0;
        for (nth, name) in names.enumerate() {
            count += 1;
            // Series of one measurement follow one another and mostly have the same fields.
            if self.names.get(nth).is_some_and(|known| known == name) {
                continue;
            }
            self.names.truncate(nth);
            self.fields.truncate(nth);
            self.names.push(name.to_vec());
            self.fields.push(sayable::field(name, self.form.one_field));
        }
        self.names.truncate(count);
        self.fields.truncate(count);
        self.kept.clear();
        if !self.types.is_empty()
            && let Some(fields) = self.types.get(&*key::measurement_name(series))
        {
            self.kept.extend(self.names.iter().map(|name| fields.get(name).copied()));
        }
    }

    /// Appends the lines of some rows without line ends, and shows the end and the values of each to `each`.
    pub(super) fn print(
        &mut self,
        rows: &Rows<'_>,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&mut Vec<u8>, usize),
    ) {
        let Self { form, key, series, fields, kept, tallies, .. } = self;
        let mut count = |field: usize, reason: &Unsayable, time: i64| {
            let tally =
                tallies.entry((field, reason.clone())).or_insert(Tally { values: 0, times: (time, time) });
            tally.values += 1;
            tally.times = (tally.times.0.min(time), tally.times.1.max(time));
        };
        let columns: Vec<Ready<'_>> = rows
            .columns()
            .filter_map(|column| {
                let head = fields.get(column.field)?.as_ref().map(Vec::as_slice).map_err(Clone::clone);
                let head = head.and_then(|head| check_type(kept.get(column.field), column.values, head));
                Some(Ready { field: column.field, head, cells: Cells::of(&column, rows.times.len()) })
            })
            .collect();
        let unit = form.precision.nanoseconds();
        let mut digits = itoa::Buffer::new();
        for (row, time) in rows.times.iter().copied().enumerate() {
            if let Err(reason) = series.as_ref().map_err(Clone::clone).and_then(|()| check_time(time, unit)) {
                for column in &columns {
                    count(column.field, &reason, time);
                }
                continue;
            }
            let time_text = digits.format(time / unit).as_bytes();
            let mut values = 0;
            for column in &columns {
                let head = match &column.head {
                    Ok(head) if column.cells.is_sayable(row) => head,
                    Ok(_) => {
                        count(column.field, &Unsayable::NotFinite, time);
                        continue;
                    }
                    Err(reason) => {
                        count(column.field, reason, time);
                        continue;
                    }
                };
                if values == 0 || form.one_field {
                    out.extend_from_slice(key);
                    out.push(b' ');
                } else {
                    out.push(b',');
                }
                out.extend_from_slice(head);
                column.cells.write(row, form.one_field, out);
                values += 1;
                if form.one_field {
                    out.push(b' ');
                    out.extend_from_slice(time_text);
                    each(out, 1);
                }
            }
            if values > 0 && !form.one_field {
                out.push(b' ');
                out.extend_from_slice(time_text);
                each(out, values);
            }
        }
    }

    /// Ends a series and returns what had no line.
    pub(super) fn end(&mut self) -> Vec<Rejected> {
        let rejected = |((field, reason), tally): ((usize, Unsayable), Tally)| Rejected {
            series: self.key.clone(),
            field: self.names.get(field).cloned().unwrap_or_default(),
            reason,
            values: tally.values,
            times: tally.times,
        };
        std::mem::take(&mut self.tallies).into_iter().map(rejected).collect()
    }
}

/// Returns `head` where values of this type are printed.
fn check_type<'a>(
    kept: Option<&Option<Keep>>,
    values: &Values,
    head: &'a [u8],
) -> Result<&'a [u8], Unsayable> {
    let found = values.kind();
    match kept.copied().flatten() {
        Some(kept) if kept != Keep::Only(found) => Err(Unsayable::OtherType { found, kept }),
        _ => Ok(head),
    }
}

/// Checks that line protocol can say a time in a unit.
fn check_time(time: i64, unit: i64) -> Result<(), Unsayable> {
    if !(Timestamp::MIN.0..=Timestamp::MAX.0).contains(&time) {
        return Err(Unsayable::TimeOutOfRange);
    }
    if unit > 1 && time % unit != 0 {
        return Err(Unsayable::TimeTooFine);
    }
    Ok(())
}
