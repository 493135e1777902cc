//! Line protocol: a borrowed scanner with the server's own rules, and a printer.
//!
//! The rules are those of `InfluxDB` 1.x and 2.x (one parser, written in Go), checked against answers
//! recorded from influxd 2.8.0. Three layers, from bytes to values:
//!
//! - [`split()`] and [`Records`] find where a record ends. A line break inside a quoted string or
//!   after a backslash is not an end.
//! - [`parse`] checks one record and gives its parts without copying. What it refuses, the server
//!   refuses, with the same words.
//! - [`format`](mod@format) prints a point, so that [`parse`] reads it back.

pub mod error;
pub mod escape;
mod field;
pub mod format;
mod number;
pub mod records;
mod scan;
pub mod split;
mod value;

pub use error::{LineError, Reason};
pub use field::{FieldKeys, Fields};
pub use records::{LineEnd, RawRecord, Records, RecordsError};
pub use scan::{Line, Precision, Tags, parse, parse_with_precision};
pub use split::{Block, Kind, Split, split};
pub use value::Value;

/// The longest series key plus separator and field key that the storage engine takes, in bytes.
pub const MAX_KEY: usize = 65_535;

/// The longest record that [`Records`] yields, in bytes: the default of the `influx` program.
pub const MAX_RECORD: usize = 16_000_000;
