//! Desired transfers: what is read, where it goes, how it is sent and compared.

use super::{DesiredTransfer, Draft, entries::Entry};
use crate::model::Origin;
use crate::plan::{Address, Transfer, TransferProgress, TransferSettings, codes};
use crate::source::Inventory;
use std::collections::BTreeMap;

/// Adds a transfer for each entry that moves data.
pub(super) fn add(entries: &BTreeMap<Origin, Entry<'_>>, inventory: &Inventory, draft: &mut Draft) {
    for (origin, entry) in entries {
        let Some(intent) = entry.transfer else { continue };
        let Some(facts) = inventory.policy(origin) else {
            refuse(entry, inventory, draft);
            continue;
        };
        let settings = TransferSettings {
            gzip: intent.gzip,
            parallel: intent.parallel,
            batch_bytes: intent.batch_bytes,
            batch_lines: intent.batch_lines,
            max_rejects: intent.max_rejects,
        };
        let transfer = Transfer {
            origin: origin.clone(),
            bucket: entry.bucket.clone(),
            range: intent.range,
            files: facts.files.clone(),
            fingerprint: facts.fingerprint.clone(),
            bytes: facts.bytes,
            settings,
            progress: TransferProgress::NotStarted,
        };
        draft.desired.places.insert(Address::Transfer(origin.clone()), entry.place.clone());
        draft.desired.places.insert(Address::Verify(origin.clone()), entry.place.clone());
        draft.desired.transfers.insert(origin.clone(), DesiredTransfer { transfer, verify: intent.verify });
    }
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
            "{hint} its export files under `transfer: {{ files: [..] }}`, or leave it out with `skip: true`."
        ),
    );
}
