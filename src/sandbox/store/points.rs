//! Points by series and field, read in sorted order.

use super::{Catalog, Error, FieldType, Id, Value};
use crate::model::TimeRange;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the sandbox holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    catalog: Arc<Catalog>,
}

/// The points of one field of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesField {
    /// The measurement, without escapes.
    pub measurement: Vec<u8>,
    /// Tag keys and values without escapes, sorted by key.
    pub tags: Vec<(Vec<u8>, Vec<u8>)>,
    /// The field key, without escapes.
    pub field: Vec<u8>,
    /// Times and values in ascending order of time, one a time, never empty. On 2.x the values may be
    /// of several types, one a shard group.
    pub points: Vec<(i64, Value)>,
}

/// Series fields of a bucket, sorted by measurement, then tags, then field; one in memory at a time.
#[derive(Debug)]
pub struct Scan(());

impl Store {
    /// Returns the buckets and mappings as they are now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Reads the points of a bucket, or of one of its measurements, with times in `range`.
    pub fn scan(&self, bucket: Id, measurement: Option<&[u8]>, range: TimeRange) -> Result<Scan, Error> {
        let _ = (bucket, measurement, range);
        Ok(Scan(()))
    }

    /// Returns the measurements of a bucket, sorted.
    pub fn measurements(&self, bucket: Id) -> Result<Vec<Vec<u8>>, Error> {
        let _ = bucket;
        Ok(Vec::new())
    }

    /// Returns the fields of a measurement with the type each had first.
    pub fn fields(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeMap<Vec<u8>, FieldType>, Error> {
        let _ = (bucket, measurement);
        Ok(BTreeMap::new())
    }

    /// Returns the tag keys of a measurement.
    pub fn tag_keys(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeSet<Vec<u8>>, Error> {
        let _ = (bucket, measurement);
        Ok(BTreeSet::new())
    }
}

impl Iterator for Scan {
    type Item = Result<SeriesField, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
