//! One transfer from begin to end.

use super::{Error, Ledger, Limiter};
use crate::model::{Clock, ResourceId, Retention};
use crate::plan::Transfer;
use crate::run::{EventSender, History, Journal, StateDir};
use crate::source::Reader;
use crate::target::Client;
use std::fmt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a transfer works with.
pub struct Context {
    /// The source's records, from the first one on.
    pub reader: Reader,
    /// The target.
    pub client: Client,
    /// The bucket.
    pub bucket_id: ResourceId,
    /// How long the bucket keeps points; older ones are skipped.
    pub retention: Retention,
    /// Records what is acknowledged.
    pub journal: Arc<Journal>,
    /// What earlier runs did.
    pub history: Arc<History>,
    /// Where rejected lines go.
    pub dir: StateDir,
    /// Tells what happens.
    pub events: EventSender,
    /// Ends the transfer early, in an orderly way.
    pub cancel: CancellationToken,
    /// Shared by all transfers to the organization.
    pub limiter: Arc<Limiter>,
    /// Tells the time.
    pub clock: Clock,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("reader", &self.reader)
            .field("bucket_id", &self.bucket_id)
            .finish_non_exhaustive()
    }
}

/// Moves the data of one retention policy into a bucket.
///
/// Goes on where earlier runs with the same source, range and settings got to, and writes the journal's
/// entries of a transfer itself: started, batches, rejects, done. Returns where every line went, over
/// all runs.
pub async fn run(transfer: &Transfer, context: Context) -> Result<Ledger, Error> {
    let _ = (transfer, context);
    Err(Error::Stopped { what: "the transfer" })
}
