//! DBRP mappings: found by database and retention policy.
//!
//! A server makes a database's first mapping its default, moves the default when another mapping asks
//! for it, and promotes a sibling when the default goes. `default: false` is never sent: it promotes
//! whichever sibling comes first.

use super::{Draft, Options};
use crate::model::{BucketName, Database, Dbrp, Origin, State};
use crate::plan::{Action, Address, Change, Diff, Reason, Risk, codes};
use std::collections::BTreeSet;

/// Adds a step for each desired mapping, and for each that is to be pruned.
pub(super) fn compare(draft: &mut Draft<'_>, options: &Options) {
    for (origin, want) in &draft.desired.state.dbrps {
        let (diff, reason) = match draft.observed.dbrps.get(origin) {
            None => (Diff::Create(Dbrp { id: None, ..want.clone() }), missing(origin, draft)),
            Some(have) => existing(want, have, draft),
        };
        let mut risks = Vec::new();
        if let Diff::Replace { .. } = diff {
            risks.push(Risk::Gap);
        }
        if want.default && default_in(draft.observed, &origin.database).is_some_and(|old| old != *origin) {
            risks.push(moves_to(origin));
        }
        refuse_without_bucket(want, draft);
        draft.step(Address::Dbrp(origin.clone()), Change::Dbrp(diff), reason, risks);
    }
    if options.prune {
        prune(draft);
    }
}

fn missing(origin: &Origin, draft: &Draft<'_>) -> Reason {
    if draft.capabilities.virtual_dbrps && is_virtual(origin, draft.observed) {
        Reason::OnlyVirtual
    } else {
        Reason::Missing
    }
}

/// Tells whether `influxd` 2.4 and later makes this mapping up from a bucket's name: cut at the first
/// slash, or the whole name and `autogen`.
fn is_virtual(Origin { database, retention_policy }: &Origin, observed: &State) -> bool {
    let has = |name: String| observed.buckets.contains_key(&BucketName(name));
    has(format!("{database}/{retention_policy}"))
        || (retention_policy.as_str() == "autogen" && has(database.to_string()))
}

fn existing(want: &Dbrp, have: &Dbrp, draft: &Draft<'_>) -> (Diff<Dbrp>, Reason) {
    if have.bucket != want.bucket {
        let after = Dbrp { id: None, ..want.clone() };
        return (
            Diff::Replace { before: have.clone(), after },
            Reason::Immutable { field: "bucket".to_owned() },
        );
    }
    let after = Dbrp { id: have.id.clone(), ..want.clone() };
    match (have.default, want.default) {
        (false, true) => {
            let reason = Reason::Differs { fields: vec!["default".to_owned()] };
            (Diff::Update { before: have.clone(), after }, reason)
        }
        // Whichever step makes the other one the default takes it from this one.
        (true, false) => match default_in(&draft.desired.state, &want.database) {
            Some(to) => (Diff::Keep(after), Reason::FollowsDefault { to: Address::Dbrp(to) }),
            None => (Diff::Keep(have.clone()), Reason::AsDesired),
        },
        _ => (Diff::Keep(after), Reason::AsDesired),
    }
}

fn refuse_without_bucket(want: &Dbrp, draft: &mut Draft<'_>) {
    let name = &want.bucket;
    if draft.desired.state.buckets.contains_key(name) || draft.observed.buckets.contains_key(name) {
        return;
    }
    draft.refusal(
        &codes::NO_SUCH_BUCKET,
        Address::Dbrp(want.origin()),
        format!(
            "the mapping `{}` leads to the bucket `{name}`, which neither the manifest nor the target has",
            want.origin()
        ),
        format!("Add `{name}` under `buckets`, or correct the name."),
    );
}

/// Deletes the mappings of managed databases that the manifest no longer has, and every mapping to a
/// bucket that is deleted: Cloud does not say what becomes of those.
fn prune(draft: &mut Draft<'_>) {
    let desired = draft.desired;
    let buckets: BTreeSet<_> = draft
        .steps
        .values()
        .filter(|step| step.change.action() == Action::Delete)
        .map(|step| step.address.clone())
        .collect();
    let gone: Vec<&Dbrp> = draft
        .observed
        .dbrps
        .iter()
        .filter(|(origin, _)| !desired.state.dbrps.contains_key(origin))
        .filter(|(origin, have)| {
            let managed = desired.databases.contains(&origin.database) && !desired.skipped.has(origin);
            managed || buckets.contains(&Address::Bucket(have.bucket.clone()))
        })
        .map(|(_, have)| have)
        .collect();
    for have in &gone {
        let risks = promoted_by(have, &gone, draft).iter().map(moves_to).collect();
        let address = Address::Dbrp(have.origin());
        draft.step(address, Change::Dbrp(Diff::Delete((*have).clone())), Reason::NotInManifest, risks);
    }
}

/// Returns the sibling that becomes the default when this mapping is deleted: the first that is left, by id.
fn promoted_by(have: &Dbrp, gone: &[&Dbrp], draft: &Draft<'_>) -> Option<Origin> {
    if !have.default || default_in(&draft.desired.state, &have.database).is_some() {
        return None;
    }
    draft
        .observed
        .dbrps
        .values()
        .filter(|dbrp| dbrp.database == have.database && !gone.iter().any(|g| g.origin() == dbrp.origin()))
        .min_by_key(|dbrp| dbrp.id.clone())
        .map(Dbrp::origin)
}

fn moves_to(origin: &Origin) -> Risk {
    Risk::DefaultMoves { database: origin.database.to_string(), to: origin.retention_policy.to_string() }
}

/// Returns the default mapping of a database.
fn default_in(state: &State, database: &Database) -> Option<Origin> {
    state
        .dbrps
        .range(Origin::new(database.as_str(), "")..)
        .take_while(|(origin, _)| origin.database == *database)
        .find(|(_, dbrp)| dbrp.default)
        .map(|(origin, _)| origin.clone())
}
