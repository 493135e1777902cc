//! What can go wrong with a transfer.

use super::{Ledger, codes};
use crate::model::{Code, Coded};
use crate::{run, source, target};
use std::path::PathBuf;

/// An error of a transfer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More lines were rejected than tolerated.
    #[error("{rejected} lines were rejected, {max} are tolerated{}", example_text(example.as_deref()))]
    TooManyRejects {
        /// Over all runs of the transfer.
        rejected: u64,
        /// `max_rejects`.
        max: u64,
        /// Place and reason of the last one in this run.
        example: Option<String>,
        /// Where they are.
        rejects: PathBuf,
    },
    /// The files of rejected lines cannot be written or read.
    #[error("cannot record rejected lines in `{}`", path.display())]
    RejectsFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run was interrupted. Everything acknowledged is in the journal.
    #[error("interrupted after {} of the lines read so far were sent", ledger.sent)]
    Interrupted {
        /// Where lines went up to here.
        ledger: Ledger,
    },
    /// The target refuses every line for a reason that is not known to be about lines.
    #[error("the target refuses every line it is sent: {message}")]
    EveryLineRefused {
        /// The target's words.
        message: String,
    },
    /// A thread ended without a word.
    #[error("{what} stopped without an error")]
    Stopped {
        /// Which part.
        what: &'static str,
    },
    /// The lines do not add up.
    #[error("{ledger}: read is not sent + rejected + skipped")]
    Unbalanced {
        /// Where lines went.
        ledger: Ledger,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(Box<source::Error>),
    /// The target answered with an error, or not at all.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// The journal cannot be written.
    #[error(transparent)]
    Run(#[from] run::Error),
}

impl From<source::Error> for Error {
    fn from(error: source::Error) -> Self {
        Self::Source(Box::new(error))
    }
}

fn example_text(example: Option<&str>) -> String {
    example.map_or_else(String::new, |example| format!("; the last one: {example}"))
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::TooManyRejects { .. } => &codes::TOO_MANY_REJECTS,
            Self::RejectsFile { .. } => &codes::REJECTS_FILE,
            Self::Interrupted { .. } => &codes::INTERRUPTED,
            Self::EveryLineRefused { .. } => &codes::EVERY_LINE_REFUSED,
            Self::Stopped { .. } => &codes::STOPPED,
            Self::Unbalanced { .. } => &codes::UNBALANCED,
            Self::Source(error) => error.code(),
            Self::Target(error) => error.code(),
            Self::Run(error) => error.code(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::TooManyRejects { rejects, .. } => Some(format!(
                "Look at `{}` and the reasons beside it; then raise `transfer.max_rejects`, or leave the lines out.",
                rejects.display()
            )),
            Self::RejectsFile { .. } => {
                Some("Free some space or make it writable, then run the same command again.".to_owned())
            }
            Self::Interrupted { .. } => {
                Some("Run the same command again; it goes on where acknowledged batches end.".to_owned())
            }
            Self::EveryLineRefused { .. } => {
                Some("The reason is probably not in the data: look at the bucket and the token.".to_owned())
            }
            Self::Stopped { .. } | Self::Unbalanced { .. } => {
                Some("Please report this; running the same command again does no harm.".to_owned())
            }
            Self::Source(error) => error.help(),
            Self::Target(error) => error.help(),
            Self::Run(error) => error.help(),
        }
    }
}
