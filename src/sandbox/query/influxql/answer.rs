//! The body of an answer: statements, their series, and the rows of these, in chunks or as a whole.

use super::cell::Cell;
use super::{Format, Request, csv, json, msgpack};
use crate::sandbox::query::QueryError;
use std::io::Write;

/// How long an answer may get that is not chunked.
const MAX_ANSWER_BYTES: usize = 512 * 1024 * 1024;

/// Name, tags and columns of a series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Empty is none.
    pub(super) name: Vec<u8>,
    /// Tag keys and values, sorted by key.
    pub(super) tags: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) columns: Vec<Vec<u8>>,
}

impl Head {
    pub(super) fn new(name: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| column.as_bytes().to_vec()).collect();
        Self { name: name.as_bytes().to_vec(), tags: Vec::new(), columns }
    }
}

/// Encoded parts and how many they are.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
}

/// Writes an answer.
pub(super) struct Answer<'a> {
    out: &'a mut dyn Write,
    encoder: Encoder,
    chunk_size: Option<usize>,
    statement: usize,
    /// Whether a result of this statement was written.
    written: bool,
    head: Option<Head>,
    rows: Parts,
    series: Parts,
    results: Parts,
}

/// The form of an answer with what it must remember.
#[derive(Debug)]
enum Encoder {
    Json(json::Encoder),
    Csv(csv::Encoder),
    MessagePack(msgpack::Encoder),
}

impl<'a> Answer<'a> {
    pub(super) fn new(request: &Request, out: &'a mut dyn Write) -> Self {
        let epoch = Epoch::named(&request.epoch);
        let encoder = match request.format {
            Format::Json => Encoder::Json(json::Encoder::new(epoch)),
            Format::Csv { .. } => Encoder::Csv(csv::Encoder::new(epoch)),
            Format::MessagePack => Encoder::MessagePack(msgpack::Encoder::new(epoch)),
        };
        Self {
            out,
            encoder,
            chunk_size: request.chunk_size,
            statement: 0,
            written: false,
            head: None,
            rows: Parts::default(),
            series: Parts::default(),
            results: Parts::default(),
        }
    }

    /// Begins a statement.
    pub(super) fn begin(&mut self, statement: usize) {
        self.statement = statement;
        self.written = false;
        if let Encoder::Csv(encoder) = &mut self.encoder {
            encoder.begin(statement);
        }
    }

    /// Begins a series. Rows follow; a series without rows is shown too.
    pub(super) fn series(&mut self, head: Head) -> Result<(), QueryError> {
        if self.head.is_some() {
            self.end_series(false)?;
            if self.chunk_size.is_some() {
                self.flush(true)?;
            }
        }
        self.head = Some(head);
        Ok(())
    }

    /// Appends a row to the series.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), QueryError> {
        if self.chunk_size.is_some_and(|size| self.rows.count >= size) {
            let head = self.head.clone();
            self.end_series(true)?;
            self.flush(true)?;
            self.head = head;
        }
        if let Some(head) = &self.head {
            match &self.encoder {
                Encoder::Json(encoder) => encoder.row(&mut self.rows, cells),
                Encoder::Csv(encoder) => encoder.row(&mut self.rows, head, cells),
                Encoder::MessagePack(encoder) => encoder.row(&mut self.rows, cells),
            }
        }
        self.check_size()
    }

    /// Ends a statement that was run.
    pub(super) fn end(&mut self) -> Result<(), QueryError> {
        if self.head.is_some() {
            self.end_series(false)?;
        }
        if self.written && self.series.count == 0 { Ok(()) } else { self.flush(false) }
    }

    /// Ends a statement with an error, which takes the place of what was not written yet.
    pub(super) fn fail(&mut self, message: &str) -> Result<(), QueryError> {
        (self.head, self.rows, self.series) = (None, Parts::default(), Parts::default());
        match &mut self.encoder {
            Encoder::Json(_) => json::error(&mut self.results, self.statement, message),
            Encoder::Csv(encoder) => encoder.fail(),
            Encoder::MessagePack(_) => msgpack::error(&mut self.results, message),
        }
        if self.chunk_size.is_some() { self.document() } else { Ok(()) }
    }

    /// Ends the answer.
    pub(super) fn finish(mut self) -> Result<(), QueryError> {
        if self.chunk_size.is_none() { self.document() } else { Ok(()) }
    }

    fn end_series(&mut self, partial: bool) -> Result<(), QueryError> {
        let rows = std::mem::take(&mut self.rows);
        if let Some(head) = self.head.take() {
            match &mut self.encoder {
                Encoder::Json(_) => json::series(&mut self.series, &head, &rows, partial),
                Encoder::Csv(encoder) => encoder.series(&mut self.series, head, &rows),
                Encoder::MessagePack(_) => msgpack::series(&mut self.series, &head, &rows, partial),
            }
        }
        self.check_size()
    }

    /// Makes a result of the series, and with chunks writes it.
    fn flush(&mut self, partial: bool) -> Result<(), QueryError> {
        let series = std::mem::take(&mut self.series);
        match &mut self.encoder {
            Encoder::Json(_) => json::result(&mut self.results, self.statement, &series, partial),
            Encoder::Csv(encoder) => encoder.result(&mut self.results, &series),
            Encoder::MessagePack(_) => msgpack::result(&mut self.results, self.statement, &series, partial),
        }
        self.written = true;
        if self.chunk_size.is_some() { self.document() } else { Ok(()) }
    }

    /// Writes the results as a document.
    fn document(&mut self) -> Result<(), QueryError> {
        let results = std::mem::take(&mut self.results);
        let document = match &self.encoder {
            Encoder::Json(_) => json::document(&results),
            Encoder::Csv(_) => results.bytes,
            Encoder::MessagePack(_) => msgpack::document(&results),
        };
        Ok(self.out.write_all(&document)?)
    }

    fn check_size(&self) -> Result<(), QueryError> {
        if self.rows.bytes.len() + self.series.bytes.len() + self.results.bytes.len() > MAX_ANSWER_BYTES {
            return Err(QueryError::invalid(format!(
                "the answer is longer than {} MiB; ask for it with chunked=true",
                MAX_ANSWER_BYTES / 1024 / 1024
            )));
        }
        Ok(())
    }
}

/// How times are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    /// In RFC 3339, or as the format has it.
    Text,
    /// In units of so many nanoseconds since 1970.
    Units(i64),
}

impl Epoch {
    /// Reads the parameter `epoch`. What is not known means nanoseconds, as on the servers.
    fn named(name: &str) -> Self {
        match name {
            "" => Self::Text,
            "u" => Self::Units(1_000),
            "ms" => Self::Units(1_000_000),
            "s" => Self::Units(1_000_000_000),
            "m" => Self::Units(60_000_000_000),
            "h" => Self::Units(3_600_000_000_000),
            _ => Self::Units(1),
        }
    }
}
