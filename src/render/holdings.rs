//! What a 1.x server holds, put together from files and `meta.db`, and what looks odd about it.

use super::escape::clean;
use crate::manifest::bucket_name_fault;
use crate::model::duration::print_seconds;
use crate::model::size::{print_bytes, print_count};
use crate::model::{Database, Origin, Retention, Timestamp};
use crate::source::meta::{self, Meta};
use crate::source::tsm::{Count, Inventory, PolicyFacts, ShardFacts, TypeFacts, Unsayable, shown};
use std::collections::{BTreeMap, BTreeSet};

/// So many examples of one oddity are shown.
const EXAMPLES: usize = 3;

/// What a 1.x server holds.
#[derive(Debug, Clone, Copy)]
pub struct Holdings<'a> {
    /// Databases, those without retention policies too.
    pub databases: &'a BTreeSet<Database>,
    /// What the files say.
    pub inventory: &'a Inventory,
    /// What `meta.db` says, where there is one.
    pub meta: Option<&'a Meta>,
    /// The time, to tell which points are older than the retention.
    pub now: Timestamp,
}

impl<'a> Holdings<'a> {
    pub(super) fn database(&self, name: &Database) -> Option<&'a meta::Database> {
        self.meta?.databases.iter().find(|database| database.name == name.as_str())
    }

    pub(super) fn policy(&self, origin: &Origin) -> Option<&'a meta::RetentionPolicy> {
        let database = self.database(&origin.database)?;
        database.retention_policies.iter().find(|policy| policy.name == origin.retention_policy.as_str())
    }

    /// Returns the default retention policy of a database, if it is known and there.
    pub(super) fn default_of(&self, database: &Database) -> Option<&'a str> {
        let database = self.database(database)?;
        let default = database.default_retention_policy.as_str();
        database.retention_policies.iter().any(|policy| policy.name == default).then_some(default)
    }

    /// Walks the retention policies of a database.
    pub(super) fn policies(
        &self,
        database: &Database,
    ) -> impl Iterator<Item = (&'a Origin, &'a PolicyFacts)> {
        self.inventory.policies.iter().filter(move |(origin, _)| origin.database == *database)
    }

    /// Returns what looks odd about a retention policy, a sentence each.
    pub(super) fn oddities(&self, origin: &Origin, facts: &PolicyFacts) -> Vec<String> {
        let mut odd = Vec::new();
        if facts.shards.is_empty() {
            odd.push("it holds no data".to_owned());
        }
        let bucket = format!("{}/{}", origin.database, origin.retention_policy);
        if let Some(fault) = bucket_name_fault(&bucket) {
            odd.push(format!("no bucket can be named `{}`: {fault}", clean(&bucket, false)));
        }
        odd.extend(self.old_points(origin, facts));
        odd.extend(conflicts(facts));
        odd.extend(unsayable(facts));
        odd.extend(self.orphans(origin));
        odd
    }

    /// Tells of points that are older than the retention: a target refuses them or drops them at once.
    fn old_points(&self, origin: &Origin, facts: &PolicyFacts) -> Option<String> {
        let duration = self.policy(origin)?.duration;
        let oldest = facts.times()?.0;
        let kept = self.now.0.saturating_sub(duration);
        (duration > 0 && oldest < kept).then(|| {
            format!(
                "points from before {} are older than the retention, and a target with the same one takes none of them",
                day_and_minute(kept)
            )
        })
    }

    /// Tells of folders of shards that the server does not show.
    pub(super) fn orphans(&self, origin: &Origin) -> Option<String> {
        let orphans = self.inventory.orphans.get(origin)?;
        let ids: Vec<String> = orphans.keys().map(u64::to_string).collect();
        let bytes = orphans.values().map(|(tsm, wal)| tsm + wal).sum();
        let (noun, verb) = if ids.len() == 1 { ("shard", "is") } else { ("shards", "are") };
        let place = "not in `meta.db`, or deleted there: the server does not show it";
        Some(format!(
            "{noun} {} ({}) {verb} {place}, and it is not moved",
            ids.join(", "),
            print_bytes(bytes)
        ))
    }
}

/// Tells of fields that have several types.
fn conflicts(facts: &PolicyFacts) -> Vec<String> {
    let all: Vec<_> = facts.conflicts().collect();
    let mut odd: Vec<String> = all
        .iter()
        .take(EXAMPLES)
        .map(|(measurement, field, types)| {
            let types: Vec<String> =
                types.iter().map(|(kind, facts)| format!("{kind} in {}", shards(facts))).collect();
            let (measurement, field) = (name(measurement), name(field));
            format!("field `{field}` of `{measurement}` has several types: {}", types.join(", "))
        })
        .collect();
    if all.len() > EXAMPLES {
        odd.push(format!("{} more fields have several types", print_count((all.len() - EXAMPLES) as u64)));
    }
    odd
}

/// Tells of names that line protocol cannot say, or a target refuses.
fn unsayable(facts: &PolicyFacts) -> Vec<String> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (measurement, fields) in &facts.measurements {
        if std::str::from_utf8(measurement).is_err() {
            let why = "not UTF-8, which Cloud Serverless refuses".to_owned();
            found.entry(why).or_default().push(format!("measurement `{}`", name(measurement)));
        }
        if let Some(reason) = Unsayable::of_measurement(measurement) {
            let why = format!("cannot be moved: {reason}");
            found.entry(why).or_default().push(format!("measurement `{}`", name(measurement)));
            continue;
        }
        for field in fields.keys() {
            if let Some(reason) = Unsayable::of_field(field) {
                let what = format!("field `{}` of `{}`", name(field), name(measurement));
                found.entry(format!("cannot be moved: {reason}")).or_default().push(what);
            }
        }
    }
    let told = found.into_iter().map(|(why, what)| {
        let more = what.len().saturating_sub(EXAMPLES);
        let more = if more > 0 { format!(" and {} more", print_count(more as u64)) } else { String::new() };
        format!(
            "{}{more}: {why}",
            what.iter().take(EXAMPLES).map(String::as_str).collect::<Vec<_>>().join(", ")
        )
    });
    told.collect()
}

/// Prints a name of any bytes as harmless text.
pub(super) fn name(bytes: &[u8]) -> String {
    clean(&shown(bytes), false).into_owned()
}

/// Prints which shards, as in `shards 1, 4 to 7`.
fn shards(facts: &TypeFacts) -> String {
    let ranges: Vec<String> = facts
        .shards
        .iter()
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") })
        .collect();
    let one = matches!(facts.shards.as_slice(), [(from, to)] if from == to);
    format!("{} {}", if one { "shard" } else { "shards" }, ranges.join(", "))
}

/// Returns the retention that a target can have: whole seconds, an hour at least.
pub(super) fn retention(duration: i64) -> Retention {
    let seconds = u64::try_from(duration).unwrap_or(0).div_ceil(1_000_000_000);
    match seconds {
        0 => Retention::Infinite,
        seconds => Retention::from_seconds(seconds.max(Retention::MIN_SECONDS)),
    }
}

/// Prints a duration of `meta.db`, where 0 is forever.
pub(super) fn duration(nanoseconds: i64) -> String {
    match u64::try_from(nanoseconds).unwrap_or(0) {
        0 => "infinite".to_owned(),
        exact if exact % 1_000_000_000 != 0 => format!("{exact}ns"),
        whole => print_seconds(whole / 1_000_000_000),
    }
}

/// Prints a time to the minute, or as a number beyond what a calendar has.
pub(super) fn day_and_minute(time: i64) -> String {
    let text = Timestamp(time).to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) if text.ends_with('Z') => format!("{day} {minute}"),
        _ => text,
    }
}

/// Prints a number of different things.
pub(super) fn count(count: Count) -> String {
    match count {
        Count::Exact(count) => print_count(count),
        Count::About(count) => format!("about {}", print_count(count)),
    }
}

/// Prints a number of values, marked where it is an upper bound.
pub(super) fn values((count, exact): (u64, bool), ascii: bool) -> String {
    let bound = match (exact, ascii) {
        (true, _) => "",
        (false, true) => "<= ",
        (false, false) => "≤ ",
    };
    format!("{bound}{}", print_count(count))
}

/// Returns the bytes of a shard.
pub(super) fn bytes(shard: &ShardFacts) -> u64 {
    shard.tsm_bytes + shard.wal_bytes
}
