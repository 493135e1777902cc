//! What can go wrong with the state directory.

use super::codes;
use super::lock::Owner;
use crate::model::{Code, Coded};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An error of the state directory, the lock or the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory or a file in it cannot be made, read or locked.
    #[error("cannot use `{}`", path.display())]
    StateDir {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No permission, or a read-only file system.
    #[error("cannot write `{}`", path.display())]
    NotWritable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No space or no quota left.
    #[error("no space left to write `{}`", path.display())]
    DiskFull {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run is in progress.
    #[error("`{}` is locked by {}{}", path.display(), owner_text(owner.as_deref()), age_text(*age))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, if it could be read.
        owner: Option<Box<Owner>>,
        /// Since when.
        age: Option<Duration>,
        /// Whether the owner runs on another host, where it cannot be looked for.
        elsewhere: bool,
    },
    /// A line before the end of the journal is not what was written.
    #[error("`{}` is damaged at line {line}, byte {byte}: {what}", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// The first byte of the line in the file.
        byte: u64,
        /// What is wrong with the line.
        what: String,
    },
    /// A newer program wrote the journal.
    #[error("`{}` has format {found}, and this program reads up to {known}", path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The journal cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A write failed before, and nothing is recorded since.
    #[error("`{}` takes no more entries, since a write to it failed: {why}", path.display())]
    Stopped {
        /// The journal.
        path: PathBuf,
        /// What the first failure said.
        why: String,
    },
    /// An entry cannot be written.
    #[error("an entry of {bytes} bytes does not fit into the journal")]
    Entry {
        /// Its length; 0 where it cannot be written as JSON.
        bytes: usize,
    },
}

impl Error {
    /// Tells whether a write failed because there is no room.
    pub(super) fn is_full(error: &io::Error) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
    }

    /// Sorts a failed write by what can be done about it.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            _ if Self::is_full(&source) => Self::DiskFull { path, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, source }
            }
            _ => Self::StateDir { path, source },
        }
    }
}

fn owner_text(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| "another run".to_owned(), ToString::to_string)
}

fn age_text(age: Option<Duration>) -> String {
    age.map_or_else(String::new, |age| {
        format!(", {} ago", crate::model::duration::print_seconds(age.as_secs()))
    })
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::StateDir { .. } => &codes::STATE_DIR,
            Self::NotWritable { .. } => &codes::NOT_WRITABLE,
            Self::DiskFull { .. } => &codes::DISK_FULL,
            Self::Locked { .. } => &codes::LOCKED,
            Self::Damaged { .. } => &codes::JOURNAL_DAMAGED,
            Self::Newer { .. } => &codes::JOURNAL_NEWER,
            Self::Read { .. } => &codes::JOURNAL_READ,
            Self::Stopped { .. } => &codes::JOURNAL_STOPPED,
            Self::Entry { .. } => &codes::JOURNAL_ENTRY,
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::StateDir { .. } => {
                "Look at the path; tidegate keeps its journal and lock there.".to_owned()
            }
            Self::NotWritable { .. } => {
                "Make it writable for this user, or work with a copy of the manifest in another place."
                    .to_owned()
            }
            Self::DiskFull { .. } => {
                "Free some space, then run the same command again: it goes on where the journal ends."
                    .to_owned()
            }
            Self::Locked { path, elsewhere: true, .. } => format!(
                "That host cannot be asked from here. If the run there is over, delete `{}` and try again.",
                path.display()
            ),
            Self::Locked { .. } => {
                "Wait until it ends, or stop that process; its lock is then taken over.".to_owned()
            }
            Self::Damaged { path, .. } => format!(
                "Move `{}` away and run the same command again. Without it everything is sent once more, \
                 which costs time but harms no data.",
                path.display()
            ),
            Self::Newer { .. } => "Use the newer tidegate that wrote it.".to_owned(),
            Self::Read { .. } => "Look at the file's permissions and at the disk.".to_owned(),
            Self::Stopped { .. } => {
                "Cure what is named, then run the same command again: it goes on where the journal ends."
                    .to_owned()
            }
            Self::Entry { .. } => return None,
        };
        Some(text)
    }
}
