//! Desired transfers: what is read, where it goes, how it is sent and compared.

use super::{DesiredTransfer, Draft, entries::Entry};
use crate::model::{Capabilities, OnTypeConflict, Origin, TimeRange, Timestamp};
use crate::plan::{Address, Parts, Transfer, TransferProgress, TransferSettings, codes};
use crate::source::{Inventory, TypeConflict};
use std::collections::BTreeMap;

/// Adds a transfer for each entry that moves data.
pub(super) fn add(
    entries: &BTreeMap<Origin, Entry<'_>>,
    inventory: &Inventory,
    capabilities: &Capabilities,
    draft: &mut Draft,
) {
    for (origin, entry) in entries {
        let Some(intent) = entry.transfer else { continue };
        let Some(facts) = inventory.policy(origin) else {
            refuse(entry, inventory, draft);
            continue;
        };
        check_types(entry, intent.on_type_conflict, &facts.conflicts, draft);
        let settings = TransferSettings {
            gzip: intent.gzip,
            parallel: intent.parallel,
            batch_bytes: intent.batch_bytes,
            batch_lines: intent.batch_lines,
            max_rejects: intent.max_rejects,
            window: intent.window.or(capabilities.partition.filter(|_| inventory.has_windows)),
            on_type_conflict: intent.on_type_conflict,
        };
        let transfer = Transfer {
            origin: origin.clone(),
            bucket: entry.bucket.clone(),
            range: intent.range,
            files: facts.files.clone(),
            parts: if inventory.has_windows { Parts::Shards } else { Parts::Files },
            fingerprint: facts.fingerprint.clone(),
            bytes: facts.bytes,
            held: facts.times.map(|(first, last)| TimeRange {
                start: Timestamp(first),
                end: Timestamp(last.saturating_add(1)),
            }),
            settings,
            progress: TransferProgress::NotStarted,
        };
        draft.desired.places.insert(Address::Transfer(origin.clone()), entry.place.clone());
        draft.desired.places.insert(Address::Verify(origin.clone()), entry.place.clone());
        draft.desired.transfers.insert(origin.clone(), DesiredTransfer { transfer, verify: intent.verify });
    }
}

/// Targets take one type a field: of a bucket, of a measurement, of a day.
fn check_types(entry: &Entry<'_>, rule: OnTypeConflict, conflicts: &[TypeConflict], draft: &mut Draft) {
    let Some(first) = conflicts.first() else { return };
    let what = match conflicts.len() {
        1 => format!("in `{}`, {first}", entry.origin),
        n => format!("in `{}`, {n} fields have several types; {first}", entry.origin),
    };
    if rule == OnTypeConflict::Error {
        draft.problem(
            &codes::TYPE_CONFLICT,
            what,
            vec![(entry.place, "moved from here")],
            "Say which values to move, as in `transfer: { on_type_conflict: newest }` (`oldest` and `skip` are \
             the others); `tidegate inventory` lists all such fields."
                .to_owned(),
        );
        return;
    }
    let rest = match rule {
        OnTypeConflict::Error => return,
        OnTypeConflict::Newest => "values of other types than in the newest shard are left out",
        OnTypeConflict::Oldest => "values of other types than in the oldest shard are left out",
        OnTypeConflict::Skip => "these fields are left out",
    };
    let address = Address::Transfer(entry.origin.clone());
    draft.warning(&codes::TYPE_CONFLICT, Some(address), format!("{what}; {rest}"), entry.place);
}

/// A name that is not in the source is a typing error, or data that is missing.
fn refuse(entry: &Entry<'_>, inventory: &Inventory, draft: &mut Draft) {
    let origin = &entry.origin;
    let known: Vec<_> = inventory
        .databases
        .iter()
        .flat_map(|(database, facts)| {
            facts
                .retention_policies
                .keys()
                .map(|policy| Origin { database: database.clone(), retention_policy: policy.clone() })
        })
        .map(|origin| origin.to_string())
        .collect();
    let wanted = origin.to_string();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(name, &wanted), name)).min();
    let hint = match near {
        Some((distance, name)) if distance <= 2 => format!("Did you mean `{name}`? Otherwise name"),
        _ => "Name".to_owned(),
    };
    draft.problem(
        &codes::NOT_IN_SOURCE,
        format!("the manifest moves `{origin}`, but the source has no such data"),
        vec![(entry.place, "named here")],
        format!(
            "{hint} {}, or leave it out with `skip: true`.",
            if inventory.has_windows {
                "a retention policy of the source (`tidegate inventory` lists them)"
            } else {
                "its export files under `transfer: { files: [..] }`"
            }
        ),
    );
}
