//! How 1.x data is read: which times, in which order, and what happens where it is not as it should be.

use super::TimeRange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What is read of a retention policy, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Points outside are not moved.
    pub range: TimeRange,
    /// The length of time to read at once, in seconds; `None` to read series by series. Export files have an
    /// order of their own.
    pub window: Option<NonZeroU64>,
    /// What to do about fields with different types in different shards.
    pub on_type_conflict: OnTypeConflict,
}

impl Reading {
    /// Everything, in the natural order.
    pub const ALL: Self =
        Self { range: TimeRange::ALL, window: None, on_type_conflict: OnTypeConflict::Error };
}

/// What to do where a file of the 1.x server is damaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnCorruption {
    /// Stop, with file, place and what is lost.
    #[default]
    Error,
    /// Move every block that is intact, and list what is lost.
    Salvage,
}

/// What to do about a field that has different types in different shards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTypeConflict {
    /// Refuse to plan.
    #[default]
    Error,
    /// Keep the type of the newest shard; values of other types are left out and listed.
    Newest,
    /// Keep the type of the oldest shard; values of other types are left out and listed.
    Oldest,
    /// Leave the field out, and list it.
    Skip,
}

impl OnTypeConflict {
    /// Tells whether nothing else was asked for.
    pub fn is_error(&self) -> bool {
        *self == Self::Error
    }
}
