//! The rows of a plan, in the order a reviewer needs them: what may cost something first.

mod fields;
mod words;

pub(super) use fields::{Field, FieldChange};
pub(super) use words::{plural, risk_summary, risk_words, summary};

use crate::model::Origin;
use crate::plan::{Action, Change, Level, Plan, Step};
use std::collections::BTreeSet;

/// One step, in words.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) step: &'a Step,
    pub(super) action: Action,
    /// What the step makes, in a few words. Empty where the fields say it.
    pub(super) fact: String,
    /// Why it is there. Empty where it is plain.
    pub(super) reason: String,
    /// What changes, field by field.
    pub(super) fields: Vec<Field>,
    /// What it may cost.
    pub(super) risks: Vec<(Level, String)>,
}

impl Row<'_> {
    /// Tells whether the row must never be folded.
    pub(super) fn is_risky(&self) -> bool {
        self.step.level() > Level::None
    }
}

/// The rows of a plan.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// Those with something to do: deletes, replaces, other risks, updates, adopts, creates, jobs.
    pub(super) acting: Vec<Row<'a>>,
    /// Those without.
    pub(super) unchanged: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let compared: BTreeSet<&Origin> = plan.steps.iter().filter_map(compared).collect();
        let (mut acting, unchanged): (Vec<_>, Vec<_>) = plan
            .steps
            .iter()
            .map(row)
            .map(|mut row| {
                if let Change::Transfer(transfer) = &row.step.change
                    && !compared.contains(&transfer.origin)
                {
                    row.fact.push_str(", not compared afterwards");
                }
                row
            })
            .partition(|row| row.action != Action::NoOp);
        // Stable: within a rank the plan's own order stays.
        acting.sort_by_key(rank);
        Self { acting, unchanged }
    }
}

fn compared(step: &Step) -> Option<&Origin> {
    if let Change::Verify(verify) = &step.change { Some(&verify.origin) } else { None }
}

fn rank(row: &Row<'_>) -> u8 {
    match row.action {
        Action::Delete => 0,
        Action::Replace => 1,
        _ if row.is_risky() => 2,
        Action::Update => 3,
        Action::Adopt => 4,
        Action::Create => 5,
        // A transfer and its comparison stay side by side.
        Action::Transfer | Action::Verify | Action::NoOp => 6,
    }
}

fn row(step: &Step) -> Row<'_> {
    Row {
        step,
        action: step.change.action(),
        fact: words::fact(&step.change),
        reason: words::reason(&step.reason),
        fields: fields::of(&step.change),
        risks: step.risks.iter().map(|risk| (risk.level(), risk_words(risk))).collect(),
    }
}
