//! Codes of reading export files: `TG04xx`.

use crate::model::{Blame, Code};

/// An export file is missing, or may not be opened.
pub static OPEN: Code =
    Code { id: "TG0401", summary: "an export file cannot be opened", blame: Blame::Manifest };
/// An export file is a directory, a pipe or the like.
pub static NOT_A_FILE: Code =
    Code { id: "TG0402", summary: "an export is not a regular file", blame: Blame::Manifest };
/// Reading failed half-way.
pub static READ: Code = Code { id: "TG0403", summary: "an export file cannot be read", blame: Blame::Source };
/// A gzip file ends too early.
pub static TRUNCATED: Code =
    Code { id: "TG0404", summary: "a compressed export file is cut off", blame: Blame::Source };
/// A gzip file is damaged.
pub static DAMAGED: Code =
    Code { id: "TG0405", summary: "a compressed export file is damaged", blame: Blame::Source };
/// The last line of a file is not whole.
pub static CUT: Code =
    Code { id: "TG0406", summary: "an export file ends inside a line", blame: Blame::Source };
/// A line is longer than memory is set aside for.
pub static TOO_LONG: Code = Code { id: "TG0407", summary: "a line is too long", blame: Blame::Source };
/// `influx_inspect` wrote a message among the data.
pub static MESSAGE_IN_DATA: Code = Code {
    id: "TG0408",
    summary: "an export file holds a message of influx_inspect among its data",
    blame: Blame::Source,
};
/// A file that should name its databases does not.
pub static NO_CONTEXT: Code = Code {
    id: "TG0409",
    summary: "an export file does not say which database its data belongs to",
    blame: Blame::Manifest,
};
/// A file of one retention policy says that it holds another.
pub static OTHER_ORIGIN: Code = Code {
    id: "TG0410",
    summary: "an export file holds data of another database than the manifest says",
    blame: Blame::Manifest,
};
/// Data of a retention policy that the head of the file does not name.
pub static NOT_DECLARED: Code = Code {
    id: "TG0411",
    summary: "an export file holds data of a database that its head does not name",
    blame: Blame::Source,
};
/// A line between `# DDL` and `# DML` is not understood.
pub static DDL: Code =
    Code { id: "TG0412", summary: "a statement in an export file is not understood", blame: Blame::Source };
/// A file is something else than line protocol, plain or gzip.
pub static FORMAT: Code =
    Code { id: "TG0413", summary: "an export file has a format that cannot be read", blame: Blame::Manifest };
/// A file has another size than at the start.
pub static CHANGED: Code =
    Code { id: "TG0414", summary: "an export file changed while it was read", blame: Blame::Source };
/// No file holds the retention policy.
pub static NO_FILES: Code = Code {
    id: "TG0415",
    summary: "no export file holds the data of a retention policy",
    blame: Blame::Manifest,
};

/// Warning: a last line without line end is whole, as far as can be told.
pub static NO_LINE_END: Code =
    Code { id: "TG0420", summary: "an export file does not end in a line break", blame: Blame::Source };
/// Warning: a file holds nothing.
pub static EMPTY: Code = Code { id: "TG0421", summary: "an export file is empty", blame: Blame::Source };

/// All codes of the module.
pub static ALL: &[&Code] = &[
    &OPEN,
    &NOT_A_FILE,
    &READ,
    &TRUNCATED,
    &DAMAGED,
    &CUT,
    &TOO_LONG,
    &MESSAGE_IN_DATA,
    &NO_CONTEXT,
    &OTHER_ORIGIN,
    &NOT_DECLARED,
    &DDL,
    &FORMAT,
    &CHANGED,
    &NO_FILES,
    &NO_LINE_END,
    &EMPTY,
];
