//! What the plan needs the token to allow.

use super::Findings;
use crate::model::permission::{Access, Permissions, Which};
use crate::model::{BucketName, ResourceId};
use crate::plan::{Address, Change, Diff, Plan, Step, codes};
use std::collections::BTreeMap;
use std::fmt;

/// Something a step does and the token may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The step.
    pub address: Address,
    /// What is done.
    pub access: Access,
    /// To which kind of resource, in the API's word.
    pub resource: &'static str,
    /// The bucket that it is about.
    pub bucket: BucketName,
}

/// Returns what the token lacks to do what the plan does, in the order of the steps.
pub fn lacking(plan: &Plan, permissions: &Permissions) -> Vec<Lacking> {
    let buckets = Buckets::of(plan);
    let mappings = plan.subject.kind.capabilities().dbrp_permission;
    let mut lacking = Vec::new();
    for step in plan.steps.iter().filter(|step| step.acts()) {
        let Some(bucket) = step.change.bucket() else { continue };
        let (access, resource) = need(step, mappings);
        let which = if resource == "buckets" { buckets.which(bucket) } else { Which::Some };
        if !permissions.allow(access, resource, which) {
            let (address, bucket) = (step.address.clone(), bucket.clone());
            lacking.push(Lacking { address, access, resource, bucket });
        }
    }
    lacking
}

/// Warns of what apply will refuse: whoever plans and who applies may have different tokens.
pub(super) fn check(plan: &Plan, permissions: &Permissions, findings: &mut Findings) {
    let lacking = lacking(plan, permissions);
    if let Some(first) = lacking.first() {
        let step = plan.steps.iter().find(|step| step.address == first.address);
        let message = format!("{}; `apply` needs another token", told(&lacking));
        findings.warn(&codes::LACKS_PERMISSION, step, message);
    }
}

/// Tells what is lacking in one sentence, without a full stop: each permission once, with the first step
/// that needs it.
pub(in crate::plan) fn told(lacking: &[Lacking]) -> String {
    let mut kinds: BTreeMap<(Access, &str), (&Lacking, usize)> = BTreeMap::new();
    for lack in lacking {
        kinds.entry((lack.access, lack.resource)).or_insert((lack, 0)).1 += 1;
    }
    let told = kinds.into_values().map(|(first, steps)| match steps {
        1 => first.to_string(),
        _ => format!("{first} and {} more", steps - 1),
    });
    format!("the token lacks {}", told.collect::<Vec<_>>().join(", and "))
}

/// Returns what a step needs: what is done to which kind of resource.
fn need(step: &Step, mappings: &'static str) -> (Access, &'static str) {
    match &step.change {
        Change::Bucket(_) | Change::Transfer(_) => (Access::Write, "buckets"),
        Change::Dbrp(_) => (Access::Write, mappings),
        Change::Verify(_) => (Access::Read, "buckets"),
    }
}

/// What is known of the buckets of a plan.
struct Buckets<'a> {
    by_name: BTreeMap<&'a BucketName, Option<&'a ResourceId>>,
}

impl<'a> Buckets<'a> {
    fn of(plan: &'a Plan) -> Self {
        let buckets = plan.steps.iter().filter_map(|step| match &step.change {
            Change::Bucket(Diff::Create(bucket)) => Some((&bucket.name, None)),
            Change::Bucket(diff) => diff.before().map(|bucket| (&bucket.name, bucket.id.as_ref())),
            _ => None,
        });
        Self { by_name: buckets.collect() }
    }

    fn which(&self, name: &BucketName) -> Which<'a> {
        match self.by_name.get(name) {
            Some(None) => Which::New,
            Some(Some(id)) => Which::One(id),
            None => Which::Some,
        }
    }
}

/// Prints permission, bucket and step.
impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, access, resource, bucket } = self;
        write!(f, "`{access}:{resource}` on bucket `{bucket}` for {address}")
    }
}
