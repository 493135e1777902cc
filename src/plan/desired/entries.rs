//! Every retention policy of the 1.x side that gets a bucket: named in the manifest, or matched by a rule.

use super::{Draft, list};
use crate::manifest::{
    DatabaseIntent, Manifest, Place, PolicyIntent, RetentionIntent, Rule, TransferIntent, expand_bucket,
};
use crate::model::{BucketName, Database, Origin, RetentionPolicy};
use crate::plan::codes;
use crate::source::{DatabaseFacts, Inventory};
use std::collections::{BTreeMap, BTreeSet};

/// One retention policy that gets a bucket and a mapping.
pub(super) struct Entry<'a> {
    pub(super) origin: Origin,
    pub(super) bucket: BucketName,
    pub(super) bucket_place: &'a Place,
    pub(super) retention: RetentionIntent,
    pub(super) description: Option<&'a str>,
    pub(super) transfer: Option<&'a TransferIntent>,
    /// Where it is asked for: the key of the retention policy, or the rule.
    pub(super) place: &'a Place,
}

/// Returns an entry for each retention policy, by origin. Those that are skipped are only recorded.
pub(super) fn expand<'a>(
    manifest: &'a Manifest,
    inventory: &Inventory,
    draft: &mut Draft,
) -> BTreeMap<Origin, Entry<'a>> {
    let mut entries = BTreeMap::new();
    for (database, intent) in &manifest.databases {
        if intent.skip {
            draft.desired.skipped.databases.insert(database.clone());
        }
        named(database, intent, &mut entries, draft);
        if !intent.skip {
            refuse_unnamed_policies(database, intent, inventory, draft);
        }
    }
    let mut matches = vec![BTreeSet::new(); manifest.rules.len()];
    let mut unnamed = BTreeSet::new();
    for (database, facts) in &inventory.databases {
        if !manifest.databases.contains_key(database) {
            by_rules(database, facts, manifest, &mut matches, &mut unnamed, &mut entries, draft);
        }
    }
    refuse_unnamed_databases(&unnamed, manifest, draft);
    check_expectations(&manifest.rules, &matches, draft);
    entries
}

/// Adds the retention policies that the manifest names.
fn named<'a>(
    database: &Database,
    intent: &'a DatabaseIntent,
    entries: &mut BTreeMap<Origin, Entry<'a>>,
    draft: &mut Draft,
) {
    for (policy, PolicyIntent { bucket, bucket_place, retention, description, transfer, skip, place }) in
        &intent.retention_policies
    {
        let origin = Origin { database: database.clone(), retention_policy: policy.clone() };
        if *skip || intent.skip {
            skip_origin(origin, bucket.clone(), draft);
            continue;
        }
        let entry = Entry {
            origin: origin.clone(),
            bucket: bucket.clone(),
            bucket_place,
            retention: *retention,
            description: description.as_deref(),
            transfer: transfer.as_ref(),
            place,
        };
        entries.insert(origin, entry);
    }
}

/// Adds the retention policies of a database that only rules speak of; the first match wins.
fn by_rules<'a>(
    database: &Database,
    facts: &DatabaseFacts,
    manifest: &'a Manifest,
    matches: &mut [BTreeSet<Database>],
    unnamed: &mut BTreeSet<Origin>,
    entries: &mut BTreeMap<Origin, Entry<'a>>,
    draft: &mut Draft,
) {
    for policy in facts.retention_policies.keys() {
        let origin = Origin { database: database.clone(), retention_policy: policy.clone() };
        let hit = manifest.rules.iter().zip(matches.iter_mut()).find(|(rule, _)| rule.matches(&origin));
        let Some((rule, databases)) = hit else {
            unnamed.insert(origin);
            continue;
        };
        databases.insert(database.clone());
        let bucket = expand_bucket(&rule.bucket, &origin);
        if rule.skip {
            skip_origin(origin, bucket, draft);
            continue;
        }
        let entry = Entry {
            origin: origin.clone(),
            bucket,
            bucket_place: &rule.place,
            retention: rule.retention,
            description: rule.description.as_deref(),
            transfer: rule.transfer.as_ref(),
            place: &rule.place,
        };
        entries.insert(origin, entry);
    }
}

fn skip_origin(origin: Origin, bucket: BucketName, draft: &mut Draft) {
    draft.desired.skipped.buckets.insert(bucket);
    draft.desired.skipped.origins.insert(origin);
}

/// A retention policy that is forgotten would be lost silently, so it must be named or skipped.
fn refuse_unnamed_policies(
    database: &Database,
    intent: &DatabaseIntent,
    inventory: &Inventory,
    draft: &mut Draft,
) {
    let Some(facts) = inventory.databases.get(database) else { return };
    let unnamed: Vec<_> =
        facts.retention_policies.keys().filter(|p| !intent.retention_policies.contains_key(p)).collect();
    let Some(first) = unnamed.first() else { return };
    draft.problem(
        &codes::POLICY_NOT_NAMED,
        format!(
            "the source has {} in `{database}`, which the manifest does not name",
            policies(unnamed.iter().copied())
        ),
        vec![(&intent.place, "this database")],
        format!(
            "Add `{first}: {{}}` to its `retention_policies` to move it, or `{first}: {{ skip: true }}` to leave it out."
        ),
    );
}

fn policies<'a>(names: impl Iterator<Item = &'a RetentionPolicy> + Clone) -> String {
    let word = if names.clone().count() == 1 { "retention policy" } else { "retention policies" };
    format!("the {word} {}", list(names.map(RetentionPolicy::as_str)))
}

fn refuse_unnamed_databases(unnamed: &BTreeSet<Origin>, manifest: &Manifest, draft: &mut Draft) {
    let Some(first) = unnamed.first() else { return };
    let databases: BTreeSet<_> = unnamed.iter().map(|origin| origin.database.as_str()).collect();
    let word = if databases.len() == 1 { "a database" } else { "databases" };
    draft.problem(
        &codes::DATABASE_NOT_NAMED,
        format!("the source has {word} that the manifest does not name: {}", list(databases)),
        vec![(manifest.source.place(), "found there")],
        format!(
            "Name `{first}` under `databases`, leave it out with `{}: {{ skip: true }}`, or add a rule that matches it.",
            first.database
        ),
    );
}

fn check_expectations(rules: &[Rule], matches: &[BTreeSet<Database>], draft: &mut Draft) {
    for (rule, matched) in rules.iter().zip(matches) {
        let found = matched.len();
        let name = format!("`{}`.`{}`", rule.database, rule.retention_policy);
        match &rule.expect {
            Some(expected) if !expected.contains(&found) => draft.problem(
                &codes::UNEXPECTED_MATCHES,
                format!(
                    "the rule for {name} matches {found} {}, expected {}",
                    if found == 1 { "database" } else { "databases" },
                    expectation(expected)
                ),
                vec![(&rule.place, "this rule")],
                match matched.len() {
                    0 => "Correct the pattern, or the order of the rules: the first match wins.".to_owned(),
                    _ => format!(
                        "It matches {}. Correct the pattern or `expect`.",
                        list(matched.iter().map(Database::as_str))
                    ),
                },
            ),
            None if found == 0 => draft.warning(
                &codes::RULE_WITHOUT_MATCH,
                None,
                format!("the rule for {name} matches no database of the source"),
                &rule.place,
            ),
            _ => {}
        }
    }
}

fn expectation(range: &std::ops::RangeInclusive<usize>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else if *range.end() == usize::MAX {
        format!("at least {}", range.start())
    } else {
        format!("{} to {}", range.start(), range.end())
    }
}
