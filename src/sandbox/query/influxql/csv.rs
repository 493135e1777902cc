//! Answers in CSV: a header a statement, and again where the columns change. Times are numbers.

use super::answer::{Epoch, Head, Parts};
use super::cell::Cell;
use crate::line::escape::escape_tag;

/// Encodes rows and remembers which header was written last.
#[derive(Debug)]
pub(super) struct Encoder {
    epoch: Epoch,
    statement: usize,
    /// The statement of the last header.
    header: Option<usize>,
    /// The columns of the series before, in the same result.
    columns: Option<Vec<Vec<u8>>>,
    /// Whether a header was written for this result, and for which statement before it.
    before: Option<usize>,
}

impl Encoder {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self { epoch, statement: 0, header: None, columns: None, before: None }
    }

    /// Begins a statement.
    pub(super) fn begin(&mut self, statement: usize) {
        self.statement = statement;
        self.columns = None;
        self.before = self.header;
    }

    /// Appends a row.
    pub(super) fn row(&self, rows: &mut Parts, head: &Head, cells: &[Cell<'_>]) {
        text(&mut rows.bytes, &head.name);
        rows.bytes.push(b',');
        text(&mut rows.bytes, &tags(head));
        for cell in cells {
            rows.bytes.push(b',');
            match (*cell, self.epoch) {
                (Cell::Null, _) => {}
                (Cell::Time(time), Epoch::Units(unit)) => number(&mut rows.bytes, &(time / unit)),
                (Cell::Integer(value) | Cell::Time(value), _) => number(&mut rows.bytes, &value),
                (Cell::Unsigned(value), _) => number(&mut rows.bytes, &value),
                (Cell::Float(value), _) => number(&mut rows.bytes, &value),
                (Cell::Boolean(value), _) => number(&mut rows.bytes, &value),
                (Cell::Text(value), _) => text(&mut rows.bytes, value),
            }
        }
        rows.bytes.push(b'\n');
        rows.count += 1;
    }

    /// Appends a series, with a header where it is the first or its columns are others.
    pub(super) fn series(&mut self, series: &mut Parts, head: Head, rows: &Parts) {
        let first = self.header != Some(self.statement);
        let changed = self.columns.as_ref().is_some_and(|columns| *columns != head.columns);
        if first || changed {
            if changed || self.header.is_some() {
                series.bytes.push(b'\n');
            }
            series.bytes.extend_from_slice(b"name,tags");
            for column in &head.columns {
                series.bytes.push(b',');
                text(&mut series.bytes, column);
            }
            series.bytes.push(b'\n');
            self.header = Some(self.statement);
        }
        series.bytes.extend_from_slice(&rows.bytes);
        series.count += 1;
        self.columns = Some(head.columns);
    }

    /// Appends the result of a statement.
    pub(super) fn result(&mut self, results: &mut Parts, series: &Parts) {
        results.bytes.extend_from_slice(&series.bytes);
        results.count += 1;
        self.columns = None;
        self.before = self.header;
    }

    /// Forgets the series that are not shown. The error of a statement is not shown, as on the servers.
    pub(super) fn fail(&mut self) {
        self.header = self.before;
        self.columns = None;
    }
}

/// Returns the tags that are not empty as `key=value,key=value`.
fn tags(head: &Head) -> Vec<u8> {
    let mut text = Vec::new();
    for (key, value) in head.tags.iter().filter(|(_, value)| !value.is_empty()) {
        if !text.is_empty() {
            text.push(b',');
        }
        escape_tag(&mut text, key);
        text.push(b'=');
        escape_tag(&mut text, value);
    }
    text
}

fn number(out: &mut Vec<u8>, value: &dyn std::fmt::Display) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Appends text, in quotes where a reader needs them.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    let blank = text.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    let quoted = text == b"\\."
        || blank.is_some_and(char::is_whitespace)
        || text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    if !quoted {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
