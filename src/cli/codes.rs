//! Codes of the command line itself.

use crate::model::{Blame, Code};

/// Apply was not approved.
pub static NOT_APPROVED: Code =
    Code { id: "TG1101", summary: "the plan was not approved", blame: Blame::Refused };
/// There is nobody to ask.
pub static NO_TERMINAL: Code =
    Code { id: "TG1102", summary: "nobody can be asked for approval", blame: Blame::Refused };
/// A document could not be written.
pub static OUTPUT: Code =
    Code { id: "TG1103", summary: "a file or stream cannot be written", blame: Blame::Local };
/// A saved plan was made from another manifest.
pub static OTHER_MANIFEST: Code =
    Code { id: "TG1104", summary: "the manifest changed since the plan was saved", blame: Blame::Stale };
/// A saved plan was made for another target.
pub static OTHER_TARGET: Code =
    Code { id: "TG1105", summary: "the plan was saved for another target", blame: Blame::Stale };
/// The process cannot start its threads.
pub static RUNTIME: Code =
    Code { id: "TG1106", summary: "the process cannot start its threads", blame: Blame::Local };
/// The plan has refusals.
pub static REFUSED: Code = Code {
    id: "TG1107",
    summary: "the plan is refused by the target's limits or the safety rules",
    blame: Blame::Refused,
};
/// An option of the command line does not fit the others, or what is there.
pub static OPTIONS: Code = Code { id: "TG1120", summary: "the options do not fit", blame: Blame::Usage };
/// A database or retention policy is not in the source.
pub static UNKNOWN_NAME: Code =
    Code { id: "TG1121", summary: "the source has nothing of that name", blame: Blame::Source };
/// A signal ended the command.
pub static INTERRUPTED: Code = Code { id: "TG1122", summary: "interrupted", blame: Blame::Interrupted };

/// Warning: a process has the files open.
pub static RUNNING: Code =
    Code { id: "TG1130", summary: "a server seems to run on the 1.x data", blame: Blame::Source };
/// Warning: the log is not read.
pub static NO_LOG: Code =
    Code { id: "TG1131", summary: "the write-ahead log is not read", blame: Blame::Usage };
/// Warning: there is nothing where the data should be.
pub static EMPTY: Code = Code { id: "TG1133", summary: "no 1.x database is there", blame: Blame::Source };

/// All codes of this module.
pub static ALL: &[&Code] = &[
    &NOT_APPROVED,
    &NO_TERMINAL,
    &OUTPUT,
    &OTHER_MANIFEST,
    &OTHER_TARGET,
    &RUNTIME,
    &REFUSED,
    &OPTIONS,
    &UNKNOWN_NAME,
    &INTERRUPTED,
    &RUNNING,
    &NO_LOG,
    &EMPTY,
];
