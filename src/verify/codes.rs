//! Codes of comparing both sides: `TG08xx`.

use crate::model::{Blame, Code};

/// The target has fewer values.
pub static FEWER: Code =
    Code { id: "TG0801", summary: "the target has fewer values than the source", blame: Blame::Verification };
/// A bucket that this run created has more values.
pub static MORE: Code = Code {
    id: "TG0802",
    summary: "a new bucket has more values than the source",
    blame: Blame::Verification,
};
/// Temporary files cannot be written or read back.
pub static SPILL: Code =
    Code { id: "TG0803", summary: "counting needs temporary files that cannot be used", blame: Blame::Local };
/// A signal ended the comparison.
pub static INTERRUPTED: Code =
    Code { id: "TG0804", summary: "the comparison was interrupted", blame: Blame::Interrupted };
/// A worker ended without an answer.
pub static WORKER: Code =
    Code { id: "TG0805", summary: "a worker of the comparison failed", blame: Blame::Internal };

/// Warning: the target has more values, as it does where clients write to it.
pub static MORE_THAN_SOURCE: Code =
    Code { id: "TG0820", summary: "the target has more values than the source", blame: Blame::Verification };

/// All codes of the module.
pub static ALL: &[&Code] = &[&FEWER, &MORE, &SPILL, &INTERRUPTED, &WORKER, &MORE_THAN_SOURCE];
