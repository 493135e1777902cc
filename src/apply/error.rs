//! What can go wrong with a step.

use super::codes;
use crate::model::{BucketName, Code, Coded, Origin};
use crate::{plan, run, target, transfer, verify};

/// An error of a step, or of a plan that cannot be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plan has refusals.
    #[error("{message}")]
    PlanRefused {
        /// What the first refusal says.
        message: String,
        /// The way out it names.
        help: String,
    },
    /// The steps do not make a plan.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// The resource is neither as the plan saw it nor as desired.
    #[error("the plan saw {planned}, and now there is {found}")]
    Stale {
        /// What the plan saw.
        planned: String,
        /// What is there.
        found: String,
    },
    /// The target did not do what it said.
    #[error("wrote {wanted}, and read back {found}")]
    ReadBack {
        /// What was written.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The source data is not what was planned.
    #[error("the files of `{origin}` are not those that were planned")]
    SourceChanged {
        /// The retention policy.
        origin: Origin,
    },
    /// The bucket is gone.
    #[error("bucket `{bucket}` is not there")]
    NoBucket {
        /// The bucket.
        bucket: BucketName,
    },
    /// The bucket was empty when the plan was made.
    #[error("bucket `{bucket}` was empty when the plan was made, and holds points now")]
    HoldsData {
        /// The bucket.
        bucket: BucketName,
    },
    /// A defect.
    #[error("the step broke off: {what}")]
    Panic {
        /// What the panic said.
        what: String,
    },
    /// A signal ended the run.
    #[error("interrupted before the step was done")]
    Interrupted,
    /// The plan asks for something that cannot be done.
    #[error("the step cannot be done: {why}")]
    NotPossible {
        /// Why.
        why: &'static str,
    },
    /// The target, or the way to it.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// The transfer.
    #[error(transparent)]
    Transfer(Box<transfer::Error>),
    /// The comparison, or what it found.
    #[error(transparent)]
    Verify(Box<verify::Error>),
    /// The state directory.
    #[error(transparent)]
    Run(#[from] run::Error),
}

impl From<transfer::Error> for Error {
    fn from(error: transfer::Error) -> Self {
        Self::Transfer(Box::new(error))
    }
}

impl From<verify::Error> for Error {
    fn from(error: verify::Error) -> Self {
        Self::Verify(Box::new(error))
    }
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::PlanRefused { .. } => &codes::PLAN_REFUSED,
            Self::Plan(error) => error.code(),
            Self::Stale { .. } => &codes::STALE,
            Self::ReadBack { .. } => &codes::READ_BACK,
            Self::SourceChanged { .. } => &codes::SOURCE_CHANGED,
            Self::NoBucket { .. } => &codes::NO_BUCKET,
            Self::HoldsData { .. } => &codes::HOLDS_DATA,
            Self::Panic { .. } => &codes::PANIC,
            Self::Interrupted => &codes::INTERRUPTED,
            Self::NotPossible { .. } => &codes::NOT_POSSIBLE,
            Self::Target(error) => error.code(),
            Self::Transfer(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::Run(error) => error.code(),
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::PlanRefused { help, .. } => return Some(help.clone()),
            Self::Plan(error) => return error.help(),
            Self::Target(error) => return error.help(),
            Self::Transfer(error) => return error.help(),
            Self::Verify(error) => return error.help(),
            Self::Run(error) => return error.help(),
            Self::Stale { .. } | Self::NoBucket { .. } => {
                "Plan again, and review what changed; what is done already stays."
            }
            Self::SourceChanged { .. } => {
                "Plan again if the files are the right ones; what was sent already is sent once more."
            }
            Self::HoldsData { .. } => {
                "Look at the points. To delete them all the same, plan again with `--allow data-loss:ADDRESS`."
            }
            Self::ReadBack { .. } => {
                "Somebody else may be changing it. Run the same command again; if it stays, plan again."
            }
            Self::Interrupted => "Run the same command again: it goes on where this run ended.",
            Self::Panic { .. } | Self::NotPossible { .. } => {
                "This is a defect of tidegate. Please report it with this message."
            }
        };
        Some(text.to_owned())
    }
}
