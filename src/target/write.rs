//! Writes one body of line protocol, waiting and retrying where that helps.

use super::{Client, Error};
use crate::model::ResourceId;
use bytes::Bytes;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The target took all of it.
    Stored,
    /// The body is too large; send it in parts. Some of it may be stored, which does no harm.
    TooLarge,
    /// The target refuses lines of it.
    Refused(Refusal),
}

/// Why lines of a body are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The server's words.
    pub message: String,
    /// The lines the server names; more may be bad.
    pub named: Vec<NamedLine>,
    /// How many lines the server says it dropped.
    pub dropped: Option<u64>,
    /// What became of the other lines.
    pub others: Others,
}

/// A line that the server names in a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedLine {
    /// By its number in the body, from 1.
    Number { number: u64, reason: String },
    /// By its text, which may be cut.
    Text { text: Vec<u8>, reason: String },
    /// By what is wrong with it: a field of another type, outside the retention, and so on.
    Any { reason: String },
}

/// What became of the lines of a refused body that are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Nothing of the body is stored.
    NotStored,
    /// The good lines are stored.
    Stored,
    /// The server does not say; sending them again does no harm.
    Unknown,
}

/// Why a write waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The organization's write quota is used up; it fills again after the wait.
    Quota,
    /// The target is busy.
    Busy,
    /// The target cannot be reached, or failed.
    Failing,
}

/// Tells why a write takes longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Why.
    pub wait: Wait,
    /// How long until the next attempt.
    pub pause: Duration,
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// What the target said.
    pub message: String,
}

impl Client {
    /// Writes `body`, nanosecond precision, to a bucket.
    ///
    /// Waits and retries with identical bytes where waiting helps, and tells `notice` about it before
    /// each wait. Gives up after the timeouts of [`super::Timeouts`] without success. `gzip`
    /// compresses the body once.
    pub async fn write(
        &self,
        bucket: &ResourceId,
        body: Bytes,
        gzip: bool,
        cancel: &CancellationToken,
        notice: &(dyn Fn(Notice) + Send + Sync),
    ) -> Result<Written, Error> {
        let _ = (bucket, body, gzip, cancel, notice);
        todo!()
    }
}
