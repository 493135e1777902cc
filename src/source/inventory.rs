//! What a source knows of itself, without reading the data.

use crate::model::{Database, Origin, Retention, RetentionPolicy};
use std::collections::BTreeMap;

/// What the source knows of itself, without reading the data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Databases by name, without `_internal`.
    pub databases: BTreeMap<Database, DatabaseFacts>,
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
    /// Unknown for export files, which always say `DURATION 0s`.
    pub retention: Option<Retention>,
    /// The files that hold its data, as the manifest names them, in the order they are read.
    pub files: Vec<String>,
    /// Bytes on disk.
    pub bytes: Option<u64>,
    /// Changes when the data changes: SHA-256 over name, size, and first and last 64 KiB of each file.
    pub fingerprint: String,
}

impl Inventory {
    /// Returns what is known of one retention policy.
    pub fn policy(&self, origin: &Origin) -> Option<&PolicyFacts> {
        self.databases.get(&origin.database)?.retention_policies.get(&origin.retention_policy)
    }
}
