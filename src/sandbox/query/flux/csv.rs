//! Annotated CSV, byte for byte as influxd 2.8.0 writes it: CRLF, one block for tables with equal columns.

use super::request::{Annotation, Dialect};
use super::table::{CellRef, Label, Table, Type};
use crate::model::Timestamp;
use crate::sandbox::query::QueryError;
use std::sync::Arc;

/// How long an answer may get. Who asks for more should ask for less at a time.
const MAX_ANSWER_BYTES: usize = 512 * 1024 * 1024;

/// Writes tables into an answer.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    dialect: &'a Dialect,
    answer: Vec<u8>,
    /// The columns of the table before.
    columns: Vec<(Label, Type)>,
    tables: usize,
    last_was_empty: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(dialect: &'a Dialect) -> Self {
        Self { dialect, answer: Vec::new(), columns: Vec::new(), tables: 0, last_was_empty: false }
    }

    /// Appends a table.
    pub(super) fn table(&mut self, table: &Table) -> Result<(), QueryError> {
        let empty = table.rows == 0;
        let changed = self.columns.len() != table.columns.len()
            || self.columns.iter().zip(&table.columns).any(|(a, b)| a.0 != b.label || a.1 != b.kind);
        if changed || empty || self.last_was_empty {
            if self.tables > 0 {
                self.answer.extend_from_slice(b"\r\n");
            }
            self.head(table, empty);
            self.columns =
                table.columns.iter().map(|column| (Arc::clone(&column.label), column.kind)).collect();
        }
        let result = if self.dialect.annotations.contains(&Annotation::Default) { "" } else { "_result" };
        for row in 0..table.rows {
            self.start("", result, &self.tables.to_string());
            for column in &table.columns {
                self.answer.push(self.dialect.delimiter);
                self.cell(column.at(row));
            }
            self.answer.extend_from_slice(b"\r\n");
            if self.answer.len() > MAX_ANSWER_BYTES {
                return Err(QueryError::invalid(format!(
                    "the answer is longer than {} MiB; the sandbox asks for a shorter range or fewer series",
                    MAX_ANSWER_BYTES / 1024 / 1024
                )));
            }
        }
        self.tables += 1;
        self.last_was_empty = empty;
        Ok(())
    }

    /// Returns the answer. Without tables it is an empty line.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.answer.extend_from_slice(b"\r\n");
        self.answer
    }

    /// Writes annotations and the header.
    fn head(&mut self, table: &Table, empty: bool) {
        let dialect = self.dialect;
        for annotation in &dialect.annotations {
            match annotation {
                Annotation::Datatype => self.start("#datatype", "string", "long"),
                Annotation::Group => self.start("#group", "false", "false"),
                Annotation::Default => {
                    let id = if empty { self.tables.to_string() } else { String::new() };
                    self.start("#default", "_result", &id);
                }
            }
            for column in &table.columns {
                self.answer.push(dialect.delimiter);
                match annotation {
                    Annotation::Datatype => self.text(datatype(column.kind).as_bytes()),
                    Annotation::Group => self.text(table.key.has(&column.label).to_string().as_bytes()),
                    // A table without rows tells the values of its key here.
                    Annotation::Default if empty => {
                        let value = table.key.columns().iter().find(|found| found.label == column.label);
                        self.cell(value.map_or(CellRef::Null, |column| column.cell.borrow()));
                    }
                    Annotation::Default => {}
                }
            }
            self.answer.extend_from_slice(b"\r\n");
        }
        if dialect.header {
            self.start("", "result", "table");
            for column in &table.columns {
                self.answer.push(dialect.delimiter);
                self.text(&column.label);
            }
            self.answer.extend_from_slice(b"\r\n");
        }
    }

    /// Writes the three cells that begin a line.
    fn start(&mut self, annotation: &str, result: &str, table: &str) {
        for (cell, end) in [(annotation, true), (result, true), (table, false)] {
            self.answer.extend_from_slice(cell.as_bytes());
            if end {
                self.answer.push(self.dialect.delimiter);
            }
        }
    }

    fn cell(&mut self, cell: CellRef<'_>) {
        match cell {
            CellRef::Null => {}
            CellRef::Boolean(value) => self.text(value.to_string().as_bytes()),
            CellRef::Integer(value) => self.text(value.to_string().as_bytes()),
            CellRef::Unsigned(value) => self.text(value.to_string().as_bytes()),
            CellRef::Float(value) => self.text(float(value).as_bytes()),
            CellRef::Text(value) => self.text(value),
            CellRef::Time(value) => self.text(Timestamp(value).to_string().as_bytes()),
        }
    }

    /// Writes text, in quotes where a reader needs them.
    fn text(&mut self, text: &[u8]) {
        if !needs_quotes(text, self.dialect.delimiter) {
            self.answer.extend_from_slice(text);
            return;
        }
        self.answer.push(b'"');
        for byte in text {
            match byte {
                b'"' => self.answer.extend_from_slice(b"\"\""),
                // The servers write line ends as CRLF inside quotes too.
                b'\n' => self.answer.extend_from_slice(b"\r\n"),
                b'\r' => {}
                byte => self.answer.push(*byte),
            }
        }
        self.answer.push(b'"');
    }
}

/// Tells whether the servers quote a cell.
fn needs_quotes(text: &[u8], delimiter: u8) -> bool {
    if text == b"\\." {
        return true;
    }
    let blank = text
        .utf8_chunks()
        .next()
        .and_then(|chunk| chunk.valid().chars().next())
        .is_some_and(char::is_whitespace);
    blank || text.iter().any(|byte| *byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n'))
}

fn datatype(kind: Type) -> &'static str {
    match kind {
        Type::Boolean => "boolean",
        Type::Integer => "long",
        Type::Unsigned => "unsignedLong",
        Type::Float => "double",
        Type::Text => "string",
        Type::Time => "dateTime:RFC3339",
    }
}

/// Prints the shortest digits that read back as `value`, without an exponent.
fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_no_exponent_and_keep_the_sign_of_zero() {
        assert_eq!(float(1.0), "1");
        assert_eq!(float(-0.0), "-0");
        assert_eq!(float(1e21), "1000000000000000000000");
        assert_eq!(float(5e-7), "0.0000005");
        assert_eq!(float(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn quotes_follow_the_servers_rules() {
        for (text, quotes) in
            [("a b", false), (" a", true), ("\u{a0}a", true), ("", false), ("a;b", false), ("\\.", true)]
        {
            assert_eq!(needs_quotes(text.as_bytes(), b','), quotes, "{text:?}");
        }
        assert!(needs_quotes(b"a;b", b';'));
        assert!(!needs_quotes(b"\xff a", b','));
    }
}
