//! What can go wrong with a transfer: `TG0700` to `TG0749`.

use crate::model::{Blame, Code};

/// More lines were rejected than tolerated.
pub static TOO_MANY_REJECTS: Code =
    Code { id: "TG0701", summary: "too many lines were rejected", blame: Blame::Source };
/// The rejects file cannot be written.
pub static REJECTS_FILE: Code =
    Code { id: "TG0702", summary: "rejected lines cannot be recorded", blame: Blame::Local };
/// A signal ended the run.
pub static INTERRUPTED: Code =
    Code { id: "TG0703", summary: "transfer was interrupted", blame: Blame::Interrupted };

/// Every code of this module.
pub static ALL: &[&Code] = &[&TOO_MANY_REJECTS, &REJECTS_FILE, &INTERRUPTED];
