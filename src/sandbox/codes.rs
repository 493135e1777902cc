//! Codes of the sandbox's own problems, `TG10xx`.

use crate::model::{Blame, Code};

/// Another process has the sandbox open.
pub static LOCKED: Code =
    Code { id: "TG1001", summary: "the sandbox is open in another process", blame: Blame::Local };

/// There is no sandbox where one was named.
pub static ABSENT: Code = Code { id: "TG1002", summary: "there is no such sandbox", blame: Blame::Local };

/// The disk or its permissions are in the way.
pub static STORAGE: Code =
    Code { id: "TG1003", summary: "the sandbox cannot be read or written", blame: Blame::Local };

/// Another version of tidegate wrote the sandbox.
pub static FORMAT: Code =
    Code { id: "TG1004", summary: "the sandbox was written by another version", blame: Blame::Local };

/// The file was changed by something else.
pub static DAMAGED: Code = Code { id: "TG1005", summary: "the sandbox is damaged", blame: Blame::Local };

/// The address is taken, or is none of this machine's.
pub static LISTEN: Code =
    Code { id: "TG1006", summary: "the sandbox cannot listen on the address", blame: Blame::Local };

/// A bucket to print does not exist.
pub static NO_BUCKET: Code =
    Code { id: "TG1007", summary: "the sandbox has no such bucket", blame: Blame::Usage };

/// What is printed cannot be written.
pub static OUTPUT: Code = Code { id: "TG1008", summary: "the output cannot be written", blame: Blame::Local };

/// Every code above.
pub static ALL: &[&Code] = &[&LOCKED, &ABSENT, &STORAGE, &FORMAT, &DAMAGED, &LISTEN, &NO_BUCKET, &OUTPUT];
