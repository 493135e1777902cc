//! Moves data and compares both sides.

use super::context::Shared;
use super::{Error, StepResult};
use crate::plan::{Transfer, Verify};

/// Checks that source and bucket are those that were planned, and moves the data.
pub(super) async fn transfer(shared: &Shared, transfer: &Transfer) -> Result<StepResult, Error> {
    shared.bucket_id(&transfer.bucket).await?;
    Err(Error::NotPossible { why: "data cannot be moved yet" })
}

/// Compares both sides and records the result.
pub(super) async fn verify(shared: &Shared, verify: &Verify) -> Result<StepResult, Error> {
    shared.bucket_id(&verify.bucket).await?;
    Err(Error::NotPossible { why: "data cannot be compared yet" })
}
