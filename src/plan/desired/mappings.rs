//! Desired DBRP mappings, and which one is the default of its database.

use super::{Draft, entries::Entry, list, names};
use crate::manifest::{Manifest, Place};
use crate::model::{BucketName, Database, Dbrp, Origin, RetentionPolicy};
use crate::plan::{Address, codes};
use crate::source::Inventory;
use std::collections::BTreeMap;

/// A mapping before its database's default is decided.
struct Mapping<'a> {
    bucket: &'a BucketName,
    place: &'a Place,
    /// Under `mappings`: not a retention policy that is moved.
    extra: bool,
    /// `default: true` stands there.
    default: bool,
}

type Mappings<'a> = BTreeMap<RetentionPolicy, Mapping<'a>>;

/// Adds the mappings of all entries and of `mappings`.
pub(super) fn add(
    manifest: &Manifest,
    entries: &BTreeMap<Origin, Entry<'_>>,
    inventory: &Inventory,
    draft: &mut Draft,
) {
    let databases = collect(manifest, entries, draft);
    for (database, mappings) in &databases {
        let default = default_of(database, mappings, manifest, inventory, draft);
        for (policy, mapping) in mappings {
            let origin = Origin { database: database.clone(), retention_policy: policy.clone() };
            names::check_mapping(&origin, mapping.place, draft);
            draft.desired.places.insert(Address::Dbrp(origin.clone()), mapping.place.clone());
            let dbrp = Dbrp {
                id: None,
                database: database.clone(),
                retention_policy: policy.clone(),
                bucket: mapping.bucket.clone(),
                default: default.as_ref() == Some(policy),
            };
            draft.desired.state.dbrps.insert(origin, dbrp);
        }
        draft.desired.databases.insert(database.clone());
    }
}

fn collect<'a>(
    manifest: &'a Manifest,
    entries: &'a BTreeMap<Origin, Entry<'_>>,
    draft: &mut Draft,
) -> BTreeMap<Database, Mappings<'a>> {
    let mut databases: BTreeMap<Database, Mappings<'a>> = BTreeMap::new();
    for (origin, entry) in entries {
        let mapping = Mapping { bucket: &entry.bucket, place: entry.place, extra: false, default: false };
        databases
            .entry(origin.database.clone())
            .or_default()
            .insert(origin.retention_policy.clone(), mapping);
    }
    for intent in &manifest.mappings {
        let mappings = databases.entry(intent.origin.database.clone()).or_default();
        if let Some(first) = mappings.get(&intent.origin.retention_policy) {
            draft.problem(
                &codes::MAPPED_TWICE,
                format!("`{}` is mapped to `{}` and to `{}`", intent.origin, first.bucket, intent.bucket),
                vec![(&intent.place, "mapped here"), (first.place, "and mapped here")],
                "Remove one of the two: a database and retention policy lead to one bucket.".to_owned(),
            );
            continue;
        }
        let mapping =
            Mapping { bucket: &intent.bucket, place: &intent.place, extra: true, default: intent.default };
        mappings.insert(intent.origin.retention_policy.clone(), mapping);
    }
    // A database that is named and has nothing to map is still this manifest's: prune may empty it.
    for (database, intent) in &manifest.databases {
        if !intent.skip {
            databases.entry(database.clone()).or_default();
        }
    }
    databases
}

/// Decides the default mapping of a database. A server always has one, so the plan must know which.
///
/// In this order: what the manifest states, what the source says, the only retention policy, the only mapping.
fn default_of(
    database: &Database,
    mappings: &Mappings<'_>,
    manifest: &Manifest,
    inventory: &Inventory,
    draft: &mut Draft,
) -> Option<RetentionPolicy> {
    let stated = manifest.databases.get(database).and_then(|intent| intent.default_retention_policy.as_ref());
    let mut claims: Vec<(&RetentionPolicy, &Place)> =
        stated.iter().map(|(policy, place)| (policy, place)).collect();
    claims.extend(mappings.iter().filter(|(_, m)| m.default).map(|(policy, m)| (policy, m.place)));
    if let [(first, first_place), .., (last, last_place)] = claims[..]
        && claims.iter().any(|(policy, _)| *policy != first)
    {
        draft.problem(
            &codes::TWO_DEFAULTS,
            format!("`{database}` has two default mappings, `{first}` and `{last}`"),
            vec![(last_place, "this one"), (first_place, "and this one")],
            "Keep one: it is what clients reach that name no retention policy.".to_owned(),
        );
        return None;
    }
    if let Some((policy, place)) = claims.first() {
        if !mappings.contains_key(policy) {
            refuse_unknown(database, policy, place, mappings, draft);
            return None;
        }
        return Some((*policy).clone());
    }
    let known = inventory.databases.get(database).and_then(|facts| facts.default_retention_policy.as_ref());
    if let Some(policy) = known.filter(|policy| mappings.contains_key(policy)) {
        return Some(policy.clone());
    }
    let moved: Vec<_> = mappings.iter().filter(|(_, mapping)| !mapping.extra).collect();
    match (&moved[..], mappings.first_key_value()) {
        ([(only, _)], _) => Some((*only).clone()),
        ([], Some((only, _))) if mappings.len() == 1 => Some(only.clone()),
        (_, None) => None,
        (_, Some((first, mapping))) => {
            let place = manifest.databases.get(database).map_or(mapping.place, |intent| &intent.place);
            refuse_undecided(database, first, place, mappings, draft);
            None
        }
    }
}

fn refuse_unknown(
    database: &Database,
    policy: &RetentionPolicy,
    place: &Place,
    mappings: &Mappings<'_>,
    draft: &mut Draft,
) {
    let origin = Origin { database: database.clone(), retention_policy: policy.clone() };
    let why = if draft.desired.skipped.has(&origin) { "is skipped" } else { "is not in the manifest" };
    let known = list(mappings.keys().map(RetentionPolicy::as_str));
    draft.problem(
        &codes::UNKNOWN_DEFAULT,
        format!("the default retention policy of `{database}`, `{policy}`, {why}"),
        vec![(place, "named here")],
        if known.is_empty() {
            "Remove it, or map a retention policy of this database.".to_owned()
        } else {
            format!("Name one that gets a mapping: {known}.")
        },
    );
}

fn refuse_undecided(
    database: &Database,
    first: &RetentionPolicy,
    place: &Place,
    mappings: &Mappings<'_>,
    draft: &mut Draft,
) {
    draft.problem(
        &codes::NO_DEFAULT,
        format!(
            "nothing tells which of {} is the default of `{database}`",
            list(mappings.keys().map(RetentionPolicy::as_str))
        ),
        vec![(place, "this database")],
        format!(
            "Name the database under `databases` with, for example, `default_retention_policy: {first}`. \
             `SHOW RETENTION POLICIES ON \"{database}\"` on the 1.x side tells which it is."
        ),
    );
}
