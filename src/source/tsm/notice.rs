//! What a reader has to tell beside the data: what was lost, and what looks odd.

use super::Error;
use super::error::shown;
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
