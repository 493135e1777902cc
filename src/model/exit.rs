//! Exit codes: the one table, for commands, the journal and documents.

use super::Blame;

/// The exit codes of `docs/errors.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything is as asked.
    Success = 0,
    /// Failed, and nothing was changed.
    Failed = 1,
    /// `--detailed-exitcode`: there are changes.
    Changes = 2,
    /// `--detailed-exitcode`: there are changes that risk data.
    RiskyChanges = 3,
    /// The manifest, or a file it names, is wrong.
    InvalidManifest = 10,
    /// The world changed since the plan was made.
    Stale = 11,
    /// A safety rule, or a missing approval, stands in the way.
    Refused = 12,
    /// Another run holds the lock.
    Locked = 13,
    /// Stopped part-way; the same command goes on.
    PartWay = 14,
    /// The target refuses the token, or the token lacks a permission.
    Authentication = 15,
    /// Both sides differ.
    VerificationFailed = 16,
    /// 1.x files are damaged.
    Damaged = 17,
    /// The command line is wrong.
    Usage = 64,
    /// Interrupted; the journal is consistent.
    Interrupted = 130,
}

impl Exit {
    /// Returns the code for an error that stopped a command before it changed anything.
    pub fn of(blame: Blame) -> Self {
        match blame {
            Blame::Manifest => Self::InvalidManifest,
            Blame::Source | Blame::Target | Blame::Local | Blame::Internal => Self::Failed,
            Blame::Authentication => Self::Authentication,
            Blame::Stale => Self::Stale,
            Blame::Refused => Self::Refused,
            Blame::Locked => Self::Locked,
            Blame::Verification => Self::VerificationFailed,
            Blame::Usage => Self::Usage,
            Blame::Interrupted => Self::Interrupted,
        }
    }

    /// Returns the number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
