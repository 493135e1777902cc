//! Line protocol of merged points: one line a (series, time) with all its fields.

use super::directory::{Directory, Unit};
use super::error::Error;
use super::notice::Notice;
use super::printer::{Form, Printer, Rejected};
use super::reader::{Options, Reader, Rows};
use super::value::Values;
use std::sync::Arc;

/// Rows that are printed at a time; fewer where there are strings, which can be long.
pub(super) const ROWS: usize = 512;
pub(super) const ROWS_WITH_STRINGS: usize = 16;

/// Prints units one after the other.
#[derive(Debug)]
pub struct Lines {
    units: std::vec::IntoIter<Unit>,
    options: Options,
    reader: Option<Reader>,
    /// Whether a series is open.
    in_series: bool,
    printer: Printer,
    has_strings: bool,
    /// Lines that wait, and the end and number of values of each.
    text: Vec<u8>,
    waiting: Vec<(usize, usize)>,
    next: usize,
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

impl Lines {
    /// Prints `units` in their order.
    pub fn new(units: Vec<Unit>, options: Options) -> Self {
        Self {
            units: units.into_iter(),
            printer: Printer::new(Form::default(), Arc::clone(&options.types)),
            options,
            reader: None,
            in_series: false,
            has_strings: false,
            text: Vec::new(),
            waiting: Vec::new(),
            next: 0,
            rejected: Vec::new().into_iter(),
            notices: Vec::new(),
        }
    }

    /// Tells whether [`Lines::next`] has nothing more to return.
    pub fn is_at_end(&mut self) -> Result<bool, Error> {
        while self.next >= self.waiting.len() && self.rejected.as_slice().is_empty() {
            if !self.fill()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the next line, or values that have none; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "what is returned is borrowed until the next call")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        if self.is_at_end()? {
            return Ok(None);
        }
        if self.next >= self.waiting.len() {
            return Ok(self.rejected.next().map(Item::Rejected));
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
            if let Some(rows) = reader.next_rows(limit)? {
                self.has_strings |= has_strings(&rows);
                let waiting = &mut self.waiting;
                self.printer.print(&rows, &mut self.text, |text, values| waiting.push((text.len(), values)));
                self.reader = Some(reader);
                return Ok(true);
            }
            self.in_series = false;
            self.rejected = self.printer.end().into_iter();
        }
        if reader.next_series()? {
            self.in_series = true;
            self.has_strings = false;
            self.printer.begin(reader.series(), reader.field_names());
            self.reader = Some(reader);
        } else {
            self.notices.append(&mut reader.take_notices());
        }
        Ok(true)
    }
}

/// Tells whether rows hold strings, which can be long.
pub(super) fn has_strings(rows: &Rows<'_>) -> bool {
    rows.columns().any(|column| matches!(column.values, Values::String(_)))
}
