//! Asks the target and compares.

use super::{Error, Report};
use crate::plan::Verify;
use crate::run::EventSender;
use crate::source::Source;
use crate::target::Client;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a target is given to show what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first pause; each later one is twice as long, up to a minute.
    pub first: Duration,
    /// All pauses together. Zero: the target is asked once.
    pub total: Duration,
}

/// What a comparison needs besides the step.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Where the data came from.
    pub source: &'a Source,
    /// Where it went.
    pub target: &'a Client,
    /// Records that the target refused, as (file, offset) in the order of reading. The file is a
    /// place in [`crate::source::PolicyFacts::files`].
    pub rejected: &'a [(usize, u64)],
    /// Whether this run created the bucket, so that nobody else can have written to it.
    pub created: bool,
    /// Where temporary files go.
    pub directory: &'a Path,
    /// Bytes of memory for counting, at least 1 MiB.
    pub memory: usize,
    /// How long the target is given.
    pub patience: Patience,
    /// Ends the comparison early.
    pub cancel: &'a CancellationToken,
    /// Is told how far the comparison is.
    pub events: &'a EventSender,
}

/// Compares both sides. A difference is no error here: see [`Report::into_result`].
pub async fn run(step: &Verify, context: Context<'_>) -> Result<Report, Error> {
    let _ = (step, context);
    Err(Error::Interrupted)
}
