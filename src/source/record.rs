//! What a source hands out: lines, and values that no line can say.

use super::{Error, Warning, exports, native, tsm};

/// One record of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The record without its line end. Not checked: it may be no valid line protocol.
    pub text: &'a [u8],
    /// The file, as a place in [`super::PolicyFacts::files`].
    pub file: usize,
    /// Where the record begins in the uncompressed file, or in the lines of a shard.
    pub offset: u64,
    /// The line that it begins in, from 1; 0 where a source is not made of lines.
    pub line: u64,
}

/// Values of one field of one series that are left out: line protocol cannot say them, or another type was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The series key; bytes that are not UTF-8 are replaced.
    pub series: String,
    /// The field key; bytes that are not UTF-8 are replaced.
    pub field: String,
    /// Why, as a fragment.
    pub reason: String,
    /// How many values.
    pub values: u64,
    /// The first and last time in nanoseconds.
    pub times: (i64, i64),
}

impl From<tsm::Rejected> for LeftOut {
    fn from(rejected: tsm::Rejected) -> Self {
        Self {
            series: String::from_utf8_lossy(&rejected.series).into_owned(),
            field: String::from_utf8_lossy(&rejected.field).into_owned(),
            reason: rejected.reason.to_string(),
            values: rejected.values,
            times: rejected.times,
        }
    }
}

/// What a reader hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A line.
    Record(Record<'a>),
    /// Values without a line.
    LeftOut(LeftOut),
}

/// Reads what a source has of one retention policy, in an order that is the same each time.
#[derive(Debug)]
pub struct Reader(Kind);

#[derive(Debug)]
enum Kind {
    Exports(Box<exports::Reader>),
    Native(Box<native::Reader>),
}

impl From<exports::Reader> for Reader {
    fn from(reader: exports::Reader) -> Self {
        Self(Kind::Exports(Box::new(reader)))
    }
}

impl From<native::Reader> for Reader {
    fn from(reader: native::Reader) -> Self {
        Self(Kind::Native(Box::new(reader)))
    }
}

impl Reader {
    /// Returns what comes next; `None` at the end.
    ///
    /// After an error other than [`Error::TooLong`] there is nothing more to read.
    #[expect(clippy::should_implement_trait, reason = "a record borrows the reader's buffer")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        match &mut self.0 {
            Kind::Exports(reader) => Ok(reader.next()?.map(Item::Record)),
            Kind::Native(reader) => reader.next(),
        }
    }

    /// Returns bytes read from disk, and bytes in all.
    pub fn progress(&self) -> (u64, u64) {
        match &self.0 {
            Kind::Exports(reader) => reader.progress(),
            Kind::Native(reader) => reader.progress(),
        }
    }

    /// Returns what was noticed so far, in the order of reading.
    pub fn warnings(&self) -> &[Warning] {
        match &self.0 {
            Kind::Exports(reader) => reader.warnings(),
            Kind::Native(reader) => reader.warnings(),
        }
    }
}
