//! Where a record ends.
//!
//! The server's rule: a line break ends a record unless it stands in a quoted string, or after a
//! backslash. A quote counts only in the field section, which begins at the first space that no
//! backslash precedes, and only after more equals signs than commas. A comment ends at the line
//! break, whatever is in it: names of databases in `# CONTEXT-` lines are not escaped.

use super::field::marked;
use super::scan::skip_blanks;
use memchr::{memchr, memchr2};

/// What a record is, from its first byte that is no blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A point, good or bad.
    Point,
    /// A line that begins with `#`.
    Comment,
    /// Spaces, tabs and NULs, or nothing.
    Blank,
}

impl Kind {
    /// Tells what a record without its line end is.
    pub fn of(text: &[u8]) -> Self {
        match text.get(skip_blanks(text, 0)) {
            None => Self::Blank,
            Some(b'#') => Self::Comment,
            Some(_) => Self::Point,
        }
    }
}

/// Bytes that mean something outside of quotes; all others only need passing over.
static SPECIAL: [bool; 256] = marked(b"\\\"=, \n");

/// Finds the end of one record at a time, over text that may still grow.
#[derive(Debug, Clone)]
pub(super) struct Splitter {
    /// Bytes of the record that need not be looked at again.
    scanned: usize,
    place: Place,
    /// Whether one of the blanks before the record is a space.
    spaced: bool,
    quoted: bool,
    /// Equals signs less commas in the field section.
    balance: isize,
    /// Whether line breaks may be inside the record.
    walked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing but blanks so far.
    Start,
    /// A comment, or a line whose quotes mean nothing.
    Plain,
    /// Measurement and tags.
    Key,
    /// After the first space.
    Fields,
}

impl Splitter {
    /// Starts a record.
    pub(super) fn new() -> Self {
        Self { scanned: 0, place: Place::Start, spaced: false, quoted: false, balance: 0, walked: false }
    }

    /// Starts a line that ends at the next line break, whatever is in it.
    pub(super) fn plain() -> Self {
        Self { place: Place::Plain, ..Self::new() }
    }

    /// Returns the place of the line break that ends the record that `text` begins with.
    ///
    /// `None` means that more text is needed, or, where `complete`, that the record runs to the end.
    /// Called again with more text, goes on where it stopped.
    pub(super) fn find_end(&mut self, text: &[u8], complete: bool) -> Option<usize> {
        if self.place == Place::Start {
            self.begin(text)?;
        }
        let rest = text.get(self.scanned..).unwrap_or_default();
        if self.place == Place::Plain {
            let end = memchr(b'\n', rest);
            self.scanned = end.map_or(text.len(), |end| self.scanned + end);
            return end.map(|_| self.scanned);
        }
        match simple_end(rest) {
            Some(end) if !self.quoted => Some(self.scanned + end),
            _ => self.walk(text, complete),
        }
    }

    /// Tells whether a line break may be in the record before its end. Most records have no quotes, and
    /// end at the first one.
    pub(super) fn may_hold_breaks(&self) -> bool {
        self.walked
    }

    /// Forgets the first bytes of the record, which were scanned: the caller drops them.
    pub(super) fn drop_scanned(&mut self) -> usize {
        std::mem::take(&mut self.scanned)
    }

    /// Skips blanks and tells comments from points.
    fn begin(&mut self, text: &[u8]) -> Option<()> {
        let start = skip_blanks(text, self.scanned);
        let blanks = text.get(self.scanned..start).unwrap_or_default();
        self.spaced |= blanks.contains(&b' ');
        self.scanned = start;
        self.place = match text.get(start)? {
            b'#' => Place::Plain,
            // A leading space counts as the one before the fields: so the server does.
            _ if self.spaced => Place::Fields,
            _ => Place::Key,
        };
        Some(())
    }

    /// Looks at every byte, from where the last call stopped.
    fn walk(&mut self, text: &[u8], complete: bool) -> Option<usize> {
        self.walked = true;
        while let Some(&byte) = text.get(self.scanned) {
            if !self.quoted && !SPECIAL[usize::from(byte)] {
                self.scanned += 1;
                continue;
            }
            match byte {
                // At the very end a backslash is an ordinary byte: so the server does.
                b'\\' if self.scanned + 2 < text.len() => self.scanned += 2,
                b'\\' if !complete => return None,
                b'\n' if !self.quoted => return Some(self.scanned),
                b'"' if self.balance > 0 => {
                    self.quoted = !self.quoted;
                    self.scanned += 1;
                }
                _ if self.quoted => {
                    let rest = text.get(self.scanned + 1..).unwrap_or_default();
                    self.scanned += 1 + memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                }
                byte => {
                    match (self.place, byte) {
                        (Place::Key, b' ') => self.place = Place::Fields,
                        (Place::Fields, b'=') => self.balance += 1,
                        (Place::Fields, b',') => self.balance -= 1,
                        _ => {}
                    }
                    self.scanned += 1;
                }
            }
        }
        None
    }
}

/// Returns the end of a record without quotes, if it is in `text`: most records, at memory speed.
fn simple_end(text: &[u8]) -> Option<usize> {
    let end = memchr(b'\n', text)?;
    let line = text.get(..end)?;
    (memchr(b'"', line).is_none() && line.last() != Some(&b'\\')).then_some(end)
}

/// One record of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The record without its line break. A carriage return before that stays: servers refuse it.
    pub text: &'a [u8],
    /// Where the record begins in the text that was split.
    pub offset: usize,
    /// What it is.
    pub kind: Kind,
}

impl<'a> Block<'a> {
    /// Returns the record without blanks at its beginning, as error messages quote it.
    pub fn content(&self) -> &'a [u8] {
        self.text.get(skip_blanks(self.text, 0)..).unwrap_or_default()
    }
}

/// The records of a text. See [`split()`].
#[derive(Debug, Clone)]
pub struct Split<'a> {
    text: &'a [u8],
    at: usize,
}

/// Splits a whole request body into records, comments and blank lines among them.
pub fn split(text: &[u8]) -> Split<'_> {
    Split { text, at: 0 }
}

impl<'a> Iterator for Split<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let offset = self.at;
        let rest = self.text.get(offset..).filter(|rest| !rest.is_empty())?;
        let end = Splitter::new().find_end(rest, true);
        let text = match end {
            Some(end) => rest.get(..end).unwrap_or_default(),
            // An open quote keeps the last line break; the server takes it off.
            None => rest.strip_suffix(b"\n").unwrap_or(rest),
        };
        self.at = end.map_or(self.text.len(), |end| offset + end + 1);
        Some(Block { text, offset, kind: Kind::of(text) })
    }
}
