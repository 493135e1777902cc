//! What can go wrong with a plan itself.

use super::preflight::told;
use super::{Address, Lacking, codes};
use crate::model::{Code, Coded};
use std::io;
use std::path::PathBuf;

/// An error of a saved plan or of a plan's graph.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the plan `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the plan `{}`", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is not a saved plan: {reason}", path.display())]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// What is wrong, as a fragment.
        reason: String,
    },
    /// The file's format is newer than this program.
    #[error("`{}` was saved by tidegate {written_by} in format {found}; this program reads up to {known}", path.display())]
    FromTheFuture {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u64,
        /// The newest format this program reads.
        known: u64,
        /// The version that saved it, as the file says.
        written_by: String,
    },
    /// The content is not what was saved.
    #[error("`{}` is not as it was saved: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, as a fragment.
        reason: String,
    },
    /// The token may not do what the plan does.
    #[error("{}; nothing was changed", told(.0))]
    LacksPermission(Vec<Lacking>),
    /// Steps wait for each other.
    #[error("these steps wait for each other: {}", join(.0))]
    Cycle(Vec<Address>),
    /// A step waits for one that is not there.
    #[error("{address} waits for {need}, which is not in the plan")]
    UnknownNeed {
        /// The waiting step.
        address: Address,
        /// What it waits for.
        need: Address,
    },
}

fn join(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Unreadable { .. } => &codes::FILE_UNREADABLE,
            Self::Unwritable { .. } => &codes::FILE_UNWRITABLE,
            Self::NotAPlan { .. } => &codes::NOT_A_PLAN,
            Self::FromTheFuture { .. } => &codes::FROM_THE_FUTURE,
            Self::Damaged { .. } => &codes::DAMAGED,
            Self::LacksPermission(_) => &codes::LACKS_PERMISSION,
            Self::Cycle(_) => &codes::CYCLE,
            Self::UnknownNeed { .. } => &codes::UNKNOWN_NEED,
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Unreadable { .. } => "Check the path, or save a plan with `tidegate plan --out FILE`.",
            Self::Unwritable { .. } => "Choose a path in a directory that can be written, with space left.",
            Self::NotAPlan { .. } => "Save a plan with `tidegate plan --out FILE`, and name that file.",
            Self::FromTheFuture { .. } => "Use the tidegate that saved it, or plan again with this one.",
            Self::Damaged { .. } => {
                "Plan again with `tidegate plan --out FILE`; a saved plan must not be edited."
            }
            Self::LacksPermission(_) => {
                "Use a token with these permissions, such as an All-Access token of the organization."
            }
            Self::Cycle(_) | Self::UnknownNeed { .. } => {
                "This is a defect of tidegate, or the plan was edited. Plan again."
            }
        };
        Some(help.to_owned())
    }
}
