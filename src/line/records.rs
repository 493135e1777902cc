//! Records of a stream, in bounded memory.

use super::MAX_RECORD;
use super::split::{Kind, Splitter};
use std::io::{self, Read};

/// Bytes asked of the stream at a time.
const CHUNK: usize = 256 * 1024;

/// How a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed. Servers refuse a point that ends in a carriage return.
    CrLf,
    /// The stream ends first.
    Missing,
}

/// One record of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// The record without its line end.
    pub text: &'a [u8],
    /// Where it begins in the stream.
    pub offset: u64,
    /// What it is.
    pub kind: Kind,
    /// How it ends.
    pub end: LineEnd,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The stream failed. What it gave after the last whole record is not yielded.
    #[error("cannot read after byte {offset}")]
    Io {
        /// Bytes that the stream gave before.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// A record is longer than allowed. Reading can go on after it.
    #[error("the record at byte {offset} is longer than {limit} bytes")]
    TooLong {
        /// Where the record begins.
        offset: u64,
        /// The longest record allowed.
        limit: usize,
    },
}

/// Reads records from a stream, holding one chunk and the longest record.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    start: usize,
    end: usize,
    /// Place in the stream of `buffer[start]`.
    offset: u64,
    complete: bool,
    limit: usize,
    current: Option<Found>,
}

/// Where the current record is in the buffer.
#[derive(Debug, Clone, Copy)]
struct Found {
    from: usize,
    length: usize,
    offset: u64,
    kind: Kind,
    end: LineEnd,
}

impl<R: Read> Records<R> {
    /// Reads from `reader` records of up to [`MAX_RECORD`] bytes.
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, MAX_RECORD)
    }

    /// Reads from `reader` records of up to `limit` bytes.
    pub fn with_limit(reader: R, limit: usize) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            complete: false,
            limit,
            current: None,
        }
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Returns the next record, or `None` at the end of the stream.
    pub fn next_record(&mut self) -> Result<Option<RawRecord<'_>>, RecordsError> {
        self.advance()?;
        Ok(self.current())
    }

    /// Goes to the next record; tells whether there is one.
    pub fn advance(&mut self) -> Result<bool, RecordsError> {
        self.find(Splitter::new())
    }

    /// Goes to the next line break, whatever quotes are before it; tells whether there is a line.
    pub fn advance_line(&mut self) -> Result<bool, RecordsError> {
        self.find(Splitter::plain())
    }

    /// Returns the record that reading went to last.
    pub fn current(&self) -> Option<RawRecord<'_>> {
        let Found { from, length, offset, kind, end } = self.current?;
        Some(RawRecord { text: self.buffer.get(from..from + length)?, offset, kind, end })
    }

    /// Passes over `prefix` where the unread part begins with it; tells whether it does.
    pub fn skip_prefix(&mut self, prefix: &[u8]) -> Result<bool, RecordsError> {
        while self.unread().len() < prefix.len() && !self.complete {
            self.fill()?;
        }
        let found = self.unread().starts_with(prefix);
        if found {
            self.consume(prefix.len());
        }
        Ok(found)
    }

    fn find(&mut self, mut splitter: Splitter) -> Result<bool, RecordsError> {
        self.current = None;
        let mut dropped: u64 = 0;
        let found = loop {
            let found = splitter.find_end(self.unread(), self.complete);
            if found.is_some() || self.complete {
                break found;
            }
            // Too long: only its end is still looked for.
            if dropped > 0 || self.unread().len() > self.limit {
                let scanned = splitter.drop_scanned();
                dropped += scanned as u64;
                self.consume(scanned);
            }
            self.fill()?;
        };
        let length = found.unwrap_or(self.unread().len());
        let (from, offset) = (self.start, self.offset);
        self.consume(length + usize::from(found.is_some()));
        if dropped > 0 || length > self.limit {
            return Err(RecordsError::TooLong { offset: offset - dropped, limit: self.limit });
        }
        if found.is_none() && length == 0 {
            return Ok(false);
        }
        let line = self.buffer.get(from..from + length).unwrap_or_default();
        let (text, end) = match (found, line.strip_suffix(b"\r")) {
            (None, _) => (line, LineEnd::Missing),
            (Some(_), None) => (line, LineEnd::Lf),
            (Some(_), Some(text)) => (text, LineEnd::CrLf),
        };
        self.current = Some(Found { from, length: text.len(), offset, kind: Kind::of(text), end });
        Ok(true)
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads one more piece of the stream behind the unread part.
    fn fill(&mut self) -> Result<(), RecordsError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            let size = (self.buffer.len() * 2).max(CHUNK);
            self.buffer.resize(size, 0);
        }
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = loop {
            match self.reader.read(free) {
                Ok(read) => break read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(RecordsError::Io { offset: self.offset + self.end as u64, source });
                }
            }
        };
        self.complete = read == 0;
        self.end += read;
        Ok(())
    }
}
