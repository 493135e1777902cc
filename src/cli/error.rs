//! Errors that arise in the command line itself.

use super::codes;
use crate::model::{Code, Coded};
use std::io;
use std::path::PathBuf;

/// What goes wrong outside of the modules.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the answer was not `yes`; nothing was changed")]
    NotApproved,
    #[error("stdin is not a terminal, and `--auto-approve` was not given; nothing was changed")]
    NoTerminal,
    #[error("cannot write {what}")]
    Output { what: String, source: io::Error },
    #[error("`{}` is not what the plan `{}` was made from; nothing was changed", manifest.display(), plan.display())]
    OtherManifest { manifest: PathBuf, plan: PathBuf },
    #[error("the plan is for {planned}, but the manifest leads to {found}; nothing was changed")]
    OtherTarget { planned: String, found: String },
    #[error("cannot start the threads of the process")]
    Runtime(#[source] io::Error),
    #[error("{count} {} listed above; nothing was changed", if *count == 1 { "refusal is" } else { "refusals are" })]
    Refused { count: usize, help: String },
    #[error("{message}")]
    Options { message: String, help: String },
    #[error("the source has no {what} `{name}`")]
    UnknownName { what: &'static str, name: String, help: String },
    #[error("stopped; nothing that is incomplete was left behind")]
    Interrupted,
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotApproved => &codes::NOT_APPROVED,
            Self::NoTerminal => &codes::NO_TERMINAL,
            Self::Output { .. } => &codes::OUTPUT,
            Self::OtherManifest { .. } => &codes::OTHER_MANIFEST,
            Self::OtherTarget { .. } => &codes::OTHER_TARGET,
            Self::Runtime(_) => &codes::RUNTIME,
            Self::Refused { .. } => &codes::REFUSED,
            Self::Options { .. } => &codes::OPTIONS,
            Self::UnknownName { .. } => &codes::UNKNOWN_NAME,
            Self::Interrupted => &codes::INTERRUPTED,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotApproved | Self::Interrupted => return None,
            Self::Refused { help, .. } | Self::Options { help, .. } | Self::UnknownName { help, .. } => help,
            Self::NoTerminal => {
                "Review the plan with `tidegate plan --out prod.tgplan`, then run `tidegate apply prod.tgplan --auto-approve`."
            }
            Self::Output { .. } => "Check free space and permissions, then run the same command again.",
            Self::OtherManifest { .. } => "Plan again with `tidegate plan --out`, review it, and apply that plan.",
            Self::OtherTarget { .. } => "Check `target` in the manifest and the variables it uses, or plan again.",
            Self::Runtime(_) => "Check the limits on processes and open files (`ulimit -a`).",
        }
        .to_owned())
    }
}
