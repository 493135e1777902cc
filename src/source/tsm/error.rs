//! What can go wrong while 1.x files are read, and what is lost by it.

use super::block::BlockError;
use super::codes;
use super::key;
use crate::model::{Code, Coded, Timestamp};
use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why 1.x files cannot be read.
#[derive(Debug, Error)]
pub enum Error {
    /// The operating system refuses.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was tried: open, read, list.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A folder that the source is said to be in does not look like one.
    #[error("`{}` is not {what}", path.display())]
    NotADirectory {
        /// The folder.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// The database or retention policy is not there.
    #[error("the source has no retention policy `{0}`")]
    UnknownOrigin(crate::model::Origin),
    /// No series is of the measurement.
    #[error("no series is of a measurement `{}`", shown(name))]
    UnknownMeasurement {
        /// What was asked for.
        name: Vec<u8>,
        /// Some of those that are there.
        known: Vec<Vec<u8>>,
    },
    /// The work was asked to stop.
    #[error("stopped before everything was read")]
    Interrupted,
    /// A file was cut, removed or replaced while it was read.
    #[error("`{}` changed while it was read", path.display())]
    Changed {
        /// The file or folder.
        path: PathBuf,
    },
    /// The file does not begin and end as a TSM file does.
    #[error("`{}` is not a TSM file: {reason}", path.display())]
    NotTsm {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The index of a TSM file contradicts itself or the file.
    #[error("the index of `{}` is damaged at byte {offset}: {reason}; lost: {lost}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
        /// What cannot be read.
        lost: Box<Lost>,
    },
    /// A block is not what was written.
    #[error("wrong checksum of the block at byte {offset} of `{}`; lost: {lost}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What cannot be read.
        lost: Box<Lost>,
    },
    /// A block cannot be decoded although its checksum is right.
    #[error("cannot decode the block at byte {offset} of `{}`; lost: {lost}", path.display())]
    Block {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What cannot be read.
        lost: Box<Lost>,
        /// Why not.
        source: BlockError,
    },
    /// The index says something else of a block than the block does.
    #[error("the index of `{}` and the block at byte {offset} disagree on {what}; lost: {lost}", path.display())]
    Disagree {
        /// The file.
        path: PathBuf,
        /// Where the block is.
        offset: u64,
        /// On what.
        what: &'static str,
        /// What cannot be told.
        lost: Box<Lost>,
    },
    /// A tombstone file cannot be read to its end.
    #[error("`{}` is damaged at byte {offset}: {reason}", path.display())]
    Tombstone {
        /// The file.
        path: PathBuf,
        /// Where in it, compressed members unpacked.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// An entry of the write-ahead log cannot be read.
    #[error("`{}` is damaged at byte {offset}: {reason}; lost: {lost} bytes", path.display())]
    Wal {
        /// The segment.
        path: PathBuf,
        /// Where the entry begins.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
        /// Bytes of the segment that cannot be read.
        lost: u64,
    },
    /// An archive of a backup is cut off or damaged.
    #[error("`{}` is damaged at byte {offset}: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Where in it, unpacked. What follows is lost.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A backup lacks a file that its manifest names.
    #[error("`{}` is missing from the backup, whose manifest names it", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The manifest of a backup cannot be read.
    #[error("`{}` is not the manifest of a backup of InfluxDB 1.x", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// A folder holds backups of both formats, and nothing says which is the newer.
    #[error("`{}` holds backups of two formats", path.display())]
    TwoFormats {
        /// The folder.
        path: PathBuf,
    },
    /// `meta.db` cannot be read.
    #[error(transparent)]
    Meta(#[from] crate::source::meta::Error),
    /// The system gives no thread to read with.
    #[error("cannot start a thread to read with")]
    Thread(#[source] std::io::Error),
    /// Sorted data does not fit into memory and cannot be written to a temporary file.
    #[error("cannot use a temporary file")]
    Scratch(#[source] std::io::Error),
}

impl Error {
    /// Tells whether the error is about what is in a file, so that the rest can be read without it.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::NotTsm { .. }
                | Self::Index { .. }
                | Self::Checksum { .. }
                | Self::Block { .. }
                | Self::Disagree { .. }
                | Self::Tombstone { .. }
                | Self::Wal { .. }
                | Self::Archive { .. }
                | Self::Missing { .. }
                | Self::Meta(crate::source::meta::Error::Damaged { .. })
        )
    }

    /// Returns the file, and where in it, if the error is about one.
    pub fn place(&self) -> Option<(&Path, Option<u64>)> {
        match self {
            Self::Index { path, offset, .. }
            | Self::Checksum { path, offset, .. }
            | Self::Block { path, offset, .. }
            | Self::Disagree { path, offset, .. }
            | Self::Tombstone { path, offset, .. }
            | Self::Wal { path, offset, .. }
            | Self::Archive { path, offset, .. } => Some((path, Some(*offset))),
            Self::Io { path, .. }
            | Self::NotADirectory { path, .. }
            | Self::Changed { path }
            | Self::NotTsm { path, .. }
            | Self::Missing { path }
            | Self::Manifest { path, .. }
            | Self::TwoFormats { path }
            | Self::Meta(crate::source::meta::Error::Io { path, .. }) => Some((path, None)),
            Self::Meta(crate::source::meta::Error::Damaged { path, offset, .. }) => {
                Some((path, Some(*offset as u64)))
            }
            Self::UnknownOrigin(_)
            | Self::UnknownMeasurement { .. }
            | Self::Interrupted
            | Self::Scratch(_)
            | Self::Thread(_) => None,
        }
    }

    /// Returns what is lost, where that is known.
    pub fn lost(&self) -> Option<&Lost> {
        match self {
            Self::Index { lost, .. }
            | Self::Checksum { lost, .. }
            | Self::Block { lost, .. }
            | Self::Disagree { lost, .. } => Some(lost),
            _ => None,
        }
    }
}

/// What cannot be read: a field of a series, over a range of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Series key and field, as TSM files write them; empty before the first key of a file.
    pub key: Vec<u8>,
    /// The first and last time. Without them everything is lost that follows the key in the file.
    pub times: Option<(i64, i64)>,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return f.write_str("everything in it");
        }
        let (series, field) = key::split(&self.key);
        if self.times.is_none() {
            f.write_str("what follows ")?;
        }
        match field {
            Some(field) => write!(f, "field `{}` of `{}`", shown(field), shown(series))?,
            None => write!(f, "key `{}`", shown(series))?,
        }
        match self.times {
            Some((min, max)) => write!(f, ", {} to {}", Timestamp(min), Timestamp(max)),
            None => Ok(()),
        }
    }
}

/// Prints bytes as text, escaped where they are none, and cut where they are long.
pub fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 200;
    let start = bytes.get(..MOST).unwrap_or(bytes);
    let text = match std::str::from_utf8(start) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => start.escape_ascii().to_string(),
    };
    if bytes.len() > MOST { format!("{text}.. ({} bytes)", bytes.len()) } else { text }
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Io { .. } => &codes::UNREADABLE,
            Self::NotADirectory { .. } => &codes::NOT_A_DIRECTORY,
            Self::UnknownOrigin(_) => &codes::UNKNOWN_ORIGIN,
            Self::UnknownMeasurement { .. } => &codes::UNKNOWN_MEASUREMENT,
            Self::Interrupted => &codes::INTERRUPTED,
            Self::Changed { .. } => &codes::CHANGED,
            Self::NotTsm { .. } => &codes::NOT_TSM,
            Self::Index { .. } => &codes::INDEX,
            Self::Checksum { .. } => &codes::CHECKSUM,
            Self::Block { .. } => &codes::BLOCK,
            Self::Disagree { .. } => &codes::DISAGREE,
            Self::Tombstone { .. } => &codes::TOMBSTONE,
            Self::Wal { .. } => &codes::WAL,
            Self::Archive { .. } | Self::Manifest { .. } => &codes::BACKUP,
            Self::Missing { .. } => &codes::MISSING,
            Self::TwoFormats { .. } => &codes::TWO_FORMATS,
            Self::Meta(error) => error.code(),
            Self::Scratch(_) => &codes::SCRATCH,
            Self::Thread(_) => &codes::THREAD,
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                "run as the user that the server runs as, or as root: the log's folders are closed to others"
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => "correct the path",
            Self::Io { .. } | Self::Interrupted => return None,
            Self::UnknownMeasurement { .. } => "compare with the measurements that `inventory --json` lists",
            Self::Meta(error) => return error.help(),
            Self::NotADirectory { .. } => "name the folder that the server's configuration names",
            Self::UnknownOrigin(_) => "compare with what `inventory` lists",
            Self::Changed { .. } => {
                "a server seems to run on this data; stop it, or read a snapshot or a backup (`influxd backup -portable`)"
            }
            Self::Thread(_) => "raise the limit on processes, or end others; then run the same command again",
            Self::Scratch(_) => "make room in the folder for temporary files, or set TMPDIR to one with room",
            Self::Archive { .. } => {
                "use another backup, or salvage what is intact. influxd 1.6 cuts backups with `-start` or `-end` off \
                 at the first file with a tombstone, and says that all is well"
            }
            Self::Missing { .. } => {
                "copy the file there; if the backup it belongs to is no longer wanted, remove its manifest too"
            }
            Self::Manifest { .. } => "name a folder that `influxd backup -portable` of 1.5 or newer wrote to",
            Self::TwoFormats { .. } => "move one of them to a folder of its own",
            Self::NotTsm { .. }
            | Self::Index { .. }
            | Self::Checksum { .. }
            | Self::Block { .. }
            | Self::Disagree { .. }
            | Self::Tombstone { .. }
            | Self::Wal { .. } => "restore the file from a backup, or salvage what is intact",
        };
        Some(help.to_owned())
    }
}
