//! What the target should have.

use super::Error;
use crate::model::TimeRange;
use crate::source::Reader;
use std::collections::BTreeMap;
use std::path::Path;

/// A measurement and a field key, unescaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// The measurement. Need not be UTF-8.
    pub measurement: Vec<u8>,
    /// The field key. Bytes that are not UTF-8 are replaced as by [`String::from_utf8_lossy`].
    pub field: String,
}

/// What the target should have: values by measurement, field and window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The length of a window in nanoseconds. Windows begin at multiples of it since 1970.
    pub window_ns: i64,
    /// From the first value to one after the last; `None` without values.
    pub range: Option<TimeRange>,
    /// Values by beginning of the window, none of them 0.
    pub counts: BTreeMap<Series, BTreeMap<i64, u64>>,
    /// All values.
    pub values: u64,
    /// Values that a later line replaced.
    pub replaced: u64,
}

/// How to count.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Points outside are not counted.
    pub range: TimeRange,
    /// Records that the target refused, as (file, offset) in the order of reading: not counted.
    pub rejected: &'a [(usize, u64)],
    /// Where temporary files go.
    pub directory: &'a Path,
    /// Bytes of memory for values not yet counted, at least 1 MiB. Beyond, they go to files.
    pub memory: usize,
}

/// Counts what the target should have.
pub fn expected(reader: Reader, options: Options<'_>) -> Result<Expected, Error> {
    let _ = (reader, options);
    Ok(Expected::default())
}
