//! What a server holds: sizes, counts, times and types of every shard, without decoding a value.

use super::directory::{Directory, Unit};
use super::error::Error;
use super::export::Watch;
use super::key;
use super::notice::{Notice, OnDamage};
use super::reader::Options;
use super::scan::{FieldFound, ShardFacts};
use super::value::Type;
use crate::model::Origin;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// What a server holds.
#[derive(Debug, Default)]
pub struct Inventory {
    /// By database and retention policy, those without data too.
    pub policies: BTreeMap<Origin, PolicyFacts>,
    /// Bytes of shards that the server does not show: TSM files and log.
    pub orphans: BTreeMap<Origin, BTreeMap<u64, (u64, u64)>>,
}

/// What a retention policy holds.
#[derive(Debug, Default)]
pub struct PolicyFacts {
    /// Its shards.
    pub shards: BTreeMap<u64, ShardFacts>,
    /// Different series in all shards.
    pub series: Count,
    /// Values in all shards together, where shards hold the same points and these were merged.
    pub merged: Option<u64>,
    /// Measurements as users know them, and their fields.
    pub measurements: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, FieldFacts>>,
}

/// What a retention policy holds of one field of one measurement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFacts {
    /// By type. Several types are a conflict that a target may refuse.
    pub types: BTreeMap<Type, TypeFacts>,
}

/// What a retention policy holds of one field in one type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeFacts {
    /// Values in all blocks; exact where the shards' counts are.
    pub values: u64,
    /// Shards that hold them: from one to another, no shard in between without.
    pub shards: Vec<(u64, u64)>,
}

/// A number of different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exact(u64),
    /// About so many, to a percent.
    About(u64),
}

impl Default for Count {
    fn default() -> Self {
        Self::Exact(0)
    }
}

impl PolicyFacts {
    /// Returns the values in all shards, and whether that is exact or an upper bound.
    pub fn values(&self) -> (u64, bool) {
        if let Some(values) = self.merged {
            return (values, true);
        }
        let values = self.shards.values().map(|shard| shard.values).sum();
        (values, self.shards.values().all(|shard| shard.exact))
    }

    /// Returns the bytes on disk of all shards.
    pub fn bytes(&self) -> u64 {
        self.shards.values().map(|shard| shard.tsm_bytes + shard.wal_bytes).sum()
    }

    /// Returns the first and last time of all shards.
    pub fn times(&self) -> Option<(i64, i64)> {
        let all = || self.shards.values().filter_map(|shard| shard.times);
        Some((all().map(|times| times.0).min()?, all().map(|times| times.1).max()?))
    }

    /// Walks fields that have several types: measurement, field, types.
    pub fn conflicts(&self) -> impl Iterator<Item = (&[u8], &[u8], &BTreeMap<Type, TypeFacts>)> {
        self.measurements.iter().flat_map(|(measurement, fields)| {
            let several = fields.iter().filter(|(_, field)| field.types.len() > 1);
            several.map(|(name, field)| (measurement.as_slice(), name.as_slice(), &field.types))
        })
    }

    fn add(&mut self, shard: u64, before: Option<u64>, found: FieldFound<'_>) {
        let measurement = key::measurement_name(found.series);
        // A lookup before an entry: most names are there, and then nothing is copied.
        if !self.measurements.contains_key(&*measurement) {
            self.measurements.insert(measurement.to_vec(), BTreeMap::new());
        }
        let Some(fields) = self.measurements.get_mut(&*measurement) else { return };
        if !fields.contains_key(found.field) {
            fields.insert(found.field.to_vec(), FieldFacts::default());
        }
        let Some(field) = fields.get_mut(found.field) else { return };
        for (kind, values) in found.values {
            let facts = field.types.entry(kind).or_default();
            facts.values += values;
            match facts.shards.last_mut() {
                Some((_, last)) if *last == shard || Some(*last) == before => *last = shard,
                _ => facts.shards.push((shard, shard)),
            }
        }
    }
}

/// Counts different byte strings in bounded memory: exactly up to a number, beyond it by the smallest hashes.
#[derive(Debug, Default)]
struct Distinct {
    smallest: BTreeSet<u64>,
    full: bool,
}

impl Distinct {
    /// Hashes that are kept: some 12 MB of them.
    const KEPT: usize = 1 << 18;

    fn add(&mut self, bytes: &[u8]) {
        let hash = xxh3_64(bytes);
        if self.full && self.smallest.last().is_some_and(|last| hash > *last) {
            return;
        }
        self.smallest.insert(hash);
        if self.smallest.len() > Self::KEPT {
            self.full = true;
            self.smallest.pop_last();
        }
    }

    fn count(&self) -> Count {
        let kept = self.smallest.len() as u64;
        match self.smallest.last() {
            // The share of all hashes that the kept ones span tells how many there are.
            Some(last) if self.full => {
                let all = u128::from(kept) * (1 << 64) / (u128::from(*last) + 1);
                Count::About(u64::try_from(all).unwrap_or(u64::MAX))
            }
            _ => Count::Exact(kept),
        }
    }
}

/// How an inventory is taken.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'a> {
    /// What to do where a file is damaged.
    pub on_damage: OnDamage,
    /// Whether everything is read and merged, so that all numbers are exact.
    pub exact: bool,
    /// Told the bytes that are done.
    pub watch: &'a Watch,
}

impl Directory {
    /// Scans every shard. Cost grows with the number of blocks, not of values, except in the log.
    pub fn inventory(&self, on_damage: OnDamage) -> Result<Inventory, Error> {
        self.survey(&Survey { on_damage, exact: false, watch: &Watch::default() })
    }

    /// Takes the inventory of everything.
    pub fn survey(&self, survey: &Survey<'_>) -> Result<Inventory, Error> {
        let mut inventory = Inventory::default();
        for origin in self.origins() {
            inventory.policies.insert(origin.clone(), self.survey_of(origin, survey)?);
        }
        for (origin, shards) in self.orphans() {
            let bytes = shards.values().map(|shard| Ok((shard.id, shard.bytes()?)));
            inventory.orphans.insert(origin.clone(), bytes.collect::<Result<_, Error>>()?);
        }
        Ok(inventory)
    }

    /// Scans the shards of one retention policy.
    pub fn inventory_of(&self, origin: &Origin, on_damage: OnDamage) -> Result<PolicyFacts, Error> {
        self.survey_of(origin, &Survey { on_damage, exact: false, watch: &Watch::default() })
    }

    /// Takes the inventory of one retention policy.
    pub fn survey_of(&self, origin: &Origin, survey: &Survey<'_>) -> Result<PolicyFacts, Error> {
        let mut taking = Taking::default();
        for shard in self.shards(origin)?.values() {
            let aside = survey.watch.aside();
            let watch = if survey.exact { &aside } else { survey.watch };
            let mut of_shard = self.scan_fields(shard, survey.on_damage, watch, &mut |found| {
                if !survey.exact {
                    taking.add(shard.id, found);
                }
            })?;
            if survey.exact {
                let unit = Unit { shards: vec![shard.clone()], times: of_shard.times };
                (of_shard.values, of_shard.series, of_shard.times, of_shard.exact) = (0, 0, None, true);
                of_shard.notices = count(&unit, survey, &mut |found, times| {
                    of_shard.values += found.values.values().sum::<u64>();
                    of_shard.times =
                        Some(of_shard.times.map_or(times, |t| (t.0.min(times.0), t.1.max(times.1))));
                    of_shard.series += u64::from(taking.add(shard.id, found));
                })?;
            }
            taking.facts.shards.insert(shard.id, of_shard);
            taking.before = Some(shard.id);
        }
        taking.facts.series = taking.series.count();
        if survey.exact {
            taking.facts.merged = self.merged(origin, survey)?;
        }
        Ok(taking.facts)
    }

    /// Counts the values of shards that overlap, merged. `None` where none do.
    fn merged(&self, origin: &Origin, survey: &Survey<'_>) -> Result<Option<u64>, Error> {
        let aside = survey.watch.aside();
        let survey = &Survey { watch: &aside, ..*survey };
        let units = self.watched_units(origin, survey.on_damage, &aside)?;
        if units.iter().all(|unit| unit.shards.len() <= 1) {
            return Ok(None);
        }
        let mut values = 0;
        for unit in &units {
            count(unit, survey, &mut |found, _| values += found.values.values().sum::<u64>())?;
        }
        Ok(Some(values))
    }
}

/// An inventory that is being taken.
#[derive(Default)]
struct Taking {
    facts: PolicyFacts,
    series: Distinct,
    /// The shard before.
    before: Option<u64>,
    last: Option<(u64, Vec<u8>)>,
}

impl Taking {
    /// Adds a field. Returns whether it is the first of its series in the shard.
    fn add(&mut self, shard: u64, found: FieldFound<'_>) -> bool {
        let is_new = self.last.as_ref().is_none_or(|(s, series)| *s != shard || series != found.series);
        if is_new {
            self.series.add(found.series);
            self.last = Some((shard, found.series.to_vec()));
        }
        self.facts.add(shard, self.before, found);
        is_new
    }
}

/// Reads a unit, counts the values of each field, and returns what was noticed.
fn count(
    unit: &Unit,
    survey: &Survey<'_>,
    each: &mut dyn FnMut(FieldFound<'_>, (i64, i64)),
) -> Result<Vec<Notice>, Error> {
    let options = Options { on_damage: survey.on_damage, ..Options::default() };
    let mut reader = Directory::reader(unit, &options)?;
    while reader.next_series()? {
        // By field: values by type, and times.
        let mut fields = BTreeMap::new();
        while let Some(rows) = reader.next_rows(usize::MAX)? {
            let (Some(first), Some(last)) = (rows.times.first(), rows.times.last()) else { continue };
            for column in rows.columns() {
                let (values, times) = fields
                    .entry(column.field)
                    .or_insert_with(|| (BTreeMap::<Type, u64>::new(), (*first, *last)));
                *values.entry(column.values.kind()).or_default() += rows.times.len() as u64;
                *times = (times.0.min(*first), times.1.max(*last));
            }
        }
        survey.watch.check()?;
        survey.watch.add(reader.bytes());
        let names: Vec<&[u8]> = reader.field_names().collect();
        for (number, (values, times)) in fields {
            let field = names.get(number).copied().unwrap_or_default();
            each(FieldFound { series: reader.series(), field, values }, times);
        }
    }
    Ok(reader.take_notices())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_counted_exactly_and_many_to_a_percent() {
        let mut distinct = Distinct::default();
        for number in 0..50_000u32 {
            distinct.add(&number.to_le_bytes());
            distinct.add(&(number / 2).to_le_bytes());
        }
        assert_eq!(distinct.count(), Count::Exact(50_000));
        for number in 0..1_000_000u32 {
            distinct.add(&number.to_le_bytes());
        }
        let Count::About(count) = distinct.count() else { panic!("{:?}", distinct.count()) };
        assert!(count.abs_diff(1_000_000) < 10_000, "{count}");
    }
}
