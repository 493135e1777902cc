//! Records of a stream, in bounded memory.

use super::MAX_RECORD;
use super::split::{Kind, Splitter};
use memchr::memchr_iter;
use std::io::{self, Read};

/// Bytes asked of the stream at a time.
const CHUNK: usize = 256 * 1024;
/// Bytes of a piece at least, unless the stream ends before.
const PIECE: usize = 64 * 1024;
/// Bytes of the buffer at first: room for pieces, so that what is kept is rarely moved.
const BUFFER: usize = 4 * CHUNK;

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
    /// The line of the stream that it begins in, from 1.
    pub line: u64,
    /// What it is.
    pub kind: Kind,
    /// How it ends.
    pub end: LineEnd,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The stream failed. What it gave after the last whole record is not yielded, nor what it gave last.
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

/// Reads records from a stream, holding two pieces of it and the longest record.
///
/// A piece is handed on only when the stream has given the next one, or has ended: gzip checks what it
/// gave after the last byte, so that the end of damaged data is never taken for good.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The unread part of `buffer`, as far as it is handed on.
    start: usize,
    end: usize,
    /// The end of the piece that is held back; not before `end`.
    filled: usize,
    /// Place in the stream of `buffer[start]`, and its line.
    offset: u64,
    line: u64,
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
    line: u64,
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
            filled: 0,
            offset: 0,
            line: 1,
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
        let Found { from, length, offset, line, kind, end } = self.current?;
        Some(RawRecord { text: self.buffer.get(from..from + length)?, offset, line, kind, end })
    }

    /// Passes over `prefix` where the unread part begins with it; tells whether it does.
    pub fn skip_prefix(&mut self, prefix: &[u8]) -> Result<bool, RecordsError> {
        while self.unread().len() < prefix.len() && !self.complete {
            self.fill()?;
        }
        let found = self.unread().starts_with(prefix);
        if found {
            self.consume(prefix.len(), 0);
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
                self.consume(scanned, self.breaks(scanned));
            }
            self.fill()?;
        };
        let length = found.unwrap_or(self.unread().len());
        let (from, offset, line_number) = (self.start, self.offset, self.line);
        let inside = if splitter.may_hold_breaks() { self.breaks(length) } else { 0 };
        self.consume(length + usize::from(found.is_some()), inside + u64::from(found.is_some()));
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
        let (length, kind) = (text.len(), Kind::of(text));
        self.current = Some(Found { from, length, offset, line: line_number, kind, end });
        Ok(true)
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Counts line breaks in the next bytes.
    fn breaks(&self, bytes: usize) -> u64 {
        let text = self.unread().get(..bytes).unwrap_or_default();
        memchr_iter(b'\n', text).count() as u64
    }

    fn consume(&mut self, bytes: usize, breaks: u64) {
        self.start += bytes;
        self.offset += bytes as u64;
        self.line += breaks;
    }

    /// Reads one more piece of the stream, and hands on the one before it.
    fn fill(&mut self) -> Result<(), RecordsError> {
        let before = self.filled - self.start;
        while !self.complete && self.filled - self.start - before < PIECE {
            self.make_room();
            let free = self.buffer.get_mut(self.filled..self.filled + CHUNK / 2).unwrap_or_default();
            match self.reader.read(free) {
                Ok(0) => self.complete = true,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let offset = self.offset + (self.filled - self.start) as u64;
                    self.filled = self.end;
                    return Err(RecordsError::Io { offset, source });
                }
            }
        }
        self.end = if self.complete { self.filled } else { self.start + before };
        Ok(())
    }

    /// Makes room for what is read next: at the buffer's beginning, or in a larger buffer.
    fn make_room(&mut self) {
        if self.buffer.len() - self.filled >= CHUNK / 2 {
            return;
        }
        self.buffer.copy_within(self.start..self.filled, 0);
        (self.start, self.end, self.filled) = (0, self.end - self.start, self.filled - self.start);
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize((self.buffer.len() * 2).max(BUFFER), 0);
        }
    }
}
