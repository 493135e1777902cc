//! Reads the data files of an InfluxDB 1.x server: TSM, write-ahead log, tombstones. Read only, no server needed.

pub mod block;
pub mod codes;
mod value;

pub use value::{Strings, Type, Value, Values};
