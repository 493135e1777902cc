//! What the target or the safety rules would refuse, found before anything is changed.

mod limits;
mod permissions;
mod safety;

pub(super) use permissions::told;
pub use permissions::{Lacking, lacking};

use super::{Address, Options, Plan, Refusal, Step, Warning};
use crate::manifest::Safety;
use crate::model::permission::Permissions;
use crate::model::{Code, Limits, RateLimit, State, Timestamp};

/// What preflight compares the plan with.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What was observed.
    pub observed: &'a State,
    /// Limits of the organization; the default where unknown.
    pub limits: &'a Limits,
    /// `rate_limit` of the manifest.
    pub rate_limit: Option<RateLimit>,
    /// `safety` of the manifest.
    pub safety: Safety,
    /// What the command line allows.
    pub options: &'a Options,
    /// What the token may do, where the target tells.
    pub permissions: Option<&'a Permissions>,
    /// The time now.
    pub now: Timestamp,
}

/// What preflight found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// To know before applying.
    pub warnings: Vec<Warning>,
    /// What keeps apply from running.
    pub refusals: Vec<Refusal>,
}

/// Checks a plan against the safety rules and the target's limits.
///
/// [`Plan::add`] puts the findings into the plan.
pub fn preflight(plan: &Plan, world: &World<'_>) -> Findings {
    let mut findings = Findings::default();
    safety::check(plan, world, &mut findings);
    limits::check(plan, world, &mut findings);
    if let Some(permissions) = world.permissions {
        permissions::check(plan, permissions, &mut findings);
    }
    findings
}

impl Findings {
    fn warn(&mut self, code: &Code, step: Option<&Step>, message: String) {
        let (address, place) = of(step);
        self.warnings.push(Warning { code: code.id.to_owned(), address, message, place });
    }

    fn refuse(&mut self, code: &Code, step: Option<&Step>, message: String, help: String) {
        let (address, place) = of(step);
        self.refusals.push(Refusal { code: code.id.to_owned(), address, message, help, place });
    }
}

fn of(step: Option<&Step>) -> (Option<Address>, Option<crate::manifest::Place>) {
    (step.map(|step| step.address.clone()), step.and_then(|step| step.place.clone()))
}
