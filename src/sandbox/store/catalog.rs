//! Buckets and DBRP mappings, as one value that is written whole.

use super::Id;
use crate::model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The one organization of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// When the store was made.
    pub created: Timestamp,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its id.
    pub id: Id,
    /// Unique; may be empty, as on influxd 2.8.0.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// A label that is echoed and means nothing.
    pub rp: Option<String>,
    /// How long points are kept, in seconds; 0 means forever.
    pub retention_seconds: u64,
    /// How long a shard group is, in seconds.
    pub shard_group_seconds: u64,
    /// `_monitoring` and `_tasks`: they can be neither renamed nor deleted.
    pub system: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// A DBRP mapping that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dbrp {
    /// Its id.
    pub id: Id,
    /// The database that 1.x clients name.
    pub database: String,
    /// The retention policy that 1.x clients name.
    pub retention_policy: String,
    /// The bucket they reach.
    pub bucket: Id,
}

/// A mapping as 1.x clients see it: made by somebody, or derived from a bucket's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its id; of a virtual mapping, the bucket's.
    pub id: Id,
    /// The database that 1.x clients name.
    pub database: String,
    /// The retention policy that 1.x clients name.
    pub retention_policy: String,
    /// The bucket they reach.
    pub bucket: Id,
    /// Whether clients that name no retention policy reach this mapping.
    pub default: bool,
    /// Whether it is derived from the bucket's name. Only on 2.x.
    pub virtual_: bool,
}

/// Buckets and mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The one organization.
    pub organization: Organization,
    /// Buckets by id.
    pub buckets: BTreeMap<Id, Bucket>,
    /// Mappings by id.
    pub dbrps: BTreeMap<Id, Dbrp>,
    /// The default mapping of each database that has mappings.
    pub defaults: BTreeMap<String, Id>,
    /// Which product the sandbox plays.
    pub plays: Kind,
}

impl Catalog {
    /// Returns the bucket of a name.
    pub fn bucket_named(&self, name: &str) -> Option<&Bucket> {
        self.buckets.values().find(|bucket| bucket.name == name)
    }

    /// Returns every mapping that 1.x clients see: those made by somebody by id, then on 2.x those
    /// derived from the names of buckets, in the order of the names.
    pub fn mappings(&self) -> Vec<Mapping> {
        Vec::new()
    }
}
