//! What is left of points that are thrown away: counts and checksums.

use super::batch::{Batch, Row};
use super::database::DISCARDED;
use super::{Error, Id, Store, Value, keys};
use redb::{ReadableDatabase, ReadableTable, WriteTransaction};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// What is left of the values of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Discarded {
    /// Values, each time it was sent.
    pub values: u64,
    /// The sum modulo 2^64 of XXH3 over series, field, time and value: the same in every order.
    pub checksum: u64,
}

/// A measurement and a field.
pub type MeasurementField = (Vec<u8>, Vec<u8>);

impl Discarded {
    fn add(&mut self, other: Self) {
        self.values += other.values;
        self.checksum = self.checksum.wrapping_add(other.checksum);
    }
}

impl Store {
    /// Returns what is left of the points of a bucket, by measurement and field.
    pub fn discarded(&self, bucket: Id) -> Result<BTreeMap<MeasurementField, Discarded>, Error> {
        let transaction = self.database().begin_read()?;
        let table = transaction.open_table(DISCARDED)?;
        let (start, end) = keys::beginning_with(&keys::of_bucket(bucket));
        let mut found = BTreeMap::new();
        for entry in
            table.range::<&[u8]>((start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice)))?
        {
            let (key, value) = entry?;
            let (values, checksum) = value.value();
            found.insert(keys::field_names(key.value())?, Discarded { values, checksum });
        }
        Ok(found)
    }
}

/// Adds the points of a batch that are not refused.
pub(super) fn note(transaction: &WriteTransaction, bucket: Id, batch: &Batch) -> Result<(), Error> {
    let mut sums: BTreeMap<(usize, usize), Discarded> = BTreeMap::new();
    let mut scratch = Vec::new();
    for row in batch.rows.iter().filter(|row| row.kept) {
        add_row(&mut sums, batch, row, &mut scratch);
    }
    let mut table = transaction.open_table(DISCARDED)?;
    for ((measurement, field), sum) in sums {
        let Some(measurement) = batch.measurements.get(measurement) else { continue };
        let mut key = keys::of_measurement(bucket, &measurement.name);
        keys::put(&mut key, measurement.fields.get(field).map(|f| f.name.as_slice()).unwrap_or_default());
        let stored = table.get(key.as_slice())?.map(|stored| stored.value()).unwrap_or_default();
        let mut total = Discarded { values: stored.0, checksum: stored.1 };
        total.add(sum);
        table.insert(key.as_slice(), (total.values, total.checksum))?;
    }
    Ok(())
}

fn add_row(sums: &mut BTreeMap<(usize, usize), Discarded>, batch: &Batch, row: &Row, scratch: &mut Vec<u8>) {
    let Some(series) = batch.series.get(row.series) else { return };
    let Some(measurement) = batch.measurements.get(series.measurement) else { return };
    for cell in batch.cells.get(row.cells.clone()).unwrap_or_default() {
        let name = measurement.fields.get(cell.field).map(|field| field.name.as_slice()).unwrap_or_default();
        let checksum = checksum(scratch, &series.text, name, row.time, &cell.value);
        sums.entry((series.measurement, cell.field)).or_default().add(Discarded { values: 1, checksum });
    }
}

/// Hashes a value in one go: setting up a hasher that takes pieces costs more than the hash.
fn checksum(scratch: &mut Vec<u8>, series: &[u8], field: &[u8], time: i64, value: &Value) -> u64 {
    scratch.clear();
    scratch.extend_from_slice(series);
    scratch.push(0);
    scratch.extend_from_slice(field);
    scratch.push(0);
    scratch.extend_from_slice(&time.to_le_bytes());
    scratch.push(value.field_type().code());
    match value {
        Value::Float(number) => scratch.extend_from_slice(&number.to_bits().to_le_bytes()),
        Value::Integer(number) => scratch.extend_from_slice(&number.to_le_bytes()),
        Value::Unsigned(number) => scratch.extend_from_slice(&number.to_le_bytes()),
        Value::Boolean(truth) => scratch.push(u8::from(*truth)),
        Value::String(text) => scratch.extend_from_slice(text),
    }
    xxh3_64(scratch)
}
