//! Buckets and DBRP mappings, as one value that is written whole.

use super::Id;
use crate::model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The first id that is given out. Later ones follow; none is given twice.
const FIRST_ID: u64 = 0x7467_0000_0000_0001;

/// The one organization of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// When the store was made.
    pub created: Timestamp,
    /// The id of its one user.
    pub user: Id,
    /// The id of the user's token.
    pub authorization: Id,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its id.
    pub id: Id,
    /// Unique; may be empty, as on influxd 2.8.0.
    pub name: String,
    /// Free text; empty is none.
    pub description: String,
    /// A label that is echoed and means nothing; empty is none.
    pub rp: String,
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

/// Which mappings to list. Every part that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingFilter {
    /// The mapping's id.
    pub id: Option<Id>,
    /// The bucket's id.
    pub bucket: Option<Id>,
    /// The database.
    pub database: Option<String>,
    /// The retention policy.
    pub retention_policy: Option<String>,
    /// Whether it is the default.
    pub default: Option<bool>,
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
    /// The number of the next id.
    next: u64,
    /// Ids to give out first.
    #[serde(skip)]
    reserved: VecDeque<Id>,
}

impl Catalog {
    /// Makes an organization with its user and its two system buckets.
    ///
    /// The first ids are taken from `reserved`, in the order organization, user, token, `_monitoring`,
    /// `_tasks`, and then whatever is made.
    pub fn new(name: &str, plays: Kind, now: Timestamp, reserved: Vec<Id>) -> Self {
        let nobody = Id::FIRST;
        let mut catalog = Self {
            organization: Organization {
                id: nobody,
                name: name.to_owned(),
                created: now,
                user: nobody,
                authorization: nobody,
            },
            buckets: BTreeMap::new(),
            dbrps: BTreeMap::new(),
            defaults: BTreeMap::new(),
            plays,
            next: FIRST_ID,
            reserved: reserved.into(),
        };
        catalog.organization.id = catalog.new_id();
        catalog.organization.user = catalog.new_id();
        catalog.organization.authorization = catalog.new_id();
        for (name, what, days) in [("_monitoring", "monitoring", 7), ("_tasks", "task", 3)] {
            let id = catalog.new_id();
            let bucket = Bucket {
                id,
                name: name.to_owned(),
                description: format!("System bucket for {what} logs"),
                rp: String::new(),
                retention_seconds: days * 86_400,
                shard_group_seconds: 86_400,
                system: true,
                created: now,
                updated: now,
            };
            catalog.buckets.insert(id, bucket);
        }
        catalog
    }

    /// Returns an id that was never given out.
    pub fn new_id(&mut self) -> Id {
        if let Some(id) = self.reserved.pop_front() {
            return id;
        }
        let id = Id::new(self.next).unwrap_or(Id::FIRST);
        self.next += 1;
        id
    }

    /// Returns the bucket of a name.
    pub fn bucket_named(&self, name: &str) -> Option<&Bucket> {
        self.buckets.values().find(|bucket| bucket.name == name)
    }

    /// Returns the bucket that a request names by id or else by name, as the servers look it up.
    pub fn bucket_by_id_or_name(&self, text: &str) -> Option<&Bucket> {
        let by_id = Id::parse(text).ok().and_then(|id| self.buckets.get(&id));
        by_id.or_else(|| self.bucket_named(text))
    }

    /// Returns the buckets in the order of their names.
    pub fn buckets_by_name(&self) -> Vec<&Bucket> {
        let mut buckets: Vec<_> = self.buckets.values().collect();
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        buckets
    }

    /// Returns every mapping that 1.x clients see: those made by somebody by id, then on 2.x those
    /// derived from the names of buckets, in the order of the names.
    pub fn mappings(&self) -> Vec<Mapping> {
        self.mappings_where(&MappingFilter::default())
    }

    /// Returns the mappings that fit, in the order of [`Catalog::mappings`].
    ///
    /// A virtual mapping is left out where one that was made has the same database and retention
    /// policy, but only if that one fits the filter too; in the same way it is the default of its
    /// database unless one that fits is. So it was measured on influxd 2.8.0.
    pub fn mappings_where(&self, filter: &MappingFilter) -> Vec<Mapping> {
        let made = self.dbrps.values().map(|dbrp| self.mapping(dbrp));
        let mut found: Vec<Mapping> = made.filter(|mapping| filter.fits(mapping)).collect();
        if self.plays == Kind::OssV2 {
            let derived: Vec<Mapping> = self
                .buckets_by_name()
                .into_iter()
                .map(|bucket| virtual_mapping(bucket, &found))
                .filter(|mapping| filter.fits(mapping) && !found.iter().any(|made| made.hides(mapping)))
                .collect();
            found.extend(derived);
        }
        found
    }

    /// Returns the mapping of an id, virtual ones included on 2.x.
    pub fn mapping_of(&self, id: Id) -> Option<Mapping> {
        if let Some(dbrp) = self.dbrps.get(&id) {
            return Some(self.mapping(dbrp));
        }
        let bucket = self.buckets.get(&id).filter(|_| self.plays == Kind::OssV2)?;
        Some(virtual_mapping(bucket, &[]))
    }

    /// Returns a mapping that was made with what follows from the others.
    pub fn mapping(&self, dbrp: &Dbrp) -> Mapping {
        Mapping {
            id: dbrp.id,
            database: dbrp.database.clone(),
            retention_policy: dbrp.retention_policy.clone(),
            bucket: dbrp.bucket,
            default: self.defaults.get(&dbrp.database) == Some(&dbrp.id),
            virtual_: false,
        }
    }
}

impl Mapping {
    fn hides(&self, other: &Self) -> bool {
        self.database == other.database && self.retention_policy == other.retention_policy
    }
}

impl MappingFilter {
    fn fits(&self, mapping: &Mapping) -> bool {
        self.id.is_none_or(|id| id == mapping.id)
            && self.bucket.is_none_or(|bucket| bucket == mapping.bucket)
            && self.database.as_ref().is_none_or(|database| *database == mapping.database)
            && self.retention_policy.as_ref().is_none_or(|policy| *policy == mapping.retention_policy)
            && self.default.is_none_or(|default| default == mapping.default)
    }
}

/// Derives a mapping from a bucket's name: cut at the first slash, else with the policy `autogen`.
fn virtual_mapping(bucket: &Bucket, made: &[Mapping]) -> Mapping {
    let (database, retention_policy, whole) = match bucket.name.split_once('/') {
        Some((database, policy)) => (database, policy, false),
        None => (bucket.name.as_str(), "autogen", true),
    };
    let taken = made.iter().any(|mapping| mapping.default && mapping.database == database);
    Mapping {
        id: bucket.id,
        database: database.to_owned(),
        retention_policy: retention_policy.to_owned(),
        bucket: bucket.id,
        default: whole && !taken,
        virtual_: true,
    }
}
