//! The parts of the document. Names, ids, addresses and times are strings: a program reads them as such.

use crate::model::OnTypeConflict;
use crate::plan::{Action, Parts, Reason, Risk, TransferProgress, TransferSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What the plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectPart {
    /// `name` of the manifest.
    pub name: String,
    /// Path of the manifest as given. Not part of the digest.
    pub manifest: String,
    /// SHA-256 of the manifest with its overlays, before the environment is put in.
    pub manifest_digest: String,
    /// URL of the target; `sandbox` for the embedded one.
    pub url: String,
    /// Name of the organization.
    pub org: String,
    /// Its id.
    pub org_id: String,
    /// `cloud_tsm`, `cloud_serverless` or `oss_v2`.
    pub kind: String,
}

/// One unit of work. Exactly one of `bucket`, `dbrp`, `transfer` and `verify` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepPart {
    /// Unique in the plan, such as `bucket.telegraf/autogen`.
    pub address: String,
    /// What the step does; `no_op` for one with nothing to do.
    pub action: Action,
    /// Why the step is there. For readers; new reasons may be added.
    pub reason: Reason,
    /// What it may cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Risk>,
    /// A bucket, before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketSides>,
    /// A DBRP mapping, before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dbrp: Option<DbrpSides>,
    /// Data to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferPart>,
    /// A comparison of both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyPart>,
    /// What must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NeedPart>,
    /// Where the manifest asks for it. Not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlacePart>,
}

/// A bucket before and after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BucketSides {
    /// As observed. Absent for a new bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<BucketPart>,
    /// As it shall be. Absent for one that is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<BucketPart>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BucketPart {
    /// Unique in the organization.
    pub name: String,
    /// Absent for a bucket that is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `infinite`, or a duration such as `30d`.
    pub retention: String,
    /// Free text, with the ownership mark ` [tidegate:NAME]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A DBRP mapping before and after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DbrpSides {
    /// As observed. Absent for a new mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<DbrpPart>,
    /// As it shall be. Absent for one that is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<DbrpPart>,
}

/// A DBRP mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DbrpPart {
    /// Absent for a mapping that is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The database that clients name.
    pub database: String,
    /// The retention policy that clients name.
    pub retention_policy: String,
    /// The bucket they reach. Empty where it is not visible to the token.
    pub bucket: String,
    /// Whether clients that name no retention policy reach it.
    pub default: bool,
}

/// The data of one retention policy, moved into one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferPart {
    /// The 1.x database.
    pub database: String,
    /// The retention policy in it.
    pub retention_policy: String,
    /// Where the data goes.
    pub bucket: String,
    /// Points outside are skipped.
    pub range: RangePart,
    /// The source files, in the order they are read.
    pub files: Vec<String>,
    /// What `files` are.
    #[serde(default, skip_serializing_if = "Parts::are_files")]
    pub parts: Parts,
    /// Changes when the source data changes.
    pub fingerprint: String,
    /// Bytes on disk, if known. Not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// From the first point of the source to one after its last, if known. Not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<RangePart>,
    /// How batches are cut and sent.
    pub settings: TransferSettings,
    /// How far earlier runs came.
    pub progress: TransferProgress,
}

/// A comparison of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifyPart {
    /// The 1.x database.
    pub database: String,
    /// The retention policy in it.
    pub retention_policy: String,
    /// The bucket that is compared with it.
    pub bucket: String,
    /// Points outside are not compared.
    pub range: RangePart,
    /// As in the settings of the transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<NonZeroU64>,
    /// As in the settings of the transfer.
    #[serde(default, skip_serializing_if = "OnTypeConflict::is_error")]
    pub on_type_conflict: OnTypeConflict,
    /// `counts`: counts of every measurement, field and time window.
    pub method: String,
    /// Whether this transfer was compared before.
    pub done: bool,
}

/// Times from `start` up to, not including, `end`; RFC 3339. Without one there is no limit on that side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RangePart {
    /// The first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The first time after the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// A step that comes first, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedPart {
    /// The step's address.
    pub address: String,
    /// Why.
    pub why: String,
}

/// A warning or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingPart {
    /// A code of `docs/errors.md`.
    pub code: String,
    /// The step it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it is.
    pub message: String,
    /// The way out of a refusal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Where in the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlacePart>,
}

/// A place in a manifest file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlacePart {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// First byte of the span.
    pub start: usize,
    /// First byte after the span.
    pub end: usize,
}
