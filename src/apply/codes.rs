//! Codes of applying a plan: `TG0750` to `TG0799`.

use crate::model::{Blame, Code};

/// The plan has refusals.
pub static PLAN_REFUSED: Code =
    Code { id: "TG0750", summary: "the plan is refused by a safety rule", blame: Blame::Refused };
/// The resource is neither as the plan saw it nor as desired.
pub static STALE: Code =
    Code { id: "TG0751", summary: "a resource changed since it was planned", blame: Blame::Stale };
/// The target did not do what it said.
pub static READ_BACK: Code =
    Code { id: "TG0752", summary: "a resource reads back otherwise than written", blame: Blame::Target };
/// The source data is not what was planned.
pub static SOURCE_CHANGED: Code =
    Code { id: "TG0753", summary: "the source data changed since it was planned", blame: Blame::Stale };
/// A bucket that a step needs is gone.
pub static NO_BUCKET: Code =
    Code { id: "TG0754", summary: "a bucket is gone since it was planned", blame: Blame::Stale };
/// A bucket that was empty holds points now.
pub static HOLDS_DATA: Code =
    Code { id: "TG0755", summary: "a bucket to be deleted holds points", blame: Blame::Stale };
/// A step ended in a defect.
pub static PANIC: Code = Code { id: "TG0756", summary: "a step broke off", blame: Blame::Internal };
/// A signal ended the run while the step was under way.
pub static INTERRUPTED: Code =
    Code { id: "TG0757", summary: "a step was interrupted", blame: Blame::Interrupted };
/// The plan asks for something that cannot be done.
pub static NOT_POSSIBLE: Code =
    Code { id: "TG0758", summary: "a step asks for something that cannot be done", blame: Blame::Internal };

/// All codes of the module.
pub static ALL: &[&Code] = &[
    &PLAN_REFUSED,
    &STALE,
    &READ_BACK,
    &SOURCE_CHANGED,
    &NO_BUCKET,
    &HOLDS_DATA,
    &PANIC,
    &INTERRUPTED,
    &NOT_POSSIBLE,
];
