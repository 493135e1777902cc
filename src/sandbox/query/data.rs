//! What queries read.

use super::QueryError;
use crate::model::TimeRange;
use crate::sandbox::store::{Catalog, FieldType, Id, SeriesField, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Series fields, one in memory at a time.
pub(super) type Series<'a> = Box<dyn Iterator<Item = Result<SeriesField, QueryError>> + 'a>;

/// What queries read: the store, or in unit tests a few lines of line protocol.
pub(super) trait Data {
    /// Returns buckets and mappings.
    fn catalog(&self) -> Arc<Catalog>;

    /// Returns the points of a bucket, or of one of its measurements, by measurement, tags and field.
    fn scan(
        &self,
        bucket: Id,
        measurement: Option<&[u8]>,
        range: TimeRange,
    ) -> Result<Series<'_>, QueryError>;

    /// Returns the measurements of a bucket, sorted.
    fn measurements(&self, bucket: Id) -> Result<Vec<Vec<u8>>, QueryError>;

    /// Returns the fields of a measurement with their types.
    fn fields(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeMap<Vec<u8>, FieldType>, QueryError>;

    /// Returns the tag keys of a measurement.
    fn tag_keys(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeSet<Vec<u8>>, QueryError>;
}

impl Data for Store {
    fn catalog(&self) -> Arc<Catalog> {
        Self::catalog(self)
    }

    fn scan(
        &self,
        bucket: Id,
        measurement: Option<&[u8]>,
        range: TimeRange,
    ) -> Result<Series<'_>, QueryError> {
        Ok(Box::new(Self::scan(self, bucket, measurement, range)?.map(|item| item.map_err(QueryError::from))))
    }

    fn measurements(&self, bucket: Id) -> Result<Vec<Vec<u8>>, QueryError> {
        Ok(Self::measurements(self, bucket)?)
    }

    fn fields(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeMap<Vec<u8>, FieldType>, QueryError> {
        Ok(Self::fields(self, bucket, measurement)?)
    }

    fn tag_keys(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeSet<Vec<u8>>, QueryError> {
        Ok(Self::tag_keys(self, bucket, measurement)?)
    }
}
