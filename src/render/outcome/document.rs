//! The outcome as a document.

use crate::apply::{Detail, Failure, Outcome, StepOutcome, StepResult, Verdict};
use crate::plan::Action;
use crate::verify::Report;
use serde::Serialize;

/// The format this program writes.
const FORMAT: u64 = 1;

/// What became of a run.
#[derive(Serialize)]
struct Document<'a> {
    tidegate_outcome: u64,
    written_by: &'static str,
    verdict: &'static str,
    exit_code: u8,
    /// Whether anything on the target was changed.
    changed: bool,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    address: String,
    action: Action,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The failed step that it waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Lines>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Report>,
}

#[derive(Serialize)]
struct Lines {
    read: u64,
    sent: u64,
    rejected: u64,
    skipped: u64,
    left_out: u64,
    damaged: u64,
}

/// Renders what became of every step as one versioned JSON document.
pub fn outcome_json(outcome: &Outcome) -> String {
    let verdict = outcome.verdict();
    let document = Document {
        tidegate_outcome: FORMAT,
        written_by: env!("CARGO_PKG_VERSION"),
        verdict: name(verdict),
        exit_code: verdict.exit().code(),
        changed: outcome.changed,
        steps: outcome.steps.iter().map(step).collect(),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn step(outcome: &StepOutcome) -> Step<'_> {
    let (result, failure, detail): (_, Option<&Failure>, Option<&Detail>) = match &outcome.result {
        StepResult::Done(detail) => ("done", None, Some(detail)),
        StepResult::AsDesired => ("as_desired", None, None),
        StepResult::Stale(failure) => ("stale", Some(failure), None),
        StepResult::Failed(failure, detail) => ("failed", Some(failure), Some(detail)),
        StepResult::Interrupted(detail) => ("interrupted", None, Some(detail)),
        StepResult::NotReached { .. } => ("not_reached", None, None),
    };
    let because = match &outcome.result {
        StepResult::NotReached { because } => because.as_ref().map(ToString::to_string),
        _ => None,
    };
    let (lines, comparison) = match detail {
        Some(Detail::Transfer(ledger)) => (Some(*ledger), None),
        Some(Detail::Verify(report)) => (None, Some(&**report)),
        _ => (None, None),
    };
    Step {
        address: outcome.address.to_string(),
        action: outcome.action,
        result,
        code: failure.map(|failure| failure.code.id),
        message: failure.map(|failure| failure.message.as_str()),
        help: failure.and_then(|failure| failure.help.as_deref()),
        because,
        lines: lines.map(|l| Lines {
            read: l.read,
            sent: l.sent,
            rejected: l.rejected,
            skipped: l.skipped,
            left_out: l.left_out,
            damaged: l.damaged,
        }),
        comparison,
    }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Success => "success",
        Verdict::Failed => "failed",
        Verdict::PartWay => "part_way",
        Verdict::Stale => "stale",
        Verdict::Authentication => "authentication",
        Verdict::Verification => "verification",
        Verdict::Interrupted => "interrupted",
    }
}
