//! How many measurements and columns Serverless takes.

use super::batch::Batch;
use super::database::{FIELDS, SERIES, Writer};
use super::write::WriteError;
use super::{Error, Id};
use redb::WriteTransaction;
use std::collections::BTreeSet;

/// Checks that a batch makes no more measurements, and no more columns of one, than allowed.
pub(super) fn check(
    transaction: &WriteTransaction,
    writer: &mut Writer,
    bucket: Id,
    batch: &Batch,
    (max_tables, max_columns): (u64, u64),
) -> Result<(), WriteError> {
    let mut added = 0;
    for (place, measurement) in batch.measurements.iter().enumerate() {
        let known = writer.schema.fields(transaction, bucket, &measurement.name)?;
        if known.is_empty() {
            added += 1;
        }
        let fields = known.keys().cloned();
        let existing: BTreeSet<Vec<u8>> =
            fields.chain(stored_tags(transaction, bucket, &measurement.name)?).collect();
        let mut wanted = existing.clone();
        wanted.extend(measurement.fields.iter().map(|field| field.name.clone()));
        let series = batch.series.iter().filter(|series| series.measurement == place);
        wanted.extend(series.flat_map(|series| &series.tags).map(|(key, _)| key.clone()));
        // The time is a column too.
        let count = |columns: &BTreeSet<_>| columns.len() as u64 + 1;
        if count(&wanted) > max_columns {
            return Err(WriteError::Columns {
                measurement: measurement.name.clone(),
                existing: if existing.is_empty() { 0 } else { count(&existing) },
                wanted: count(&wanted),
                limit: max_columns,
            });
        }
    }
    if added == 0 {
        return Ok(());
    }
    let existing = names(transaction, bucket)?.len() as u64;
    if existing + added > max_tables {
        return Err(WriteError::Tables { existing, wanted: existing + added, limit: max_tables });
    }
    Ok(())
}

fn names(transaction: &WriteTransaction, bucket: Id) -> Result<BTreeSet<Vec<u8>>, Error> {
    let table = transaction.open_table(FIELDS)?;
    super::names::measurements(&table, bucket)
}

fn stored_tags(
    transaction: &WriteTransaction,
    bucket: Id,
    measurement: &[u8],
) -> Result<BTreeSet<Vec<u8>>, Error> {
    let table = transaction.open_table(SERIES)?;
    super::names::tag_keys(&table, bucket, measurement)
}
