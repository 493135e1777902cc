//! What can go wrong while both sides are compared.

use super::{Report, codes};
use crate::model::{Code, Coded};
use crate::{source, target};
use std::io;
use std::path::PathBuf;

/// Why a comparison failed, or what it found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// The target cannot be asked.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// Temporary files cannot be written or read back.
    #[error("cannot use temporary files in `{}`", directory.display())]
    Spill {
        /// Where they are.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A signal ended the comparison.
    #[error("interrupted")]
    Interrupted,
    /// A worker ended without an answer.
    #[error("a worker of the comparison failed: {0}")]
    Worker(String),
    /// The target has fewer values.
    #[error("{}", .0.summary())]
    Fewer(Box<Report>),
    /// A bucket that this run created has more values.
    #[error("{}", .0.summary())]
    More(Box<Report>),
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Source(error) => error.code(),
            Self::Target(error) => error.code(),
            Self::Spill { .. } => &codes::SPILL,
            Self::Interrupted => &codes::INTERRUPTED,
            Self::Worker(_) => &codes::WORKER,
            Self::Fewer(_) => &codes::FEWER,
            Self::More(_) => &codes::MORE,
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::Source(error) => return error.help(),
            Self::Target(error) => return error.help(),
            Self::Spill { .. } => "Free space there: up to 40 bytes a value, most often 10.",
            Self::Interrupted | Self::Worker(_) => "Run the same command again.",
            Self::Fewer(_) => {
                "Look at the windows named above. Points older than the bucket keeps are deleted; on Cloud, \
                 points may be refused after they were taken: look into the bucket `_monitoring`."
            }
            Self::More(_) => "Find out who else writes to the bucket: nothing else should be in it yet.",
        };
        Some(text.to_owned())
    }
}
