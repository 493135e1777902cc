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
}

impl<R: Read> Records<R> {
    /// Reads from `reader` records of up to [`MAX_RECORD`] bytes.
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, MAX_RECORD)
    }

    /// Reads from `reader` records of up to `limit` bytes.
    pub fn with_limit(reader: R, limit: usize) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, offset: 0, complete: false, limit }
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Returns the next record, or `None` at the end of the stream.
    pub fn next_record(&mut self) -> Result<Option<RawRecord<'_>>, RecordsError> {
        self.advance(Splitter::new())
    }

    /// Returns the next line up to a line break, whatever quotes are in it.
    pub fn next_line(&mut self) -> Result<Option<RawRecord<'_>>, RecordsError> {
        self.advance(Splitter::plain())
    }

    /// Skips up to `count` bytes that satisfy the test, before the first record.
    pub fn skip_prefix(&mut self, prefix: &[u8]) -> Result<bool, RecordsError> {
        while self.end - self.start < prefix.len() && !self.complete {
            self.fill()?;
        }
        let found = self.unread().starts_with(prefix);
        if found {
            self.consume(prefix.len());
        }
        Ok(found)
    }

    fn advance(&mut self, mut splitter: Splitter) -> Result<Option<RawRecord<'_>>, RecordsError> {
        let mut dropped: u64 = 0;
        let found = loop {
            if let Some(found) = splitter.find_end(self.unread(), self.complete) {
                break Some(found);
            }
            if self.complete {
                break None;
            }
            if self.end - self.start > self.limit || dropped > 0 {
                let scanned = splitter.drop_scanned();
                dropped += scanned as u64;
                self.consume(scanned);
            }
            self.fill()?;
        };
        let length = found.unwrap_or(self.end - self.start);
        let (from, offset) = (self.start, self.offset);
        self.consume(length + usize::from(found.is_some()));
        if dropped > 0 || length > self.limit {
            return Err(RecordsError::TooLong { offset: offset - dropped, limit: self.limit });
        }
        if found.is_none() && length == 0 {
            return Ok(None);
        }
        let line = self.buffer.get(from..from + length).unwrap_or_default();
        let (text, end) = match (found, line.strip_suffix(b"\r")) {
            (None, _) => (line, LineEnd::Missing),
            (Some(_), None) => (line, LineEnd::Lf),
            (Some(_), Some(text)) => (text, LineEnd::CrLf),
        };
        Ok(Some(RawRecord { text, offset, kind: Kind::of(text), end }))
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
