//! What the sandbox holds: buckets, DBRP mappings and points, in one file that survives a kill.

mod catalog;
mod error;
mod id;
mod points;
mod value;

pub use catalog::{Bucket, Catalog, Dbrp, Mapping, Organization};
pub use error::Error;
pub use id::Id;
pub use points::{Scan, SeriesField, Store};
pub use value::{FieldType, Value};
