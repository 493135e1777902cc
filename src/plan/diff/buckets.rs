//! Buckets: found by name, owned by the mark in their description.

use super::{Draft, Options};
use crate::model::{Bucket, BucketName, Capabilities, Retention, State};
use crate::plan::{Address, Change, Desired, Diff, Reason, Risk, codes, ownership};

/// What Cloud gives a bucket that a v1 write creates: 3 days.
const AUTO_CREATED_SECONDS: u64 = 3 * 86_400;

/// Adds a step for each desired bucket, and for each that is to be pruned.
pub(super) fn compare(draft: &mut Draft<'_>, options: &Options) {
    for (name, want) in &draft.desired.state.buckets {
        if let Some(have) = draft.observed.buckets.get(name) {
            existing(name, want, have, draft);
            continue;
        }
        let description = ownership::mark(&want.description, &draft.desired.name);
        let change = Change::Bucket(Diff::Create(Bucket { id: None, description, ..want.clone() }));
        draft.step(Address::Bucket(name.clone()), change, Reason::Missing, Vec::new());
    }
    for name in to_prune(draft.desired, draft.observed) {
        let Some(have) = draft.observed.buckets.get(&name) else { continue };
        let address = Address::Bucket(name.clone());
        if options.prune {
            let risks = if options.empty.contains(&name) { Vec::new() } else { vec![Risk::DataLoss] };
            draft.step(address, Change::Bucket(Diff::Delete(have.clone())), Reason::NotInManifest, risks);
        } else {
            let message = format!(
                "the bucket `{name}` is managed by this manifest, which no longer has it; `--prune` deletes it"
            );
            draft.warning(&codes::LEFT_BEHIND, address, message);
        }
    }
}

/// Returns the buckets that `prune` would delete, so that the caller can find out which are empty:
/// they carry this manifest's mark, and the manifest neither has, maps nor skips them.
pub fn to_prune(desired: &Desired, observed: &State) -> Vec<BucketName> {
    let ours = |bucket: &Bucket| ownership::split(&bucket.description).1 == Some(desired.name.as_str());
    observed
        .buckets
        .iter()
        .filter(|(name, bucket)| {
            ours(bucket)
                && !desired.state.buckets.contains_key(name)
                && !desired.state.dbrps.values().any(|dbrp| dbrp.bucket == **name)
                && !desired.skipped.buckets.contains(name)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

fn existing(name: &BucketName, want: &Bucket, have: &Bucket, draft: &mut Draft<'_>) {
    let address = Address::Bucket(name.clone());
    let (text, owner) = ownership::split(&have.description);
    if let Some(owner) = owner.filter(|owner| *owner != draft.desired.name) {
        draft.refusal(
            &codes::OWNED_BY_ANOTHER,
            address.clone(),
            format!("the bucket `{name}` is managed by the manifest named `{owner}`"),
            format!(
                "Use another bucket, or remove ` [tidegate:{owner}]` from its description on the target."
            ),
        );
        let reason = Reason::OwnedBy { name: owner.to_owned() };
        draft.step(address, Change::Bucket(Diff::Keep(have.clone())), reason, Vec::new());
        return;
    }
    let text = if want.description.is_empty() { text } else { &want.description };
    let after = Bucket {
        name: name.clone(),
        id: have.id.clone(),
        retention: want.retention,
        description: ownership::mark(text, &draft.desired.name),
    };
    if owner.is_none() && looks_auto_created(have, draft.capabilities) {
        let message = format!(
            "the bucket `{name}` looks as if a 1.x client created it by writing before the migration: it keeps points \
             for {}, and refused older ones; it is adopted",
            have.retention
        );
        draft.warning(&codes::AUTO_CREATED, address.clone(), message);
    }
    let mut risks = Vec::new();
    if after.retention < have.retention {
        risks.push(Risk::RetentionShrink {
            from: have.retention.to_string(),
            to: after.retention.to_string(),
        });
    }
    let (diff, reason) = if after == *have {
        (Diff::Keep(after), Reason::AsDesired)
    } else if owner.is_none() {
        (Diff::Adopt { before: have.clone(), after }, Reason::Unmanaged)
    } else {
        let fields = differing(have, &after);
        (Diff::Update { before: have.clone(), after }, Reason::Differs { fields })
    };
    draft.step(address, Change::Bucket(diff), reason, risks);
}

fn differing(before: &Bucket, after: &Bucket) -> Vec<String> {
    [
        ("retention", before.retention != after.retention),
        ("description", before.description != after.description),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(field, _)| field.to_owned())
    .collect()
}

/// Tells whether a bucket looks like one that the target made for a v1 write to an unmapped `db/rp`.
fn looks_auto_created(bucket: &Bucket, capabilities: &Capabilities) -> bool {
    capabilities.creates_buckets_on_v1_write
        && bucket.retention == Retention::from_seconds(AUTO_CREATED_SECONDS)
        && bucket.name.as_str().split_once('/').is_some_and(|(db, rp)| !db.is_empty() && !rp.is_empty())
}
