//! The files of a 1.x server, read without it: shards of a data directory.
//!
//! What the shards hold is found out when the source is opened, from indexes and the headers of blocks. Each
//! retention policy is then read shard by shard, in the order of their times, as lines with all fields of a point.

mod fingerprint;
mod reader;
mod types;

use reader::Plan;
pub(super) use reader::Reader;

use super::{DatabaseFacts, Error, Inventory, PolicyFacts, TypeConflict, Warning};
use crate::model::{OnCorruption, Origin, Reading, Retention};
use crate::source::tsm::{self, Directory, OnDamage, Survey, Unit, Watch};
use std::collections::BTreeMap;

/// Shards of a server, found and looked through; their values are not read.
#[derive(Debug)]
pub struct Native {
    on_damage: OnDamage,
    policies: BTreeMap<Origin, Policy>,
    inventory: Inventory,
    warnings: Vec<Warning>,
}

/// What is known of a retention policy.
#[derive(Debug, Default)]
struct Policy {
    units: Vec<Unit>,
    facts: tsm::PolicyFacts,
}

impl Native {
    /// Looks through all shards, but those of retention policies that `skip` names: indexes and headers are read.
    ///
    /// `watch` is told how far that is, and can stop it.
    pub fn open(
        directory: &Directory,
        on_corruption: OnCorruption,
        skip: &dyn Fn(&Origin) -> bool,
        watch: &Watch,
    ) -> Result<Self, Error> {
        let on_damage = match on_corruption {
            OnCorruption::Error => OnDamage::Fail,
            OnCorruption::Salvage => OnDamage::Salvage,
        };
        let mut native = Self {
            on_damage,
            policies: BTreeMap::new(),
            inventory: Inventory::default(),
            warnings: Vec::new(),
        };
        native.inventory.has_windows = true;
        native.warn(directory.notices());
        watch.begin("scanning", directory.bytes(directory.origins().filter(|origin| !skip(origin)))?);
        let survey = Survey { on_damage, exact: false, watch };
        for origin in directory.origins() {
            let policy = if skip(origin) { Policy::default() } else { look(directory, origin, &survey)? };
            native.add(origin, policy)?;
        }
        native.take_meta(directory);
        Ok(native)
    }

    /// Returns what the shards hold.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Returns what a user should know, in the order of the shards.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Begins to read a retention policy.
    pub(super) fn reader(&self, origin: &Origin, reading: &Reading) -> Result<Reader, Error> {
        let policy = self.policies.get(origin).ok_or_else(|| tsm::Error::UnknownOrigin(origin.clone()))?;
        let types = types::choose(&policy.facts, reading.on_type_conflict);
        let options = tsm::Options {
            times: reading.range,
            on_damage: self.on_damage,
            types,
            ..tsm::Options::default()
        };
        let bytes = |unit: &Unit| {
            let shards = unit.shards.iter().filter_map(|shard| policy.facts.shards.get(&shard.id));
            shards.map(|shard| shard.tsm_bytes + shard.wal_bytes).sum()
        };
        let units = policy.units.iter().map(|unit| (unit.clone(), bytes(unit))).collect();
        Ok(Reader::new(Plan { units, window: reading.window, options }))
    }

    fn warn(&mut self, notices: &[tsm::Notice]) {
        self.warnings.extend(notices.iter().map(Warning::from));
    }

    /// Puts what was found into the inventory.
    fn add(&mut self, origin: &Origin, mut policy: Policy) -> Result<(), Error> {
        for shard in policy.facts.shards.values_mut() {
            let notices = std::mem::take(&mut shard.notices);
            self.warn(&notices);
        }
        let facts = PolicyFacts {
            files: policy.units.iter().map(|unit| unit.name(origin)).collect(),
            bytes: Some(policy.facts.bytes()),
            fingerprint: fingerprint::of(&policy.units)?,
            times: policy.facts.times(),
            conflicts: policy.facts.conflicts().map(conflict).collect(),
            retention: None,
        };
        let database: &mut DatabaseFacts =
            self.inventory.databases.entry(origin.database.clone()).or_default();
        database.retention_policies.insert(origin.retention_policy.clone(), facts);
        self.policies.insert(origin.clone(), policy);
        Ok(())
    }

    /// Adds what only `meta.db` tells: retentions, defaults, databases without retention policies.
    fn take_meta(&mut self, directory: &Directory) {
        for database in directory.databases() {
            self.inventory.databases.entry(database).or_default();
        }
        for database in directory.meta().into_iter().flat_map(|meta| &meta.databases) {
            let name = database.name.as_str();
            let Some(facts) = self.inventory.databases.get_mut(&name.into()) else { continue };
            if !database.default_retention_policy.is_empty() {
                let policy = database.default_retention_policy.as_str();
                facts.default_retention_policy = Some(policy.into());
            }
            for policy in &database.retention_policies {
                if let Some(facts) = facts.retention_policies.get_mut(&policy.name.as_str().into()) {
                    facts.retention = Some(kept(policy.duration));
                }
            }
        }
    }
}

/// Looks through the shards of a retention policy.
fn look(directory: &Directory, origin: &Origin, survey: &Survey<'_>) -> Result<Policy, Error> {
    let facts = directory.survey_of(origin, survey)?;
    let times = |id: u64| facts.shards.get(&id).and_then(|shard| shard.times);
    let shards = directory.shards(origin)?.values();
    let units = Unit::group(shards.map(|shard| (shard.clone(), times(shard.id))));
    Ok(Policy { units, facts })
}

/// Turns nanoseconds, 0 for ever, into a retention. A server keeps no less than an hour.
fn kept(nanoseconds: i64) -> Retention {
    Retention::from_seconds(u64::try_from(nanoseconds).unwrap_or(0).div_ceil(1_000_000_000))
}

fn conflict(
    (measurement, field, types): (&[u8], &[u8], &BTreeMap<tsm::Type, tsm::TypeFacts>),
) -> TypeConflict {
    TypeConflict {
        measurement: String::from_utf8_lossy(measurement).into_owned(),
        field: String::from_utf8_lossy(field).into_owned(),
        types: types.iter().map(|(kind, facts)| (kind.as_str(), facts.shards.clone())).collect(),
    }
}
