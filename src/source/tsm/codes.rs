//! The codes of what can go wrong while 1.x files are read.

use crate::model::{Blame, Code};

const fn source(id: &'static str, summary: &'static str) -> Code {
    Code { id, summary, blame: Blame::Source }
}

/// A file or folder cannot be opened, listed or read.
pub static UNREADABLE: Code = source("TG0450", "a file or folder of the 1.x server cannot be read");
/// A folder is missing, or is not what it is said to be.
pub static NOT_A_DIRECTORY: Code = source("TG0451", "not a folder of a 1.x server");
/// A database or retention policy is not in the source.
pub static UNKNOWN_ORIGIN: Code = source("TG0452", "the source has no such retention policy");
/// A file was changed by somebody else.
pub static CHANGED: Code = source("TG0453", "a file of the 1.x server changed while it was read");
/// Magic number, version or footer of a TSM file is wrong.
pub static NOT_TSM: Code = source("TG0454", "not a TSM file");
/// A TSM index is damaged.
pub static INDEX: Code = source("TG0455", "the index of a TSM file is damaged");
/// A TSM block's checksum is wrong.
pub static CHECKSUM: Code = source("TG0456", "a block of a TSM file has a wrong checksum");
/// A TSM block cannot be decoded.
pub static BLOCK: Code = source("TG0457", "a block of a TSM file cannot be decoded");
/// A TSM index and a block contradict each other.
pub static DISAGREE: Code = source("TG0458", "index and block of a TSM file disagree");
/// A tombstone file is damaged.
pub static TOMBSTONE: Code = source("TG0459", "a tombstone file is damaged");
/// A segment of the write-ahead log is damaged.
pub static WAL: Code = source("TG0460", "a segment of the write-ahead log is damaged");
/// No temporary file could be written.
pub static SCRATCH: Code =
    Code { id: "TG0461", summary: "a temporary file cannot be used", blame: Blame::Local };
/// meta.db is damaged.
pub static META: Code = source("TG0462", "meta.db is damaged");
/// A measurement is not in the source.
pub static UNKNOWN_MEASUREMENT: Code = source("TG0470", "the source has no such measurement");
/// Reading was stopped by a signal.
pub static INTERRUPTED: Code =
    Code { id: "TG0471", summary: "reading 1.x files was interrupted", blame: Blame::Interrupted };

/// A file of a backup is damaged.
pub static BACKUP: Code = source("TG0463", "a file of a backup is damaged");
/// A file of a backup is not there.
pub static MISSING: Code = source("TG0464", "a file of a backup is missing");
/// Portable and old backups lie in one folder.
pub static TWO_FORMATS: Code = source("TG0465", "a folder holds backups of two formats");
/// Warning: the log ends within an entry.
pub static TORN_END: Code = source("TG0466", "the write-ahead log ends within an entry");
/// Warning: a key names no field.
pub static NO_FIELD: Code = source("TG0467", "a key of a TSM file names no field");
/// Warning: a file is not named as the server names them.
pub static ODD_NAME: Code = source("TG0468", "a file is not named as a TSM file is");
/// Warning: deletes that servers since 1.4 do not apply.
pub static OLD_TOMBSTONE: Code = source("TG0469", "deletes that servers since 1.4 misread");

/// Warning: an earlier backup has files that the newest one lacks.
pub static MERGED: Code = source("TG0472", "an earlier backup has files that the newest one lacks");
/// Warning: the data of a shard is not in the backup.
pub static NOT_BACKED_UP: Code = source("TG0473", "a shard is not in the backup");
/// Warning: no manifest names an archive.
pub static UNNAMED: Code = source("TG0474", "no manifest of a backup names an archive");

/// The system gives no thread.
pub static THREAD: Code =
    Code { id: "TG0475", summary: "no thread to read 1.x files with", blame: Blame::Local };

/// Every code of this module, in order.
pub static ALL: &[&Code] = &[
    &UNREADABLE,
    &NOT_A_DIRECTORY,
    &UNKNOWN_ORIGIN,
    &CHANGED,
    &NOT_TSM,
    &INDEX,
    &CHECKSUM,
    &BLOCK,
    &DISAGREE,
    &TOMBSTONE,
    &WAL,
    &SCRATCH,
    &META,
    &BACKUP,
    &MISSING,
    &TWO_FORMATS,
    &UNKNOWN_MEASUREMENT,
    &INTERRUPTED,
    &TORN_END,
    &NO_FIELD,
    &ODD_NAME,
    &OLD_TOMBSTONE,
    &MERGED,
    &NOT_BACKED_UP,
    &UNNAMED,
    &THREAD,
];
