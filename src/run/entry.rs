//! What the journal holds: the types that are written to disk.
//!
//! A field or a variant is added only with a new [`FORMAT`]; nothing is renamed or removed.

use crate::model::{OnTypeConflict, Origin, ResourceId, TimeRange, Timestamp};
use crate::plan::{Action, Address};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// The newest format that is written and read.
pub const FORMAT: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The format of the lines that follow.
    pub(super) tidegate_journal: u32,
}

/// A line of the journal: when, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record<E> {
    /// When it happened, on this machine's clock.
    #[serde(with = "rfc3339")]
    pub(super) at: Timestamp,
    /// What happened.
    pub(super) entry: E,
}

/// One thing that happened. Never holds a secret, and no text of the data but in [`Rejected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A run began.
    RunStarted(RunStarted),
    /// A run ended by itself; one without this entry was killed.
    RunFinished {
        /// The exit code of the command.
        exit: u8,
    },
    /// A step is done: written, read back and compared.
    StepDone {
        /// The step.
        address: Address,
        /// What it did; `no_op` where the target already was as desired.
        action: Action,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        address: Address,
        /// The code of the error.
        code: String,
        /// What the error said, the target's answer with it.
        #[serde(serialize_with = "shortened")]
        message: String,
    },
    /// A transfer begins, or goes on where an earlier run ended.
    TransferStarted(TransferStarted),
    /// The target acknowledged a batch, and every line of it is accounted for.
    BatchAcked(BatchAcked),
    /// A line was refused. Written before the [`BatchAcked`] of its batch.
    Rejected(Rejected),
    /// Everything of a transfer was sent, rejected or skipped.
    TransferDone(TransferDone),
    /// Both sides were compared.
    Verified(Verified),
}

/// Who began a run of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The program's version.
    pub version: String,
    /// The command, such as `apply`.
    pub command: String,
    /// The plan's digest, or empty where there is no plan.
    pub plan: String,
    /// Login name; empty if unknown.
    pub user: String,
    /// Host name; empty if unknown.
    pub host: String,
    /// Process id.
    pub pid: u32,
}

/// What a transfer moves, and how its batches are cut.
///
/// Two runs with equal values cut the same batches with the same numbers, so that the second can
/// leave out what the first got acknowledged. With any other value, numbers mean nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferStarted {
    /// Which retention policy.
    pub origin: Origin,
    /// The bucket it goes to.
    pub bucket_id: ResourceId,
    /// The source's fingerprint.
    pub fingerprint: String,
    /// Only points in this range are sent.
    pub range: TimeRange,
    /// How batches are cut.
    pub cut: Cut,
}

/// What decides where one batch ends and the next begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Uncompressed bytes a batch.
    pub batch_bytes: u64,
    /// Lines a batch.
    pub batch_lines: u64,
    /// How many lanes lines are spread over.
    pub lanes: u32,
    /// Raised when the rule for cutting or spreading changes.
    pub rule: u32,
    /// The length of time that is read at once, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<NonZeroU64>,
    /// Which values of fields with different types are read.
    #[serde(default, skip_serializing_if = "OnTypeConflict::is_error")]
    pub on_type_conflict: OnTypeConflict,
}

/// A batch with nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAcked {
    /// Which transfer.
    pub origin: Origin,
    /// The lane, from 0.
    pub lane: u32,
    /// The number in the lane, from 0.
    pub seq: u64,
    /// Lines the target took.
    pub lines: u64,
    /// Bytes of those lines before compression.
    pub bytes: u64,
    /// Lines the target refused.
    pub rejected: u64,
}

/// A line the target refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Which transfer.
    pub origin: Origin,
    /// The lane of its batch.
    pub lane: u32,
    /// The number of its batch.
    pub seq: u64,
    /// The file, as the manifest names it.
    pub file: String,
    /// The first byte of the line in the uncompressed file.
    pub offset: u64,
    /// The beginning of the line.
    #[serde(serialize_with = "shortened")]
    pub line: String,
    /// Why, in the target's words.
    #[serde(serialize_with = "shortened")]
    pub reason: String,
}

/// A transfer that ran to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDone {
    /// Which retention policy.
    pub origin: Origin,
    /// The bucket it went to.
    pub bucket_id: ResourceId,
    /// The source's fingerprint.
    pub fingerprint: String,
    /// Only points in this range were sent.
    pub range: TimeRange,
    /// Where every line went, over all runs of the transfer.
    pub ledger: Lines,
}

/// Where lines went: read = sent + rejected + skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Lines read from the source.
    pub read: u64,
    /// Lines the target took.
    pub sent: u64,
    /// Lines the target refused.
    pub rejected: u64,
    /// Lines left out by request.
    pub skipped: u64,
    /// Values, not lines, that no line can say, or whose type was not chosen.
    #[serde(default, skip_serializing_if = "none")]
    pub left_out: u64,
    /// Damaged places of the source that were passed over.
    #[serde(default, skip_serializing_if = "none")]
    pub damaged: u64,
}

/// A comparison of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Which retention policy.
    pub origin: Origin,
    /// The bucket it was compared with.
    pub bucket_id: ResourceId,
    /// The source's fingerprint.
    pub fingerprint: String,
    /// Only points in this range were compared.
    pub range: TimeRange,
    /// Whether the comparison passed.
    pub passed: bool,
}

/// Text of others is cut: an answer of a target can be a whole page of HTML.
fn shortened<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    /// Bytes; enough for every message a target is known to send.
    const LONGEST: usize = 4096;
    match text.len() {
        0..=LONGEST => serializer.serialize_str(text),
        _ => serializer.serialize_str(&format!("{}…", &text[..text.floor_char_boundary(LONGEST)])),
    }
}

/// Times a person can read.
mod rfc3339 {
    use crate::model::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::borrow::Cow;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Timestamp::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn none(count: &u64) -> bool {
    *count == 0
}
