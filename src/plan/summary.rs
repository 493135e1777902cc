//! How many steps of each kind a plan has, and the worst it may cost.

use super::{Action, Change, Findings, Plan, Risk, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts of a plan's steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Resources created.
    pub create: usize,
    /// Resources taken under the manifest's name.
    pub adopt: usize,
    /// Resources changed in place.
    pub update: usize,
    /// Resources deleted and created.
    pub replace: usize,
    /// Resources deleted.
    pub delete: usize,
    /// Transfers to run.
    pub transfer: usize,
    /// Their bytes on disk, as far as known.
    pub transfer_bytes: u64,
    /// Comparisons to run.
    pub verify: usize,
    /// Steps with nothing to do.
    pub unchanged: usize,
}

/// The worst a plan may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is lost and nobody is cut off.
    None,
    /// Clients that name no retention policy reach another bucket.
    DefaultMoves,
    /// A mapping is gone for a moment.
    Replace,
    /// A mapping is gone for good.
    Delete,
    /// Points are deleted.
    DataLoss,
}

impl Step {
    /// Returns the worst this step may cost.
    pub fn level(&self) -> Level {
        let deletes = if self.change.action() == Action::Delete { Level::Delete } else { Level::None };
        self.risks.iter().map(Risk::level).max().unwrap_or(Level::None).max(deletes)
    }

    /// Tells whether apply has something to do.
    pub fn acts(&self) -> bool {
        self.change.action() != Action::NoOp
    }
}

impl Risk {
    /// Returns how bad it is.
    pub fn level(&self) -> Level {
        match self {
            Self::DefaultMoves { .. } => Level::DefaultMoves,
            Self::Gap => Level::Replace,
            Self::RetentionShrink { .. } | Self::DataLoss => Level::DataLoss,
        }
    }
}

impl Plan {
    /// Adds what preflight found.
    pub fn add(&mut self, findings: Findings) {
        self.warnings.extend(findings.warnings);
        self.refusals.extend(findings.refusals);
        self.sort_findings();
    }

    pub(super) fn sort_findings(&mut self) {
        self.warnings
            .sort_by(|a, b| (&a.code, &a.address, &a.message).cmp(&(&b.code, &b.address, &b.message)));
        self.refusals
            .sort_by(|a, b| (&a.code, &a.address, &a.message).cmp(&(&b.code, &b.address, &b.message)));
    }

    /// Counts the steps.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            let counter = match step.change.action() {
                Action::NoOp => &mut summary.unchanged,
                Action::Adopt => &mut summary.adopt,
                Action::Create => &mut summary.create,
                Action::Update => &mut summary.update,
                Action::Replace => &mut summary.replace,
                Action::Delete => &mut summary.delete,
                Action::Transfer => &mut summary.transfer,
                Action::Verify => &mut summary.verify,
            };
            *counter += 1;
            if let (Change::Transfer(transfer), true) = (&step.change, step.acts()) {
                summary.transfer_bytes = summary.transfer_bytes.saturating_add(transfer.bytes.unwrap_or(0));
            }
        }
        summary
    }

    /// Tells whether apply has anything to do.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(Step::acts)
    }

    /// Returns the worst the plan may cost.
    pub fn level(&self) -> Level {
        self.steps.iter().filter(|step| step.acts()).map(Step::level).max().unwrap_or(Level::None)
    }

    /// Tells whether any step may destroy points or take a mapping away, even for a moment.
    pub fn is_risky(&self) -> bool {
        self.level() >= Level::Replace
    }
}
