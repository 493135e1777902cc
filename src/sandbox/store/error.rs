//! What can go wrong in the store.

use super::super::codes;
use crate::model::{Code, Coded};
use std::path::PathBuf;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("the sandbox `{}` is open in another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// There is no store in the directory.
    #[error("there is no sandbox in `{}`", path.display())]
    Absent {
        /// The directory.
        path: PathBuf,
    },
    /// The directory cannot be made.
    #[error("cannot create the directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be opened or created.
    #[error("cannot open the sandbox `{}`", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
    /// The store was written by another version.
    #[error("the sandbox `{}` has format {found}; this program reads format {expected}", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// The format of the file.
        found: u64,
        /// The format this program reads.
        expected: u64,
    },
    /// Reading or writing failed: the disk is full, say.
    #[error("the sandbox cannot be read or written")]
    Storage(#[source] Box<redb::Error>),
    /// The file holds something that this program does not write.
    #[error("the sandbox is damaged: {0}")]
    Damaged(&'static str),
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Locked { .. } => &codes::LOCKED,
            Self::Absent { .. } => &codes::ABSENT,
            Self::Directory { .. } | Self::Open { .. } | Self::Storage(_) => &codes::STORAGE,
            Self::Format { .. } => &codes::FORMAT,
            Self::Damaged(_) => &codes::DAMAGED,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Locked { .. } => "stop the other process, or name another directory".to_owned(),
            Self::Absent { .. } => "name the directory that `target.path` or `--path` named".to_owned(),
            Self::Directory { .. } | Self::Open { .. } | Self::Storage(_) => {
                "check the permissions of the directory and the space on the disk".to_owned()
            }
            Self::Format { .. } => {
                "name another directory, or delete this one: what a sandbox holds can be made again"
                    .to_owned()
            }
            Self::Damaged(_) => "delete the directory: what a sandbox holds can be made again".to_owned(),
        })
    }
}

fn storage(error: impl Into<redb::Error>) -> Error {
    Error::Storage(Box::new(error.into()))
}

impl From<redb::TransactionError> for Error {
    fn from(error: redb::TransactionError) -> Self {
        storage(error)
    }
}

impl From<redb::TableError> for Error {
    fn from(error: redb::TableError) -> Self {
        storage(error)
    }
}

impl From<redb::StorageError> for Error {
    fn from(error: redb::StorageError) -> Self {
        storage(error)
    }
}

impl From<redb::CommitError> for Error {
    fn from(error: redb::CommitError) -> Self {
        storage(error)
    }
}

impl From<redb::SetDurabilityError> for Error {
    fn from(error: redb::SetDurabilityError) -> Self {
        storage(error)
    }
}
