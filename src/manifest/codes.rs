//! Codes of the manifest: TG01xx its text and shape, TG02xx its meaning, TG03xx its secrets.

use crate::model::{Blame, Code};

/// A variable that holds a secret is not set.
pub static SECRET_NOT_SET: Code = Code {
    id: "TG0311",
    summary: "a secret's environment variable is not set",
    blame: Blame::Authentication,
};
/// A file that holds a secret cannot be used.
pub static SECRET_FILE: Code =
    Code { id: "TG0312", summary: "a secret's file cannot be used", blame: Blame::Authentication };
/// The configs file of the `influx` program cannot be used.
pub static CLI_CONFIGS: Code = Code {
    id: "TG0313",
    summary: "the configs file of the `influx` program cannot be used",
    blame: Blame::Authentication,
};
/// The configs file has no such connection, or it lacks something.
pub static CLI_CONNECTION: Code = Code {
    id: "TG0314",
    summary: "the connection of the `influx` program cannot be used",
    blame: Blame::Authentication,
};

/// All codes of this module.
pub static ALL: &[&Code] = &[&SECRET_NOT_SET, &SECRET_FILE, &CLI_CONFIGS, &CLI_CONNECTION];
