//! What can go wrong with a transfer: `TG0700` to `TG0749`.

use crate::model::{Blame, Code};

/// More lines were rejected than tolerated.
pub static TOO_MANY_REJECTS: Code =
    Code { id: "TG0701", summary: "too many lines were rejected", blame: Blame::Source };
/// The files of rejected lines cannot be written or read.
pub static REJECTS_FILE: Code =
    Code { id: "TG0702", summary: "rejected lines cannot be recorded", blame: Blame::Local };
/// A signal ended the run.
pub static INTERRUPTED: Code =
    Code { id: "TG0703", summary: "transfer was interrupted", blame: Blame::Interrupted };
/// The target refuses every line for a reason that is not known to be about lines.
pub static EVERY_LINE_REFUSED: Code =
    Code { id: "TG0704", summary: "target refuses every line", blame: Blame::Target };
/// A thread ended without a word.
pub static STOPPED: Code =
    Code { id: "TG0705", summary: "part of the transfer stopped", blame: Blame::Internal };
/// The lines do not add up.
pub static UNBALANCED: Code =
    Code { id: "TG0706", summary: "lines of the transfer do not add up", blame: Blame::Internal };

/// Every code of this module.
pub static ALL: &[&Code] =
    &[&TOO_MANY_REJECTS, &REJECTS_FILE, &INTERRUPTED, &EVERY_LINE_REFUSED, &STOPPED, &UNBALANCED];
