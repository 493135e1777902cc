//! What a reader has to tell beside the data: what was lost, and what looks odd.

use super::error::shown;
use super::{Error, codes};
use crate::model::{Code, Coded, Origin};
use std::fmt;
use std::path::PathBuf;

/// What to do where a file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDamage {
    /// Stop with an error.
    #[default]
    Fail,
    /// Leave out what cannot be read, say what is lost, and go on.
    Salvage,
}

/// Something to tell the user. None of them stops a reader.
#[derive(Debug)]
pub enum Notice {
    /// Data that cannot be read is left out.
    Lost(Error),
    /// The log ends within an entry that was being written when the server stopped. The server drops it too.
    TornEnd {
        /// The segment.
        path: PathBuf,
        /// Where the entry begins.
        offset: u64,
        /// Bytes of it that are there.
        bytes: u64,
    },
    /// A key names no field. The server does not show it either.
    NoField {
        /// The file.
        path: PathBuf,
        /// The key.
        key: Vec<u8>,
    },
    /// A file that ends in `.tsm` and has no generation and sequence. The server does not load such a shard.
    OddName {
        /// The file.
        path: PathBuf,
    },
    /// Deletes that servers since 1.4 forget, because they misread tombstones of version 2. Here they apply, so
    /// the old server shows more points.
    OldTombstone {
        /// The tombstone file.
        path: PathBuf,
    },
    /// An archive of an earlier backup has files that the newest one lacks. A server removes files when it
    /// compacts them, and a backup of what changed or of a range of time leaves files out: nothing tells which.
    Merged {
        /// The archive of the earlier backup.
        older: PathBuf,
        /// That of the newest.
        newest: PathBuf,
    },
    /// A retention policy or shard is in the `meta.db` of a backup, and its data is not in the backup.
    NotBackedUp {
        /// What it belongs to.
        origin: Origin,
        /// The shards.
        shards: Vec<u64>,
        /// Whether these are all shards of the retention policy.
        whole: bool,
    },
    /// No manifest names an archive: its backup was interrupted, or its manifest was lost.
    Unnamed {
        /// The archive.
        path: PathBuf,
    },
}

impl Notice {
    /// Returns the code of `docs/errors.md`.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Lost(error) => error.code(),
            Self::TornEnd { .. } => &codes::TORN_END,
            Self::NoField { .. } => &codes::NO_FIELD,
            Self::OddName { .. } => &codes::ODD_NAME,
            Self::OldTombstone { .. } => &codes::OLD_TOMBSTONE,
            Self::Merged { .. } => &codes::MERGED,
            Self::NotBackedUp { .. } => &codes::NOT_BACKED_UP,
            Self::Unnamed { .. } => &codes::UNNAMED,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "left out: {error}"),
            Self::TornEnd { path, offset, bytes } => write!(
                f,
                "`{}` ends at byte {offset} within an entry that was being written; {bytes} bytes are left out, as the server does",
                path.display()
            ),
            Self::NoField { path, key } => {
                write!(f, "left out: key `{}` of `{}`: it names no field", shown(key), path.display())
            }
            Self::OddName { path } => {
                write!(f, "left out: `{}` is not named as a TSM file is", path.display())
            }
            Self::OldTombstone { path } => write!(
                f,
                "`{}` holds deletes that servers since 1.4 misread and do not apply; here they are applied",
                path.display()
            ),
            Self::Merged { older, newest } => write!(
                f,
                "`{}` has files that `{}` lacks; both are read, so points that were deleted between the two \
                 backups may be there again. To read one backup only, put it into a folder of its own",
                older.display(),
                newest.display()
            ),
            Self::NotBackedUp { origin, whole: true, .. } => {
                write!(
                    f,
                    "left out: the backup has no data of `{origin}`, although its `meta.db` has shards of it"
                )
            }
            Self::NotBackedUp { origin, shards, whole: false } => {
                let shards: Vec<String> = shards.iter().map(u64::to_string).collect();
                write!(f, "left out: the backup has no data of shard {} of `{origin}`", shards.join(", "))
            }
            Self::Unnamed { path } => {
                write!(f, "left out: `{}` belongs to no whole backup: nothing names it", path.display())
            }
        }
    }
}

/// How damage is met, and what was noticed so far.
#[derive(Debug, Default)]
pub(super) struct Care {
    pub(super) on_damage: OnDamage,
    pub(super) notices: Vec<Notice>,
}

impl Care {
    /// Takes damage: an error, or a notice and on.
    pub(super) fn damaged(&mut self, error: Error) -> Result<(), Error> {
        match self.on_damage {
            OnDamage::Fail => Err(error),
            OnDamage::Salvage => {
                self.notices.push(Notice::Lost(error));
                Ok(())
            }
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}
