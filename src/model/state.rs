//! What exists on a target: one type for what is desired and for what is observed.

use super::{BucketName, Database, Origin, ResourceId, Retention, RetentionPolicy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The buckets and mappings of an organization, desired or observed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Buckets by name, without the system buckets `_monitoring` and `_tasks`.
    pub buckets: BTreeMap<BucketName, Bucket>,
    /// Mappings by database and retention policy, without virtual ones.
    #[serde(with = "as_list")]
    pub dbrps: BTreeMap<Origin, Dbrp>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Unique in the organization.
    pub name: BucketName,
    /// Known once observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    /// How long points are kept.
    pub retention: Retention,
    /// Free text; carries the ownership mark of the manifest that manages the bucket.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A DBRP mapping: what 1.x clients reach when they name a database and a retention policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dbrp {
    /// Known once observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    /// The database that clients name.
    pub database: Database,
    /// The retention policy that clients name.
    pub retention_policy: RetentionPolicy,
    /// The bucket they reach. Empty for an observed mapping whose bucket is not visible.
    pub bucket: BucketName,
    /// Whether clients that name no retention policy reach this mapping. One a database.
    pub default: bool,
}

impl Dbrp {
    /// Returns the pair that identifies the mapping.
    pub fn origin(&self) -> Origin {
        Origin { database: self.database.clone(), retention_policy: self.retention_policy.clone() }
    }
}

/// Mappings are written as a list: JSON has no keys of two names.
mod as_list {
    use super::{Dbrp, Origin};
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<Origin, Dbrp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Origin, Dbrp>, D::Error> {
        let list = Vec::<Dbrp>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|dbrp| (dbrp.origin(), dbrp)).collect())
    }
}
