//! One transfer from begin to end.

use super::left_out::LeftOut;
use super::rejects::Rejects;
use super::scan::{self, Ended};
use super::shared::Shared;
use super::{Error, Ledger, Limiter, batch, lane};
use crate::model::{Clock, ResourceId, Retention};
use crate::plan::Transfer;
use crate::run::{Cut, Entry, EventSender, History, Journal, StateDir, TransferDone, TransferStarted};
use crate::source::Reader;
use crate::target::Client;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
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

/// Batches that wait for a lane, beside the one it sends and the one that is being filled.
const QUEUED: usize = 1;

/// Moves the data of one retention policy into a bucket.
///
/// Goes on where earlier runs with the same source, range and settings got to, and writes the journal's
/// entries of a transfer itself: started, batches, rejects, done. Returns where every line went, over
/// all runs. Memory: up to five times `batch_bytes` a lane.
pub async fn run(transfer: &Transfer, context: Context) -> Result<Ledger, Error> {
    let started = started(transfer, &context);
    let earlier = context.history.transfer(&transfer.origin);
    let earlier = earlier.filter(|earlier| earlier.started == started && earlier.done.is_none());
    let rejects = Rejects::open(&context.dir, &transfer.origin, earlier)?;
    let left_out = LeftOut::begin(&context.dir, &transfer.origin)?;
    let shared = Arc::new(Shared::new(transfer, &context, rejects, left_out, earlier.is_some()));
    lane::check_rejects(&shared, shared.ledger().rejected, None)?;
    shared.journal.append(&Entry::TransferStarted(started.clone()))?;

    let (mut lanes, mut senders) = (JoinSet::new(), Vec::new());
    for _ in 0..started.cut.lanes {
        let (sender, receiver) = mpsc::channel(QUEUED);
        senders.push(sender);
        lanes.spawn(lane::run(Arc::clone(&shared), receiver));
    }
    let reader = scan::start(context.reader, &started.cut, &shared, senders);
    let ended = join(lanes, reader, &shared).await;
    shared.progress();
    match ended? {
        Ended::Whole => finish(transfer, &context.bucket_id, &shared),
        Ended::Early => {
            shared.journal.sync()?;
            Err(Error::Interrupted { ledger: shared.ledger() })
        }
    }
}

fn started(transfer: &Transfer, context: &Context) -> TransferStarted {
    let settings = &transfer.settings;
    TransferStarted {
        origin: transfer.origin.clone(),
        bucket_id: context.bucket_id.clone(),
        fingerprint: transfer.fingerprint.clone(),
        range: transfer.range,
        cut: Cut {
            batch_bytes: settings.batch_bytes,
            batch_lines: settings.batch_lines,
            lanes: u32::try_from(settings.parallel.clamp(1, 64)).unwrap_or(1),
            rule: batch::RULE,
            window: settings.window,
            on_type_conflict: settings.on_type_conflict,
        },
    }
}

/// Waits for lanes and reader. The first error stops the others and is the one that is returned.
async fn join(
    mut lanes: JoinSet<Result<Ended, Error>>,
    reader: oneshot::Receiver<Result<Ended, Error>>,
    shared: &Shared,
) -> Result<Ended, Error> {
    let mut result = Ok(Ended::Whole);
    let mut take = |part: Result<Ended, Error>| {
        if part.is_err() {
            shared.stop.cancel();
        }
        result = match (std::mem::replace(&mut result, Ok(Ended::Early)), part) {
            (Err(first), _) => Err(first),
            (Ok(_), Err(error)) => Err(error),
            (Ok(Ended::Whole), Ok(Ended::Whole)) => Ok(Ended::Whole),
            (Ok(_), Ok(_)) => Ok(Ended::Early),
        };
    };
    let mut reader = std::pin::pin!(reader);
    let mut reading = true;
    loop {
        tokio::select! {
            read = &mut reader, if reading => {
                reading = false;
                take(read.unwrap_or(Err(Error::Stopped { what: "the reader" })));
            }
            Some(lane) = lanes.join_next() => {
                take(lane.unwrap_or(Err(Error::Stopped { what: "a lane" })));
            }
            else => break,
        }
    }
    result
}

/// Checks that every line is accounted for, and records that nothing is left to do.
fn finish(transfer: &Transfer, bucket_id: &ResourceId, shared: &Shared) -> Result<Ledger, Error> {
    shared.finish_left_out()?;
    let ledger = shared.final_ledger();
    if !ledger.balances() {
        return Err(Error::Unbalanced { ledger });
    }
    let done = TransferDone {
        origin: transfer.origin.clone(),
        bucket_id: bucket_id.clone(),
        fingerprint: transfer.fingerprint.clone(),
        range: transfer.range,
        ledger: ledger.into(),
    };
    shared.journal.append(&Entry::TransferDone(done))?;
    Ok(ledger)
}
