//! Deleting points.

use super::block::{Block, Encoder};
use super::database::{BLOCKS, Counters, DISCARDED, FIELDS, SERIES, put_catalog};
use super::scan::merge;
use super::{Catalog, Error, Id, Store, Value, keys};
use crate::model::TimeRange;
use redb::{ReadableTable, WriteTransaction};
use std::collections::BTreeMap;

/// Which series to delete points of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Predicate {
    /// The measurement, if one is named.
    pub measurement: Option<Vec<u8>>,
    /// Tags that the series must have.
    pub tags: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Predicate {
    fn fits(&self, measurement: &[u8], tags: &keys::Tags) -> bool {
        self.measurement.as_ref().is_none_or(|wanted| wanted == measurement)
            && self.tags.iter().all(|wanted| tags.contains(wanted))
    }
}

impl Store {
    /// Deletes the points of a bucket that fit, with times in `range`.
    ///
    /// A series without points is gone; so are the fields of a measurement without series.
    pub fn delete(&self, bucket: Id, predicate: &Predicate, range: TimeRange) -> Result<(), Error> {
        let mut writer = self.writer();
        let transaction = self.begin()?;
        let mut left: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        for (key, number) in series_of(&transaction, bucket)? {
            let (measurement, tags) = keys::series_names(&key)?;
            let fits = predicate.fits(&measurement, &tags);
            let gone = fits && delete_points(&transaction, &mut writer.counters, number, range)?;
            if gone {
                transaction.open_table(SERIES)?.remove(key.as_slice())?;
            }
            *left.entry(measurement).or_default() |= !gone;
        }
        for measurement in left.into_iter().filter(|(_, left)| !left).map(|(name, _)| name) {
            remove_beginning_with(&transaction, &keys::of_measurement(bucket, &measurement))?;
        }
        writer.counters.put(&transaction)?;
        writer.schema.forget();
        transaction.commit()?;
        Ok(())
    }

    /// Changes the catalog and deletes every point of a bucket, both or neither.
    pub fn drop_bucket<T, E: From<Error>>(
        &self,
        bucket: Id,
        change: impl FnOnce(&mut Catalog) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer();
        let mut catalog = (*self.catalog()).clone();
        let result = change(&mut catalog)?;
        let transaction = self.begin()?;
        for (_, number) in series_of(&transaction, bucket)? {
            remove_blocks(&transaction, number)?;
        }
        remove_beginning_with(&transaction, &keys::of_bucket(bucket))?;
        put_catalog(&transaction, &catalog)?;
        writer.schema.forget();
        self.publish(transaction, catalog)?;
        Ok(result)
    }
}

fn series_of(transaction: &WriteTransaction, bucket: Id) -> Result<Vec<(Vec<u8>, u64)>, Error> {
    let table = transaction.open_table(SERIES)?;
    let (start, end) = keys::beginning_with(&keys::of_bucket(bucket));
    let range = table.range::<&[u8]>((start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice)))?;
    range
        .map(|entry| entry.map(|(key, number)| (key.value().to_vec(), number.value())).map_err(Error::from))
        .collect()
}

/// Removes series, fields and counts whose keys begin so.
fn remove_beginning_with(transaction: &WriteTransaction, prefix: &[u8]) -> Result<(), Error> {
    let (start, end) = keys::beginning_with(prefix);
    let range = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
    transaction.open_table(SERIES)?.retain_in::<&[u8], _>(range, |_, _| false)?;
    transaction.open_table(FIELDS)?.retain_in::<&[u8], _>(range, |_, _| false)?;
    transaction.open_table(DISCARDED)?.retain_in::<&[u8], _>(range, |_, _| false)?;
    Ok(())
}

fn remove_blocks(transaction: &WriteTransaction, series: u64) -> Result<(), Error> {
    transaction.open_table(BLOCKS)?.retain_in((series, 0)..=(series, u64::MAX), |_, _| false)?;
    Ok(())
}

/// Writes the points of a series anew without those in the range; tells whether none is left.
fn delete_points(
    transaction: &WriteTransaction,
    counters: &mut Counters,
    series: u64,
    range: TimeRange,
) -> Result<bool, Error> {
    let mut columns: BTreeMap<u32, Vec<(i64, Value)>> = BTreeMap::new();
    let mut blocks = transaction.open_table(BLOCKS)?;
    for entry in blocks.range((series, 0)..=(series, u64::MAX))? {
        let (_, bytes) = entry?;
        for column in Block::read(bytes.value())?.columns() {
            let column = column?;
            let points = columns.entry(column.field).or_default();
            column.append(i64::MIN, range.start.0, points)?;
            column.append(range.end.0, i64::MAX, points)?;
        }
    }
    blocks.retain_in((series, 0)..=(series, u64::MAX), |_, _| false)?;
    let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
    let mut empty = true;
    for (field, mut points) in columns {
        merge(&mut points);
        for run in points.chunk_by(|a, b| a.1.field_type() == b.1.field_type()) {
            for part in run.chunks(1_000) {
                let part: Vec<(i64, &Value)> = part.iter().map(|(time, value)| (*time, value)).collect();
                encoder.column(field, &part);
                bytes.clear();
                encoder.finish(&mut bytes);
                counters.block += 1;
                blocks.insert((series, counters.block), bytes.as_slice())?;
                empty = false;
            }
        }
    }
    Ok(empty)
}
