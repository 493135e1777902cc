//! What can go wrong in the store.

use std::path::PathBuf;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("the store `{}` is open in another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory or the file cannot be opened or created.
    #[error("cannot open the store `{}`: {reason}", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// What the system or the storage engine says.
        reason: String,
    },
    /// The store was written by another version.
    #[error("the store `{}` has format {found}, this program reads format {expected}", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// The format of the file.
        found: u64,
        /// The format this program reads.
        expected: u64,
    },
    /// Reading or writing failed: the disk is full, or the file is damaged.
    #[error("the store cannot be read or written: {0}")]
    Storage(String),
}
