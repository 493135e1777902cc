//! Fields and their types.

use super::block::Block;
use super::database::FIELDS;
use super::{Error, FieldType, Id, keys};
use redb::{ReadableTable, WriteTransaction};
use std::collections::{BTreeMap, HashMap};

/// Measurements whose fields are kept in memory.
const CACHED: usize = 10_000;

/// A field of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number in blocks.
    pub(super) number: u32,
    /// The type of the value that came first.
    pub(super) kind: FieldType,
    /// Whether every value has that type. On 2.x each shard group may have its own.
    pub(super) uniform: bool,
}

/// The fields of a measurement by name.
pub(super) type Fields = BTreeMap<Vec<u8>, Field>;

/// Fields in memory, and the types that shard groups were found to have.
#[derive(Debug, Default)]
pub(super) struct Schema {
    measurements: HashMap<(Id, Vec<u8>), Fields>,
    shard_types: HashMap<(u32, i64), FieldType>,
}

impl Schema {
    /// Forgets everything that can be read again: after a deletion, or a change that failed.
    pub(super) fn forget(&mut self) {
        self.measurements.clear();
        self.shard_types.clear();
    }

    /// Returns the fields of a measurement.
    pub(super) fn fields(
        &mut self,
        transaction: &WriteTransaction,
        bucket: Id,
        measurement: &[u8],
    ) -> Result<&mut Fields, Error> {
        if self.measurements.len() > CACHED {
            self.forget();
        }
        let key = (bucket, measurement.to_vec());
        match self.measurements.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let table = transaction.open_table(FIELDS)?;
                Ok(entry.insert(read_fields(&table, bucket, measurement)?))
            }
        }
    }

    /// Returns the type that a shard group has for a field, if it has points of it.
    pub(super) fn shard_type(
        &mut self,
        field: u32,
        shard: i64,
        find: impl FnOnce() -> Result<Option<FieldType>, Error>,
    ) -> Result<Option<FieldType>, Error> {
        if let Some(known) = self.shard_types.get(&(field, shard)) {
            return Ok(Some(*known));
        }
        let found = find()?;
        // That there is none may change without this being told.
        if let Some(found) = found {
            self.note_shard_type(field, shard, found);
        }
        Ok(found)
    }

    /// Notes the type that a shard group has from now on.
    pub(super) fn note_shard_type(&mut self, field: u32, shard: i64, field_type: FieldType) {
        if self.shard_types.len() > CACHED {
            self.shard_types.clear();
        }
        self.shard_types.insert((field, shard), field_type);
    }
}

/// Reads the fields of a measurement.
pub(super) fn read_fields(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    bucket: Id,
    measurement: &[u8],
) -> Result<Fields, Error> {
    let mut fields = Fields::new();
    let (start, end) = keys::beginning_with(&keys::of_measurement(bucket, measurement));
    for entry in table.range::<&[u8]>((start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice)))? {
        let (key, value) = entry?;
        fields.insert(keys::field_names(key.value())?.1, Field::read(value.value())?);
    }
    Ok(fields)
}

/// Returns the type of a field's first point with a time from `start` up to, not including, `end`.
pub(super) fn type_between(
    series: &impl ReadableTable<&'static [u8], u64>,
    blocks: &impl ReadableTable<(u64, u64), &'static [u8]>,
    measurement_key: &[u8],
    field: u32,
    (start, end): (i64, i64),
) -> Result<Option<FieldType>, Error> {
    let (from, to) = keys::beginning_with(measurement_key);
    let mut points = Vec::new();
    for entry in series.range::<&[u8]>((from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice)))? {
        let number = entry?.1.value();
        for entry in blocks.range((number, 0)..=(number, u64::MAX))? {
            let (_, bytes) = entry?;
            let block = Block::read(bytes.value())?;
            if block.latest < start || block.earliest >= end {
                continue;
            }
            for column in block.columns() {
                let column = column?;
                if column.field == field {
                    column.append(start, end, &mut points)?;
                    if !points.is_empty() {
                        return Ok(Some(column.field_type));
                    }
                }
            }
        }
    }
    Ok(None)
}

impl Field {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            [a, b, c, d, code, uniform] => Ok(Self {
                number: u32::from_le_bytes([*a, *b, *c, *d]),
                kind: FieldType::from_code(*code).ok_or(Error::Damaged("a field has no type"))?,
                uniform: *uniform == 1,
            }),
            _ => Err(Error::Damaged("a field cannot be read")),
        }
    }

    /// Returns the bytes that are stored.
    pub(super) fn bytes(self) -> [u8; 6] {
        let [a, b, c, d] = self.number.to_le_bytes();
        [a, b, c, d, self.kind.code(), u8::from(self.uniform)]
    }
}
