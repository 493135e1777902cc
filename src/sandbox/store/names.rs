//! Names of measurements, fields and tags.

use super::database::{FIELDS, SERIES};
use super::schema::read_fields;
use super::{Error, FieldType, Id, Store, keys};
use redb::{ReadableDatabase, ReadableTable};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Returns the measurements of a bucket, sorted.
    pub fn measurements(&self, bucket: Id) -> Result<Vec<Vec<u8>>, Error> {
        let transaction = self.database().begin_read()?;
        Ok(measurements(&transaction.open_table(FIELDS)?, bucket)?.into_iter().collect())
    }

    /// Returns the fields of a measurement with the type each had first.
    pub fn fields(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeMap<Vec<u8>, FieldType>, Error> {
        let transaction = self.database().begin_read()?;
        let fields = read_fields(&transaction.open_table(FIELDS)?, bucket, measurement)?;
        Ok(fields.into_iter().map(|(name, field)| (name, field.kind)).collect())
    }

    /// Returns the tag keys of a measurement.
    pub fn tag_keys(&self, bucket: Id, measurement: &[u8]) -> Result<BTreeSet<Vec<u8>>, Error> {
        let transaction = self.database().begin_read()?;
        tag_keys(&transaction.open_table(SERIES)?, bucket, measurement)
    }

    /// Returns the tags of each series of a measurement, in the order of a scan.
    pub fn series(&self, bucket: Id, measurement: &[u8]) -> Result<Vec<keys::Tags>, Error> {
        let transaction = self.database().begin_read()?;
        let (start, end) = keys::beginning_with(&keys::of_measurement(bucket, measurement));
        let bounds = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        let series = transaction.open_table(SERIES)?;
        series.range::<&[u8]>(bounds)?.map(|entry| Ok(keys::series_names(entry?.0.value())?.1)).collect()
    }
}

/// Returns the measurements of a bucket.
pub(super) fn measurements(
    fields: &impl ReadableTable<&'static [u8], &'static [u8]>,
    bucket: Id,
) -> Result<BTreeSet<Vec<u8>>, Error> {
    let mut found = BTreeSet::new();
    let (mut start, end) = keys::beginning_with(&keys::of_bucket(bucket));
    // From measurement to measurement: a bucket may have many fields.
    loop {
        let range = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        let Some(entry) = fields.range::<&[u8]>(range)?.next() else { break };
        let measurement = keys::field_names(entry?.0.value())?.0;
        start = keys::beginning_with(&keys::of_measurement(bucket, &measurement)).1;
        start = match start {
            std::ops::Bound::Excluded(key) => std::ops::Bound::Included(key),
            other => other,
        };
        found.insert(measurement);
    }
    Ok(found)
}

/// Returns the tag keys of a measurement.
pub(super) fn tag_keys(
    series: &impl ReadableTable<&'static [u8], u64>,
    bucket: Id,
    measurement: &[u8],
) -> Result<BTreeSet<Vec<u8>>, Error> {
    let mut found = BTreeSet::new();
    let (start, end) = keys::beginning_with(&keys::of_measurement(bucket, measurement));
    for entry in
        series.range::<&[u8]>((start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice)))?
    {
        let (_, tags) = keys::series_names(entry?.0.value())?;
        for (key, _) in tags {
            found.insert(key);
        }
    }
    Ok(found)
}
