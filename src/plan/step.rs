//! Steps and the plan they make.

use super::Address;
use crate::manifest::{Place, VerifyMethod};
use crate::model::{Bucket, BucketName, Dbrp, Kind, OnTypeConflict, Origin, Reading, ResourceId, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// How one resource changes. What cannot be meant cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diff<T> {
    /// It is as desired.
    Keep(T),
    /// It is there, not yet under this manifest's name, and becomes managed.
    Adopt { before: T, after: T },
    /// It is not there.
    Create(T),
    /// It changes in place.
    Update { before: T, after: T },
    /// It cannot change in place: deleted, then created.
    Replace { before: T, after: T },
    /// It is no longer wanted.
    Delete(T),
}

/// What a step does, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Takes an existing resource under this manifest's name.
    Adopt,
    /// Creates a resource.
    Create,
    /// Changes a resource in place.
    Update,
    /// Deletes and creates a resource.
    Replace,
    /// Deletes a resource.
    Delete,
    /// Moves data.
    Transfer,
    /// Compares both sides.
    Verify,
}

impl<T> Diff<T> {
    /// Returns the action, which follows from the shape.
    pub fn action(&self) -> Action {
        match self {
            Self::Keep(_) => Action::NoOp,
            Self::Adopt { .. } => Action::Adopt,
            Self::Create(_) => Action::Create,
            Self::Update { .. } => Action::Update,
            Self::Replace { .. } => Action::Replace,
            Self::Delete(_) => Action::Delete,
        }
    }

    /// Returns the resource as it was observed, if it was there.
    pub fn before(&self) -> Option<&T> {
        match self {
            Self::Keep(before)
            | Self::Delete(before)
            | Self::Adopt { before, .. }
            | Self::Update { before, .. }
            | Self::Replace { before, .. } => Some(before),
            Self::Create(_) => None,
        }
    }

    /// Returns the resource as it shall be, if it shall be there.
    pub fn after(&self) -> Option<&T> {
        match self {
            Self::Keep(after)
            | Self::Create(after)
            | Self::Adopt { after, .. }
            | Self::Update { after, .. }
            | Self::Replace { after, .. } => Some(after),
            Self::Delete(_) => None,
        }
    }
}

/// What a step changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A bucket.
    Bucket(Diff<Bucket>),
    /// A DBRP mapping.
    Dbrp(Diff<Dbrp>),
    /// Data is moved into a bucket.
    Transfer(Transfer),
    /// Both sides are compared.
    Verify(Verify),
}

impl Change {
    /// Returns the action in one word.
    pub fn action(&self) -> Action {
        match self {
            Self::Bucket(diff) => diff.action(),
            Self::Dbrp(diff) => diff.action(),
            Self::Transfer(transfer) if transfer.progress == TransferProgress::Done => Action::NoOp,
            Self::Transfer(_) => Action::Transfer,
            Self::Verify(verify) if verify.done => Action::NoOp,
            Self::Verify(_) => Action::Verify,
        }
    }

    /// Returns the bucket that it is about: the one that it leads to where a mapping changes.
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::Bucket(diff) => diff.after().or(diff.before()).map(|bucket| &bucket.name),
            Self::Dbrp(diff) => diff.after().or(diff.before()).map(|dbrp| &dbrp.bucket),
            Self::Transfer(transfer) => Some(&transfer.bucket),
            Self::Verify(verify) => Some(&verify.bucket),
        }
    }
}

/// The data of one retention policy, moved into one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Where the data comes from.
    pub origin: Origin,
    /// Where it goes.
    pub bucket: BucketName,
    /// Only points in this range are sent; others are counted as skipped.
    pub range: TimeRange,
    /// The source files as the manifest names them, or shards, in the order they are read.
    pub files: Vec<String>,
    /// What `files` are.
    pub parts: Parts,
    /// Changes when the source data changes: a digest over names, sizes and ends of the files.
    pub fingerprint: String,
    /// Bytes on disk, if known. An estimate; not part of the digest.
    pub bytes: Option<u64>,
    /// From the first point of the source to one after its last, if known. Not part of the digest.
    pub held: Option<TimeRange>,
    /// How batches are cut and sent.
    pub settings: TransferSettings,
    /// How far earlier runs came.
    pub progress: TransferProgress,
}

/// What a source consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parts {
    /// Export files.
    #[default]
    Files,
    /// Shards of a 1.x server.
    Shards,
}

impl Parts {
    /// Tells whether they are export files, which is what a plan means that does not say.
    pub fn are_files(&self) -> bool {
        *self == Self::Files
    }
}

/// How batches are cut and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferSettings {
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// Batches in flight, 1 to 64.
    pub parallel: usize,
    /// Uncompressed bytes a batch, 64 KiB to 25 MB.
    pub batch_bytes: u64,
    /// Lines a batch, 1 to 1,000,000.
    pub batch_lines: u64,
    /// Rejected lines that are tolerated before the transfer stops.
    pub max_rejects: Option<u64>,
    /// The length of time that is read at once, in seconds; without it, series by series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<NonZeroU64>,
    /// What happens to fields with different types in different shards.
    #[serde(default, skip_serializing_if = "OnTypeConflict::is_error")]
    pub on_type_conflict: OnTypeConflict,
}

impl Transfer {
    /// Returns how the source is read.
    pub fn reading(&self) -> Reading {
        let TransferSettings { window, on_type_conflict, .. } = self.settings;
        Reading { range: self.range, window, on_type_conflict }
    }
}

/// How far earlier runs of a transfer came, from the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferProgress {
    /// Nothing was sent.
    #[default]
    NotStarted,
    /// Some batches were acknowledged; the same source goes on where they end.
    Partial,
    /// Everything was sent, rejected with a reason, or skipped by request.
    Done,
}

/// A comparison of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// The source side.
    pub origin: Origin,
    /// The target side.
    pub bucket: BucketName,
    /// Only points in this range are compared.
    pub range: TimeRange,
    /// As in the transfer, so that its rejected lines are found again.
    pub window: Option<NonZeroU64>,
    /// As in the transfer.
    pub on_type_conflict: OnTypeConflict,
    /// How both sides are compared.
    pub method: VerifyMethod,
    /// Whether this transfer was verified before.
    pub done: bool,
}

impl Verify {
    /// Returns how the source is read.
    pub fn reading(&self) -> Reading {
        Reading { range: self.range, window: self.window, on_type_conflict: self.on_type_conflict }
    }
}

/// An edge of the graph: the step needs another one first, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Need {
    /// The step that comes first.
    pub address: Address,
    /// Why, as a short sentence without a full stop.
    pub why: String,
}

/// Why a step is in the plan. For readers only; never steers what apply does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is as desired.
    AsDesired,
    /// Only `default` differs, and it follows when the step of the database's default mapping is done.
    FollowsDefault {
        /// That step.
        #[schemars(with = "String")]
        to: Address,
    },
    /// Another manifest's name is in its description. Such a plan is refused.
    OwnedBy { name: String },
    /// The target has no such resource.
    Missing,
    /// The target has it, but no manifest manages it yet.
    Unmanaged,
    /// The target has only a virtual mapping, which follows the bucket's name and cannot be changed.
    OnlyVirtual,
    /// A field differs from the manifest.
    Differs { fields: Vec<String> },
    /// The field cannot be changed in place.
    Immutable { field: String },
    /// The manifest no longer has it, and pruning was asked for.
    NotInManifest,
    /// The data was not moved yet.
    NotMoved,
    /// An earlier run was stopped.
    PartlyMoved,
    /// The source data changed since it was moved.
    SourceChanged,
    /// The data was moved with another `start` or `end`.
    RangeChanged,
    /// The bucket was deleted and created again since data was moved.
    BucketRecreated,
    /// The data was moved into another bucket.
    BucketChanged {
        /// The other bucket.
        #[schemars(with = "String")]
        from: BucketName,
    },
    /// The data was moved but not yet compared.
    NotVerified,
}

/// What a step may cost. Shown first, counted against the safety rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// A mapping is gone for a moment between delete and create.
    Gap,
    /// Points older than the new retention are deleted by the target.
    RetentionShrink { from: String, to: String },
    /// A bucket that may hold data is deleted.
    DataLoss,
    /// Clients that name no retention policy reach another retention policy's bucket.
    DefaultMoves { database: String, to: String },
}

/// One unit of work, with everything apply needs and a reviewer asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan.
    pub address: Address,
    /// What changes.
    pub change: Change,
    /// What must be done before, in the order of addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Why the step is there.
    pub reason: Reason,
    /// What it may cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Risk>,
    /// Where the manifest asks for it. Not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Something a reviewer should know before applying. Does not stop apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A code of `docs/errors.md`.
    pub code: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// One or two sentences.
    pub message: String,
    /// Where in the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Why apply will not run the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A code of `docs/errors.md`.
    pub code: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// One or two sentences, with the numbers.
    pub message: String,
    /// The option or setting that allows it, or another way out.
    pub help: String,
    /// Where in the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What the plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `name` of the manifest.
    pub name: String,
    /// Path of the manifest as given.
    pub manifest: String,
    /// SHA-256 of the manifest with its overlays, before the environment is put in.
    pub manifest_digest: String,
    /// URL of the target. `sandbox` for the embedded one, whose port changes.
    pub url: String,
    /// Name of the organization.
    pub org: String,
    /// Its id.
    pub org_id: ResourceId,
    /// The product.
    pub kind: Kind,
}

/// The reviewed answer: steps in a stable order, and what they were computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the plan is about.
    pub subject: Subject,
    /// Sorted so that every step comes after its needs, then by address.
    pub steps: Vec<Step>,
    /// Sorted by code, then address.
    pub warnings: Vec<Warning>,
    /// Why apply will not run it; empty for a plan that may be applied. Sorted by code, then address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// `sha256:` and 64 hexadecimal digits over subject and steps, without places and estimates.
    pub digest: String,
}

/// What earlier runs did, by address: input to the diff, read from the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Transfers that were started.
    pub transfers: BTreeMap<Origin, Moved>,
    /// Transfers that were verified, with the fingerprint that was compared.
    pub verified: BTreeMap<Origin, Moved>,
}

/// What was moved into which bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The bucket's id then. Another id now means that the bucket was created again.
    pub bucket_id: ResourceId,
    /// The source's fingerprint and the range, then.
    pub fingerprint: String,
    /// The range that was moved.
    pub range: TimeRange,
    /// Whether it ran to the end.
    pub done: bool,
}

impl Moved {
    /// Tells whether it was this source and range, into this very bucket.
    pub fn is_of(&self, bucket_id: &ResourceId, fingerprint: &str, range: TimeRange) -> bool {
        self.bucket_id == *bucket_id && self.fingerprint == fingerprint && self.range == range
    }
}
