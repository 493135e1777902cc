//! Desired buckets: names, retentions, descriptions.

use super::{Draft, entries::Entry, names};
use crate::manifest::{Manifest, Place, RetentionIntent};
use crate::model::{Bucket, BucketName, Capabilities, Origin, Retention};
use crate::plan::{Address, codes, ownership};
use crate::source::Inventory;
use std::collections::BTreeMap;

/// Adds the buckets of all entries and of `buckets`.
pub(super) fn add(
    manifest: &Manifest,
    entries: &BTreeMap<Origin, Entry<'_>>,
    inventory: &Inventory,
    capabilities: &Capabilities,
    draft: &mut Draft,
) {
    let mut users: BTreeMap<&BucketName, &Entry<'_>> = BTreeMap::new();
    for entry in entries.values() {
        names::check_bucket(&entry.bucket, entry.bucket_place, capabilities, draft);
        if let Some(first) = users.get(&entry.bucket) {
            names::check_sharing(first, entry, draft);
            continue;
        }
        users.insert(&entry.bucket, entry);
        let retention = retention(entry, inventory, draft);
        insert(&entry.bucket, retention, entry.description, entry.place, draft);
    }
    for (name, intent) in &manifest.buckets {
        names::check_bucket(name, &intent.place, capabilities, draft);
        if let Some(entry) = users.get(name) {
            draft.problem(
                &codes::BUCKET_TWICE,
                format!("the bucket `{name}` is under `buckets`, and is also where `{}` goes", entry.origin),
                vec![(&intent.place, "described here"), (entry.bucket_place, "and used here")],
                "Remove it from `buckets`; retention and description belong to the retention policy."
                    .to_owned(),
            );
            continue;
        }
        insert(name, intent.retention, intent.description.as_deref(), &intent.place, draft);
    }
}

fn insert(name: &BucketName, retention: Retention, text: Option<&str>, place: &Place, draft: &mut Draft) {
    check_retention(name, retention, place, draft);
    // A mark in the text would read as the owner.
    let (description, _) = ownership::split(text.unwrap_or_default());
    let bucket = Bucket { name: name.clone(), id: None, retention, description: description.to_owned() };
    draft.desired.state.buckets.insert(name.clone(), bucket);
    draft.desired.places.insert(Address::Bucket(name.clone()), place.clone());
}

/// Below an hour `influxd` answers 500 and creates nothing.
fn check_retention(name: &BucketName, retention: Retention, place: &Place, draft: &mut Draft) {
    if let Retention::Seconds(seconds) = retention
        && seconds.get() < Retention::MIN_SECONDS
    {
        draft.problem(
            &codes::SHORT_RETENTION,
            format!("the retention of `{name}` is {retention}; targets refuse less than 1h"),
            vec![(place, "of this bucket")],
            "State `retention: 1h` or longer.".to_owned(),
        );
    }
}

/// Decides how long a bucket keeps points. An unknown retention becomes infinite: the longest loses nothing.
fn retention(entry: &Entry<'_>, inventory: &Inventory, draft: &mut Draft) -> Retention {
    match entry.retention {
        RetentionIntent::Exactly(retention) => retention,
        RetentionIntent::Inherit => {
            inventory.policy(&entry.origin).and_then(|facts| facts.retention).unwrap_or_else(|| {
                draft.warning(
                    &codes::RETENTION_UNKNOWN,
                    Some(Address::Bucket(entry.bucket.clone())),
                    format!(
                        "the source does not tell the retention of `{}`, so the bucket keeps points forever; \
                         state `retention` to change that",
                        entry.origin
                    ),
                    entry.place,
                );
                Retention::Infinite
            })
        }
    }
}
