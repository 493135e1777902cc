//! The difference between what there shall be and what was observed. Pure and deterministic.

mod buckets;
mod data;
mod mappings;

use super::{Address, Change, Desired, Plan, Progress, Reason, Refusal, Risk, Step, Subject, Warning};
use super::{digest, order};
use crate::model::{BucketName, Capabilities, Code, State};
use std::collections::{BTreeMap, BTreeSet};

pub use buckets::to_prune;

/// What the command line allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Delete managed resources that the manifest no longer has.
    pub prune: bool,
    /// Steps that may destroy data.
    pub allow: BTreeSet<Address>,
    /// Buckets known to hold no points: deleting them loses nothing.
    pub empty: BTreeSet<BucketName>,
}

/// Compares what there shall be with what is there.
///
/// The same values give the same plan and the same digest. What the target or the safety rules would
/// refuse is not decided here, but by [`super::preflight()`].
pub fn diff(
    desired: &Desired,
    observed: &State,
    progress: &Progress,
    options: &Options,
    subject: Subject,
) -> Plan {
    let capabilities = subject.kind.capabilities();
    let mut draft = Draft {
        desired,
        observed,
        capabilities,
        steps: BTreeMap::new(),
        warnings: desired.warnings.clone(),
        refusals: Vec::new(),
    };
    buckets::compare(&mut draft, options);
    mappings::compare(&mut draft, options);
    data::compare(&mut draft, progress);
    let Draft { steps, warnings, refusals, .. } = draft;
    let steps = order::arrange(steps, capabilities);
    let digest = digest::of(&subject, &steps);
    let mut plan = Plan { subject, steps, warnings, refusals, digest };
    plan.sort_findings();
    plan
}

/// The steps so far.
struct Draft<'a> {
    desired: &'a Desired,
    observed: &'a State,
    capabilities: &'a Capabilities,
    steps: BTreeMap<Address, Step>,
    warnings: Vec<Warning>,
    refusals: Vec<Refusal>,
}

impl Draft<'_> {
    fn step(&mut self, address: Address, change: Change, reason: Reason, risks: Vec<Risk>) {
        let place = self.desired.places.get(&address).cloned();
        let step = Step { address: address.clone(), change, needs: Vec::new(), reason, risks, place };
        self.steps.insert(address, step);
    }

    fn warning(&mut self, code: &Code, address: Address, message: String) {
        let place = self.desired.places.get(&address).cloned();
        self.warnings.push(Warning { code: code.id.to_owned(), address: Some(address), message, place });
    }

    fn refusal(&mut self, code: &Code, address: Address, message: String, help: String) {
        let place = self.desired.places.get(&address).cloned();
        self.refusals.push(Refusal {
            code: code.id.to_owned(),
            address: Some(address),
            message,
            help,
            place,
        });
    }
}
