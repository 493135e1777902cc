//! Writing points.

use super::batch::{Batch, Row, Series};
use super::block::{self, Encoder};
use super::database::{BLOCKS, Counters, FIELDS, SERIES, Writer};
use super::schema::Field;
use super::{Error, FieldType, Id, Store, Value, conflicts, discard, keys};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use std::collections::BTreeMap;

/// What a product checks when it stores points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteRules {
    /// A field has one type in each shard group of so many seconds; `None`: in the whole bucket.
    pub shard_group_seconds: Option<u64>,
    /// Series the store takes.
    pub max_series: Option<u64>,
    /// Measurements a bucket takes, and columns a measurement: tags, fields and the time.
    pub max_tables: Option<(u64, u64)>,
}

/// What was stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Points.
    pub points: u64,
    /// Field values.
    pub values: u64,
}

/// Why nothing of a request was stored.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The bucket is not there, or was deleted just now.
    #[error("bucket not found")]
    NoBucket,
    /// There would be more series than the store takes.
    #[error("more than {limit} series")]
    Series {
        /// How many it takes.
        limit: u64,
    },
    /// There would be more measurements than a bucket takes.
    #[error("more than {limit} measurements")]
    Tables {
        /// How many there are.
        existing: u64,
        /// How many there would be.
        wanted: u64,
        /// How many a bucket takes.
        limit: u64,
    },
    /// There would be more columns than a measurement takes.
    #[error("more than {limit} columns")]
    Columns {
        /// The measurement.
        measurement: Vec<u8>,
        /// How many there are.
        existing: u64,
        /// How many there would be.
        wanted: u64,
        /// How many a measurement takes.
        limit: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Store {
    /// Stores the points of a batch that are not refused, and refuses those whose fields have other
    /// types than the points that are there. All or nothing: a kill in between leaves nothing.
    pub fn write(&self, bucket: Id, batch: &mut Batch, rules: WriteRules) -> Result<Stored, WriteError> {
        let mut guard = self.writer();
        let writer = &mut *guard;
        if !self.catalog().buckets.contains_key(&bucket) {
            return Err(WriteError::NoBucket);
        }
        let result = self.write_as(writer, bucket, batch, rules);
        if result.is_err() {
            writer.schema.forget();
        }
        result
    }

    fn write_as(
        &self,
        writer: &mut Writer,
        bucket: Id,
        batch: &mut Batch,
        rules: WriteRules,
    ) -> Result<Stored, WriteError> {
        let transaction = if self.discards() { self.begin_volatile()? } else { self.begin()? };
        // The type of a shard group is that of its points: without points only the bucket has one.
        let shard_group_seconds = rules.shard_group_seconds.filter(|_| !self.discards());
        conflicts::refuse(&transaction, writer, bucket, batch, shard_group_seconds)?;
        if batch.points() == 0 {
            return Ok(Stored::default());
        }
        if let Some(limits) = rules.max_tables {
            super::limits::check(&transaction, writer, bucket, batch, limits)?;
        }
        let numbers = register_fields(&transaction, writer, bucket, batch)?;
        if self.discards() {
            discard::note(&transaction, bucket, batch).map_err(WriteError::Store)?;
        } else {
            put_points(&transaction, &mut writer.counters, bucket, batch, &numbers)?;
            if let Some(limit) = rules.max_series
                && transaction.open_table(SERIES).map_err(Error::from)?.len().map_err(Error::from)? > limit
            {
                return Err(WriteError::Series { limit });
            }
        }
        writer.counters.put(&transaction)?;
        transaction.commit().map_err(Error::from)?;
        let kept = batch.rows.iter().filter(|row| row.kept);
        Ok(kept.fold(Stored::default(), |sum, row| Stored {
            points: sum.points + 1,
            values: sum.values + row.cells.len() as u64,
        }))
    }
}

/// Gives numbers to new fields; returns the numbers by measurement and field.
fn register_fields(
    transaction: &WriteTransaction,
    writer: &mut Writer,
    bucket: Id,
    batch: &Batch,
) -> Result<Vec<Vec<u32>>, Error> {
    let mut types: Vec<Vec<Option<(FieldType, bool)>>> =
        batch.measurements.iter().map(|measurement| vec![None; measurement.fields.len()]).collect();
    for row in batch.rows.iter().filter(|row| row.kept) {
        for ((measurement, field), cell) in batch.places(row) {
            let got = cell.value.field_type();
            if let Some(seen) = types.get_mut(measurement).and_then(|fields| fields.get_mut(field)) {
                let (first, uniform) = seen.unwrap_or((got, true));
                *seen = Some((first, uniform && first == got));
            }
        }
    }
    let mut table = transaction.open_table(FIELDS)?;
    let mut numbers = Vec::with_capacity(types.len());
    for (measurement, types) in batch.measurements.iter().zip(types) {
        let prefix = keys::of_measurement(bucket, &measurement.name);
        let mut of_measurement = Vec::with_capacity(types.len());
        let mut changed = BTreeMap::new();
        let known = writer.schema.fields(transaction, bucket, &measurement.name)?;
        for (field, seen) in measurement.fields.iter().zip(types) {
            let stored = known.get(&field.name).copied();
            let Some((kind, uniform)) = seen else {
                of_measurement.push(0);
                continue;
            };
            let current = if let Some(stored) = stored {
                Field { uniform: stored.uniform && uniform && stored.kind == kind, ..stored }
            } else {
                writer.counters.field += 1;
                let number = u32::try_from(writer.counters.field)
                    .map_err(|_| Error::Damaged("there are too many fields"))?;
                Field { number, kind, uniform }
            };
            of_measurement.push(current.number);
            if stored != Some(current) {
                known.insert(field.name.clone(), current);
                changed.insert(field.name.as_slice(), current);
            }
        }
        for (name, field) in changed {
            let mut key = prefix.clone();
            keys::put(&mut key, name);
            table.insert(key.as_slice(), field.bytes().as_slice())?;
        }
        numbers.push(of_measurement);
    }
    Ok(numbers)
}

/// Writes the rows of each series as blocks.
fn put_points(
    transaction: &WriteTransaction,
    counters: &mut Counters,
    bucket: Id,
    batch: &Batch,
    numbers: &[Vec<u32>],
) -> Result<(), Error> {
    let mut series_table = transaction.open_table(SERIES)?;
    let mut blocks = transaction.open_table(BLOCKS)?;
    let mut rows: Vec<&Row> = batch.rows.iter().filter(|row| row.kept).collect();
    // Stable: of two rows of a series and time the later one counts.
    if !rows.is_sorted_by_key(|row| (row.series, row.time)) {
        rows.sort_by_key(|row| (row.series, row.time));
    }
    let mut transposer = Transposer::default();
    for rows in rows.chunk_by(|a, b| a.series == b.series) {
        let Some(series) = rows.first().and_then(|row| batch.series.get(row.series)) else { continue };
        let Some(numbers) = numbers.get(series.measurement) else { continue };
        let key = series_key(batch, bucket, series);
        let known = series_table.get(key.as_slice())?.map(|number| number.value());
        let number = if let Some(number) = known {
            number
        } else {
            counters.series += 1;
            series_table.insert(key.as_slice(), counters.series)?;
            counters.series
        };
        for chunk in chunks(batch, rows) {
            counters.block += 1;
            blocks.insert((number, counters.block), transposer.block(batch, chunk, numbers))?;
        }
    }
    Ok(())
}

/// Returns the key of a series.
fn series_key(batch: &Batch, bucket: Id, series: &Series) -> Vec<u8> {
    let measurement = batch.measurements.get(series.measurement);
    let mut key = keys::of_measurement(bucket, measurement.map(|m| m.name.as_slice()).unwrap_or_default());
    for (name, value) in &series.tags {
        keys::put(&mut key, name);
        keys::put(&mut key, value);
    }
    key
}

/// Cuts the rows of a series so that each part makes a block of about [`block::TARGET`] bytes.
///
/// Rows of one time stay together, so that later blocks win over earlier ones only by intention.
fn chunks<'r, 'b>(batch: &Batch, rows: &'r [&'b Row]) -> Vec<&'r [&'b Row]> {
    let mut chunks = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (index, row) in rows.iter().enumerate() {
        let cells = batch.cells.get(row.cells.clone()).unwrap_or_default();
        let row_size = 2 + cells.iter().map(|cell| block::size_of(&cell.value)).sum::<usize>();
        let same_time = index > start && rows.get(index - 1).is_some_and(|before| before.time == row.time);
        if size + row_size > block::TARGET && index > start && !same_time {
            chunks.extend(rows.get(start..index));
            (start, size) = (index, 0);
        }
        size += row_size;
    }
    chunks.extend(rows.get(start..));
    chunks
}

/// Turns rows into columns.
#[derive(Debug, Default)]
struct Transposer {
    encoder: Encoder,
    bytes: Vec<u8>,
}

impl Transposer {
    fn block<'a>(&'a mut self, batch: &Batch, rows: &[&Row], numbers: &[u32]) -> &'a [u8] {
        let mut columns: Vec<Vec<(i64, &Value)>> = vec![Vec::new(); numbers.len()];
        for row in rows {
            for cell in batch.cells.get(row.cells.clone()).unwrap_or_default() {
                let Some(column) = columns.get_mut(cell.field) else { continue };
                match column.last_mut() {
                    Some(last) if last.0 == row.time => last.1 = &cell.value,
                    _ => column.push((row.time, &cell.value)),
                }
            }
        }
        for (points, number) in columns.iter().zip(numbers) {
            // A column has one type; where types differ, each run of equal types is a column.
            for run in points.chunk_by(|a, b| a.1.field_type() == b.1.field_type()) {
                self.encoder.column(*number, run);
            }
        }
        self.bytes.clear();
        self.encoder.finish(&mut self.bytes);
        &self.bytes
    }
}
