//! What the sandbox holds: buckets, DBRP mappings and points, in one file that survives a kill.
//!
//! The file is a redb database. A write request becomes one committed transaction, so what was
//! acknowledged is there after `kill -9`, and what was not is wholly there or not at all.
//!
//! # Layout, and what it was chosen by
//!
//! A request's points of one series become one or a few blocks, keyed by series and a number that only
//! grows. Nothing is read to write, and nothing is overwritten; of the values of one series, field and
//! time the one in the latest block counts, which is decided on reading. Measured with redb 4.5 in a
//! release build on two shared cores, floats, 10 fields a point, 10,000 points a request, each committed
//! with fsync; "series" is a request a series, "time" 1,000 series with 10 points each:
//!
//! | layout | order | values/s | bytes a value on disk |
//! |---|---|---|---|
//! | an entry a value | series | 1.2 M | 37 |
//! | an entry a value | time | 0.35 M | 78 |
//! | an entry a (series, field, time block), merged on write | series | 16 M | 16.5 |
//! | an entry a (series, field, time block), merged on write | time | 0.6 M | 42 |
//! | an entry a (series, field, request) | time | 0.8 M | 34 |
//! | **an entry a (series, request)** | series | 25 M | 8.3 |
//! | **an entry a (series, request)** | time | 3–4 M | 14 |
//!
//! Whole, over HTTP with line protocol parsed, four connections, 20 million values of `cpu` as telegraf
//! sends it: 6.7 M values/s in the order "series" (140 MB of memory, 8.7 bytes a value), 2.3 M values/s in
//! the order "time" (14 bytes). 10,000 series with one point each in every request are the worst case:
//! 0.4 M values/s, 36 bytes.
//!
//! The price: points sent again take their space again, until the bucket is deleted.

mod batch;
mod block;
mod catalog;
mod conflicts;
mod database;
mod delete;
mod discard;
mod error;
mod id;
mod keys;
mod limits;
mod names;
mod read;
mod scan;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use batch::{BadLine, Batch, Reason, Rejected, shard_group};
pub use catalog::{Bucket, Catalog, Dbrp, Mapping, MappingFilter, Organization};
pub use database::{Opening, Store};
pub use delete::Predicate;
pub use discard::{Discarded, MeasurementField};
pub use error::Error;
pub use id::Id;
pub use scan::{Scan, SeriesField};
pub use value::{FieldType, Value};
pub use write::{Stored, WriteError, WriteRules};
