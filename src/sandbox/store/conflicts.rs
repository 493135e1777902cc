//! Points whose fields have other types than what is there.

use super::batch::{Batch, FieldPlace, Reason, Row, shard_group};
use super::database::{BLOCKS, SERIES, Writer};
use super::schema::{Field, type_between};
use super::{Error, FieldType, Id, keys};
use redb::WriteTransaction;
use std::collections::HashMap;

/// Refuses the points of a batch whose values have other types than what is there, or than earlier
/// points of the batch.
///
/// Most batches agree with what is known of each field as a whole, and no point of them is looked at.
pub(super) fn refuse(
    transaction: &WriteTransaction,
    writer: &mut Writer,
    bucket: Id,
    batch: &mut Batch,
    shard_group_seconds: Option<u64>,
) -> Result<(), Error> {
    let doubtful = doubtful_fields(transaction, writer, bucket, batch)?;
    if doubtful.is_empty() {
        return Ok(());
    }
    let mut check =
        Check { transaction, writer, bucket, shard_group_seconds, doubtful, types: HashMap::new() };
    for index in 0..batch.rows.len() {
        let Some(row) = batch.rows.get(index).filter(|row| row.kept) else { continue };
        if let Some((place, got, existing)) = check.row(batch, row)? {
            let field = batch.measurements.get(place.0).and_then(|m| m.fields.get(place.1));
            let field = field.map(|field| field.name.clone()).unwrap_or_default();
            batch.refuse(index, Reason::TypeConflict { field, got, existing });
        }
    }
    check.finish();
    Ok(())
}

/// Returns the fields that have several types in the batch, or another one than is stored, with what is
/// stored of them.
fn doubtful_fields(
    transaction: &WriteTransaction,
    writer: &mut Writer,
    bucket: Id,
    batch: &Batch,
) -> Result<HashMap<FieldPlace, Option<Field>>, Error> {
    let mut doubtful = HashMap::new();
    for (place, measurement) in batch.measurements.iter().enumerate() {
        let known = writer.schema.fields(transaction, bucket, &measurement.name)?;
        for (index, field) in measurement.fields.iter().enumerate() {
            let stored = known.get(&field.name).copied();
            let agrees = stored.is_none_or(|stored| stored.uniform && stored.kind == field.field_type);
            if field.mixed || !agrees {
                doubtful.insert((place, index), stored);
            }
        }
    }
    Ok(doubtful)
}

/// Looks at the points one by one: where nothing is stored yet, the first value of a field decides.
struct Check<'a> {
    transaction: &'a WriteTransaction,
    writer: &'a mut Writer,
    bucket: Id,
    shard_group_seconds: Option<u64>,
    doubtful: HashMap<FieldPlace, Option<Field>>,
    /// Types by field and shard group, from the points of the batch that were kept.
    types: HashMap<(FieldPlace, i64), FieldType>,
}

impl Check<'_> {
    /// Returns the first field of a point that conflicts, with its type and the one that is there.
    fn row(&mut self, batch: &Batch, row: &Row) -> Result<Option<(FieldPlace, FieldType, FieldType)>, Error> {
        let shard = self.shard_group_seconds.map(|seconds| shard_group(row.time, seconds));
        let mut seen = Vec::new();
        for (place, cell) in batch.places(row) {
            let Some(stored) = self.doubtful.get(&place).copied() else { continue };
            let key = (place, shard.map_or(0, |(start, _)| start));
            let got = cell.value.field_type();
            let existing = match self.types.get(&key) {
                Some(known) => Some(*known),
                None => self.stored_type(batch, place, stored, shard)?,
            };
            match existing {
                Some(existing) if existing != got => return Ok(Some((place, got, existing))),
                _ => seen.push((key, got)),
            }
        }
        self.types.extend(seen);
        Ok(None)
    }

    /// Returns the type that is stored: in the shard group, or without one in the bucket.
    fn stored_type(
        &mut self,
        batch: &Batch,
        place: FieldPlace,
        stored: Option<Field>,
        shard: Option<(i64, i64)>,
    ) -> Result<Option<FieldType>, Error> {
        let Some(stored) = stored else { return Ok(None) };
        let Some(shard) = shard else { return Ok(Some(stored.kind)) };
        let (transaction, bucket) = (self.transaction, self.bucket);
        self.writer.schema.shard_type(stored.number, shard.0, || {
            let measurement = batch.measurements.get(place.0).map(|m| m.name.as_slice());
            let prefix = keys::of_measurement(bucket, measurement.unwrap_or_default());
            let series = transaction.open_table(SERIES)?;
            let blocks = transaction.open_table(BLOCKS)?;
            type_between(&series, &blocks, &prefix, stored.number, shard)
        })
    }

    /// Remembers the types of shard groups for the next batch.
    fn finish(self) {
        for ((place, shard), field_type) in self.types {
            if let Some(Some(stored)) = self.doubtful.get(&place) {
                self.writer.schema.note_shard_type(stored.number, shard, field_type);
            }
        }
    }
}
