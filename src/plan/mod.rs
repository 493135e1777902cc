//! What has to change, as data: pure functions from the manifest and both sides to a [`Plan`].

pub mod address;
pub mod step;

pub use address::Address;
pub use step::{
    Action, Change, Diff, Moved, Need, Plan, Progress, Reason, Risk, Step, Subject, Transfer,
    TransferProgress, TransferSettings, Verify, Warning,
};
