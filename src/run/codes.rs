//! Codes of the state directory, the lock and the journal: `TG09xx`.

use crate::model::{Blame, Code};

/// `.tidegate` cannot be made or read.
pub static STATE_DIR: Code =
    Code { id: "TG0901", summary: "the state directory cannot be used", blame: Blame::Local };
/// `.tidegate`, or a file in it, cannot be written.
pub static NOT_WRITABLE: Code =
    Code { id: "TG0902", summary: "the state directory cannot be written", blame: Blame::Local };
/// The disk under `.tidegate` is full.
pub static DISK_FULL: Code =
    Code { id: "TG0903", summary: "the disk of the state directory is full", blame: Blame::Local };
/// Another run holds the lock.
pub static LOCKED: Code = Code { id: "TG0904", summary: "another run is in progress", blame: Blame::Locked };
/// The journal is damaged before its end.
pub static JOURNAL_DAMAGED: Code =
    Code { id: "TG0905", summary: "the journal is damaged", blame: Blame::Local };
/// A newer tidegate wrote the journal.
pub static JOURNAL_NEWER: Code =
    Code { id: "TG0906", summary: "the journal has a newer format", blame: Blame::Local };
/// The journal cannot be read.
pub static JOURNAL_READ: Code =
    Code { id: "TG0907", summary: "the journal cannot be read", blame: Blame::Local };
/// The journal took no more entries after an earlier failure.
pub static JOURNAL_STOPPED: Code =
    Code { id: "TG0908", summary: "the journal stopped after a failed write", blame: Blame::Local };
/// An entry cannot be written as JSON, or is far too long.
pub static JOURNAL_ENTRY: Code =
    Code { id: "TG0909", summary: "an entry does not fit into the journal", blame: Blame::Internal };
/// Notice: a torn last line was cut off.
pub static TORN_TAIL: Code =
    Code { id: "TG0920", summary: "a torn end of the journal was cut off", blame: Blame::Local };
/// Notice: the lock of a run that died was taken over.
pub static LOCK_TAKEN_OVER: Code = Code {
    id: "TG0921",
    summary: "the lock of a run that ended without notice was taken over",
    blame: Blame::Local,
};
/// Notice: the file system has no locks.
pub static NO_KERNEL_LOCK: Code = Code {
    id: "TG0922",
    summary: "the file system has no locks, so only process ids were compared",
    blame: Blame::Local,
};

/// All codes of the module.
pub static ALL: &[&Code] = &[
    &STATE_DIR,
    &NOT_WRITABLE,
    &DISK_FULL,
    &LOCKED,
    &JOURNAL_DAMAGED,
    &JOURNAL_NEWER,
    &JOURNAL_READ,
    &JOURNAL_STOPPED,
    &JOURNAL_ENTRY,
    &TORN_TAIL,
    &LOCK_TAKEN_OVER,
    &NO_KERNEL_LOCK,
];
