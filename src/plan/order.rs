//! The edges between steps, and why each is there.
//!
//! Only steps that have something to do are waited for.

use super::{Address, Change, Diff, Graph, Need, Reason, Risk, Step};
use crate::model::target::QueryLanguage;
use crate::model::{Bucket, BucketName, Capabilities, Database, Dbrp, Origin};
use std::collections::BTreeMap;

/// Gives each step its needs, and sorts the steps so that each comes after its needs, then by address.
pub(super) fn arrange(mut steps: BTreeMap<Address, Step>, capabilities: &Capabilities) -> Vec<Step> {
    let needs: Vec<(Address, Vec<Need>)> = steps
        .values()
        .filter(|step| step.acts())
        .map(|step| (step.address.clone(), needs_of(step, &steps, capabilities)))
        .collect();
    for (address, mut needs) in needs {
        needs.sort();
        needs.dedup_by(|a, b| a.address == b.address);
        if let Some(step) = steps.get_mut(&address) {
            step.needs = needs;
        }
    }
    let steps: Vec<Step> = steps.into_values().collect();
    // A circle would be a defect of the rules below; apply names it when it builds the graph again.
    let Ok(graph) = Graph::new(&steps) else { return steps };
    let mut slots: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    graph.order().into_iter().filter_map(|at| slots.get_mut(at).and_then(Option::take)).collect()
}

type Steps = BTreeMap<Address, Step>;

fn needs_of(step: &Step, steps: &Steps, capabilities: &Capabilities) -> Vec<Need> {
    match &step.change {
        Change::Bucket(Diff::Delete(bucket)) => bucket_delete(bucket, steps),
        Change::Bucket(_) => bucket_change(step, steps),
        Change::Dbrp(Diff::Delete(dbrp)) => mapping_delete(dbrp, steps),
        Change::Dbrp(Diff::Create(after) | Diff::Replace { after, .. }) => mapping_create(after, steps),
        Change::Dbrp(_) => Vec::new(),
        Change::Transfer(transfer) => transfer_needs(&transfer.bucket, steps),
        Change::Verify(verify) => verify_needs(&verify.origin, steps, capabilities),
    }
}

/// Returns the need for a step, if there is one with something to do.
fn need(address: Address, why: &str, steps: &Steps) -> Option<Need> {
    let acts = steps.get(&address).is_some_and(Step::acts);
    acts.then(|| Need { address, why: why.to_owned() })
}

/// Deleting a bucket takes its mappings away on 2.x; Cloud does not say what becomes of them. Data that
/// was in it and now belongs elsewhere is moved and compared first.
fn bucket_delete(bucket: &Bucket, steps: &Steps) -> Vec<Need> {
    let mut needs = Vec::new();
    for (step, diff) in mappings(steps) {
        if let Some(before) = diff.before().filter(|before| before.bucket == bucket.name) {
            needs.extend(need(step.address.clone(), "the mapping still leads to the bucket", steps));
            needs.extend(moved(
                &before.origin(),
                "its data is in the new bucket before the old one goes",
                steps,
            ));
        }
    }
    for step in steps.values() {
        if let (Address::Transfer(origin), Reason::BucketChanged { from }) = (&step.address, &step.reason)
            && *from == bucket.name
        {
            needs.extend(moved(origin, "its data is in the new bucket before the old one goes", steps));
        }
    }
    needs
}

/// Returns the need for the comparison of an origin's data, or for its transfer if it is not compared.
fn moved(origin: &Origin, why: &str, steps: &Steps) -> Option<Need> {
    need(Address::Verify(origin.clone()), why, steps)
        .or_else(|| need(Address::Transfer(origin.clone()), why, steps))
}

/// A shorter retention deletes points, so it comes last. Everything else about a bucket comes first.
fn bucket_change(step: &Step, steps: &Steps) -> Vec<Need> {
    if !shrinks(step) {
        return Vec::new();
    }
    let Address::Bucket(name) = &step.address else { return Vec::new() };
    let transfers = steps.values().filter_map(|step| match &step.change {
        Change::Transfer(transfer) if transfer.bucket == *name => Some(&transfer.origin),
        _ => None,
    });
    transfers
        .filter_map(|origin| {
            moved(origin, "points are moved and compared before a shorter retention deletes them", steps)
        })
        .collect()
}

fn mapping_create(after: &Dbrp, steps: &Steps) -> Vec<Need> {
    let mut needs = Vec::new();
    let bucket = Address::Bucket(after.bucket.clone());
    if let Some(Change::Bucket(Diff::Create(_))) = steps.get(&bucket).map(|step| &step.change) {
        needs.extend(need(bucket, "the mapping needs the bucket's id", steps));
    }
    if !after.default
        && let Some(default) = default_step(&after.database, steps)
    {
        needs.extend(need(default, "a server makes a database's first mapping its default", steps));
    }
    needs
}

/// The default goes last, so that it moves once and to a known sibling.
fn mapping_delete(dbrp: &Dbrp, steps: &Steps) -> Vec<Need> {
    if let Some(default) = default_step(&dbrp.database, steps) {
        let why = "the default is set first, so that the delete promotes no sibling";
        return need(default, why, steps).into_iter().collect();
    }
    if !dbrp.default {
        return Vec::new();
    }
    mappings_of(&dbrp.database, steps)
        .filter(|(_, diff)| matches!(diff, Diff::Delete(other) if !other.default))
        .filter_map(|(step, _)| {
            need(step.address.clone(), "the default mapping goes last, so that the default moves once", steps)
        })
        .collect()
}

fn transfer_needs(name: &BucketName, steps: &Steps) -> Vec<Need> {
    let address = Address::Bucket(name.clone());
    let Some(step) = steps.get(&address).filter(|step| !shrinks(step)) else { return Vec::new() };
    let Change::Bucket(diff) = &step.change else { return Vec::new() };
    let why = match diff {
        Diff::Create(_) => "the bucket must be there",
        Diff::Adopt { before, after } | Diff::Update { before, after }
            if before.retention < after.retention =>
        {
            "older points are refused until the retention is longer"
        }
        _ => "the bucket is managed before data is written into it",
    };
    need(address, why, steps).into_iter().collect()
}

fn verify_needs(origin: &Origin, steps: &Steps, capabilities: &Capabilities) -> Vec<Need> {
    let transfer = need(Address::Transfer(origin.clone()), "only moved data can be compared", steps);
    let mapping = (capabilities.counts_with == QueryLanguage::InfluxQl)
        .then(|| need(Address::Dbrp(origin.clone()), "the target is counted through this mapping", steps));
    transfer.into_iter().chain(mapping.flatten()).collect()
}

fn shrinks(step: &Step) -> bool {
    step.risks.iter().any(|risk| matches!(risk, Risk::RetentionShrink { .. }))
}

fn mappings(steps: &Steps) -> impl Iterator<Item = (&Step, &Diff<Dbrp>)> {
    steps.values().filter_map(mapping)
}

fn mappings_of<'a>(
    database: &'a Database,
    steps: &'a Steps,
) -> impl Iterator<Item = (&'a Step, &'a Diff<Dbrp>)> {
    let first = Address::Dbrp(Origin::new(database.as_str(), ""));
    steps
        .range(first..)
        .map(|(_, step)| step)
        .take_while(
            move |step| matches!(&step.address, Address::Dbrp(origin) if origin.database == *database),
        )
        .filter_map(mapping)
}

fn mapping(step: &Step) -> Option<(&Step, &Diff<Dbrp>)> {
    match &step.change {
        Change::Dbrp(diff) => Some((step, diff)),
        _ => None,
    }
}

/// Returns the step of the mapping that shall be the default of a database.
fn default_step(database: &Database, steps: &Steps) -> Option<Address> {
    mappings_of(database, steps)
        .find(|(_, diff)| diff.after().is_some_and(|after| after.default))
        .map(|(step, _)| step.address.clone())
}
