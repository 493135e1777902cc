//! What has to change, as data: pure functions from the manifest and both sides to a [`Plan`].
//!
//! [`desired()`] makes the manifest and the source's inventory concrete, [`diff()`] compares that with
//! what was observed, [`preflight()`] says what the target or the safety rules would refuse.

pub mod address;
pub mod codes;
pub mod desired;
pub mod diff;
mod digest;
pub mod document;
pub mod error;
pub mod file;
pub mod graph;
pub mod order;
pub mod ownership;
pub mod preflight;
pub mod step;
pub mod summary;

pub use address::Address;
pub use desired::{Desired, DesiredTransfer, desired};
pub use diff::{Options, diff, to_prune};
pub use error::Error;
pub use graph::Graph;
pub use preflight::{Findings, Lacking, World, lacking, preflight};
pub use step::{
    Action, Change, Diff, Moved, Need, Parts, Plan, Progress, Reason, Refusal, Risk, Step, Subject, Transfer,
    TransferProgress, TransferSettings, Verify, Warning,
};
pub use summary::{Level, Summary};
