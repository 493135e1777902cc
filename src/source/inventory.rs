//! What a source knows of itself, without reading the data.

use crate::model::{Database, Origin, Retention, RetentionPolicy};
use std::collections::BTreeMap;
use std::fmt;

/// What the source knows of itself, without reading the data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Databases by name, without `_internal`.
    pub databases: BTreeMap<Database, DatabaseFacts>,
    /// Whether data can be read by windows of time: shards can, export files have an order of their own.
    pub has_windows: bool,
}

/// What the source knows of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Unknown for export files, which do not tell.
    pub default_retention_policy: Option<RetentionPolicy>,
    /// Retention policies by name.
    pub retention_policies: BTreeMap<RetentionPolicy, PolicyFacts>,
}

/// What the source knows of a retention policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFacts {
    /// Unknown for export files, which always say `DURATION 0s`, and without `meta.db`.
    pub retention: Option<Retention>,
    /// The files that hold its data, as the manifest names them, or its shards, in the order they are read.
    pub files: Vec<String>,
    /// Bytes on disk.
    pub bytes: Option<u64>,
    /// Changes when the data changes: SHA-256 over name, size, and first and last bytes of each file.
    pub fingerprint: String,
    /// The first and last time in nanoseconds, both inclusive. Unknown for export files.
    pub times: Option<(i64, i64)>,
    /// Fields that have different types in different shards, by measurement and field. Unknown for export files.
    pub conflicts: Vec<TypeConflict>,
}

/// A field that has different types in different shards. Targets take one type a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeConflict {
    /// The measurement; bytes that are not UTF-8 are replaced.
    pub measurement: String,
    /// The field key; bytes that are not UTF-8 are replaced.
    pub field: String,
    /// Each type, as `float`, and the shards that hold it: ids from one to another, both included.
    pub types: Vec<(&'static str, Vec<(u64, u64)>)>,
}

impl fmt::Display for TypeConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}` of `{}` is ", self.field, self.measurement)?;
        for (at, (kind, shards)) in self.types.iter().enumerate() {
            let word =
                if matches!(shards.as_slice(), [(from, to)] if from == to) { "shard" } else { "shards" };
            write!(f, "{}{kind} in {word} ", if at == 0 { "" } else { " and " })?;
            for (nth, (from, to)) in shards.iter().take(SHOWN).enumerate() {
                let comma = if nth == 0 { "" } else { ", " };
                if from == to { write!(f, "{comma}{from}")? } else { write!(f, "{comma}{from}-{to}")? }
            }
            if shards.len() > SHOWN {
                f.write_str(", ..")?;
            }
        }
        Ok(())
    }
}

/// Ranges of shards that are shown of a type.
const SHOWN: usize = 5;

impl Inventory {
    /// Returns what is known of one retention policy.
    pub fn policy(&self, origin: &Origin) -> Option<&PolicyFacts> {
        self.databases.get(&origin.database)?.retention_policies.get(&origin.retention_policy)
    }
}
