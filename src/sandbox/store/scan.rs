//! Points by series and field, read in sorted order.

use super::block::Block;
use super::database::{BLOCKS, FIELDS, SERIES};
use super::schema::read_fields;
use super::{Error, Id, Store, Value, keys};
use crate::model::TimeRange;
use redb::{OwnedRange, ReadOnlyTable, ReadableDatabase};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

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
///
/// Shows the store as it was when the scan began.
pub struct Scan {
    bucket: Id,
    range: TimeRange,
    series: OwnedRange<&'static [u8], u64>,
    fields: ReadOnlyTable<&'static [u8], &'static [u8]>,
    blocks: ReadOnlyTable<(u64, u64), &'static [u8]>,
    /// Field numbers to names, of the measurement that is read.
    names: BTreeMap<u32, Vec<u8>>,
    current: Option<Current>,
}

/// The series that is read.
#[derive(Debug)]
struct Current {
    number: u64,
    measurement: Vec<u8>,
    tags: keys::Tags,
    /// Fields that are still to be read, sorted by name.
    fields: VecDeque<(Vec<u8>, u32)>,
}

impl Store {
    /// Reads the points of a bucket, or of one of its measurements, with times in `range`.
    pub fn scan(&self, bucket: Id, measurement: Option<&[u8]>, range: TimeRange) -> Result<Scan, Error> {
        let prefix = match measurement {
            Some(measurement) => keys::of_measurement(bucket, measurement),
            None => keys::of_bucket(bucket),
        };
        self.scan_between(bucket, keys::beginning_with(&prefix), range)
    }

    /// Reads the points of one series with times in `range`. Tags are sorted by key.
    pub fn scan_series(
        &self,
        bucket: Id,
        measurement: &[u8],
        tags: &[(Vec<u8>, Vec<u8>)],
        range: TimeRange,
    ) -> Result<Scan, Error> {
        let key = keys::of_series(bucket, measurement, tags);
        self.scan_between(bucket, (Bound::Included(key.clone()), Bound::Included(key)), range)
    }

    fn scan_between(
        &self,
        bucket: Id,
        (start, end): (Bound<Vec<u8>>, Bound<Vec<u8>>),
        range: TimeRange,
    ) -> Result<Scan, Error> {
        let transaction = self.database().begin_read()?;
        let bounds = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        Ok(Scan {
            bucket,
            range,
            series: transaction.open_table(SERIES)?.range_owned::<&[u8]>(bounds)?,
            fields: transaction.open_table(FIELDS)?,
            blocks: transaction.open_table(BLOCKS)?,
            names: BTreeMap::new(),
            current: None,
        })
    }
}

impl Scan {
    fn step(&mut self) -> Result<Option<SeriesField>, Error> {
        loop {
            while let Some(current) = &mut self.current {
                let Some((field, number)) = current.fields.pop_front() else { break };
                let (measurement, tags, series) =
                    (current.measurement.clone(), current.tags.clone(), current.number);
                let points = self.points(series, number)?;
                if !points.is_empty() {
                    return Ok(Some(SeriesField { measurement, tags, field, points }));
                }
            }
            if !self.next_series()? {
                return Ok(None);
            }
        }
    }

    /// Goes to the next series; tells whether there is one.
    fn next_series(&mut self) -> Result<bool, Error> {
        let Some(entry) = self.series.next() else {
            self.current = None;
            return Ok(false);
        };
        let (key, number) = entry?;
        let number = number.value();
        let (measurement, tags) = keys::series_names(key.value())?;
        if self.current.as_ref().is_none_or(|current| current.measurement != measurement) {
            let fields = read_fields(&self.fields, self.bucket, &measurement)?;
            self.names = fields.into_iter().map(|(name, field)| (field.number, name)).collect();
        }
        let fields = self.fields_of(number)?;
        self.current = Some(Current { number, measurement, tags, fields });
        Ok(true)
    }

    /// Returns the fields of a series that may have points in the range.
    fn fields_of(&self, series: u64) -> Result<VecDeque<(Vec<u8>, u32)>, Error> {
        let mut found: BTreeMap<&[u8], u32> = BTreeMap::new();
        for entry in self.blocks.range_owned((series, 0)..=(series, u64::MAX))? {
            let (_, bytes) = entry?;
            let block = Block::read(bytes.value())?;
            if self.overlaps(&block) {
                for column in block.columns() {
                    let number = column?.field;
                    let name = self.names.get(&number).ok_or(Error::Damaged("a field has no name"))?;
                    found.insert(name, number);
                }
            }
        }
        Ok(found.into_iter().map(|(name, number)| (name.to_vec(), number)).collect())
    }

    /// Reads the points of a field of a series: of each time the value that was written last.
    fn points(&self, series: u64, field: u32) -> Result<Vec<(i64, Value)>, Error> {
        let mut points = Vec::new();
        for entry in self.blocks.range_owned((series, 0)..=(series, u64::MAX))? {
            let (_, bytes) = entry?;
            let block = Block::read(bytes.value())?;
            if !self.overlaps(&block) {
                continue;
            }
            for column in block.columns() {
                let column = column?;
                if column.field == field {
                    column.append(self.range.start.0, self.range.end.0, &mut points)?;
                }
            }
        }
        merge(&mut points);
        Ok(points)
    }

    fn overlaps(&self, block: &Block<'_>) -> bool {
        block.earliest < self.range.end.0 && self.range.start.0 <= block.latest
    }
}

/// Sorts points by time and keeps the last of each time.
pub(super) fn merge(points: &mut Vec<(i64, Value)>) {
    if points.is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    points.sort_by_key(|(time, _)| *time);
    // Keeps the first of equal ones, so from the back.
    points.reverse();
    points.dedup_by_key(|(time, _)| *time);
    points.reverse();
}

impl Iterator for Scan {
    type Item = Result<SeriesField, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan")
            .field("bucket", &self.bucket)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
