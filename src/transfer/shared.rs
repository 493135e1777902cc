//! What reader and lanes of one transfer share: numbers, files, and who is told.

use super::left_out::LeftOut;
use super::rejects::Rejects;
use super::{Context, Error, Ledger};
use crate::model::{Clock, ResourceId, Retention, Timestamp};
use crate::plan::{Address, Transfer};
use crate::run::{Event, EventSender, History, Journal, Moving, TransferHistory};
use crate::source;
use crate::target::{Client, Notice, Wait};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Duration;
use tokio_util::sync::CancellationToken;

/// What reader and lanes share.
pub(super) struct Shared {
    pub(super) transfer: Transfer,
    pub(super) address: Address,
    pub(super) client: Client,
    pub(super) bucket_id: ResourceId,
    pub(super) retention: Retention,
    pub(super) journal: Arc<Journal>,
    /// All history; see [`Shared::earlier`].
    history: Arc<History>,
    goes_on: bool,
    pub(super) events: EventSender,
    pub(super) limiter: Arc<super::Limiter>,
    pub(super) clock: Clock,
    /// Ends reader and lanes: the run was interrupted, or one of them failed.
    pub(super) stop: CancellationToken,
    pub(super) rejects: Mutex<Rejects>,
    left_out: Mutex<LeftOut>,
    /// The largest body that the target takes; a 413 lowers it.
    pub(super) ceiling: AtomicUsize,
    pub(super) counts: Counts,
}

/// Numbers over all runs of the transfer.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes_read: AtomicU64,
    pub(super) bytes_total: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) left_out: AtomicU64,
    pub(super) damaged: AtomicU64,
    pub(super) bytes_sent: AtomicU64,
    /// Lines of batches that an earlier run got acknowledged, as they are read again.
    pub(super) resumed: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        transfer: &Transfer,
        context: &Context,
        rejects: Rejects,
        left_out: LeftOut,
        goes_on: bool,
    ) -> Self {
        let shared = Self {
            transfer: transfer.clone(),
            address: Address::Transfer(transfer.origin.clone()),
            client: context.client.clone(),
            bucket_id: context.bucket_id.clone(),
            retention: context.retention,
            journal: Arc::clone(&context.journal),
            history: Arc::clone(&context.history),
            goes_on,
            events: context.events.clone(),
            limiter: Arc::clone(&context.limiter),
            clock: Arc::clone(&context.clock),
            stop: context.cancel.child_token(),
            rejects: Mutex::new(rejects),
            left_out: Mutex::new(left_out),
            ceiling: AtomicUsize::new(largest_body(&context.client)),
            counts: Counts::default(),
        };
        if let Some(earlier) = shared.earlier() {
            shared.counts.sent.store(earlier.lines, Ordering::Relaxed);
            shared.counts.rejected.store(earlier.rejected, Ordering::Relaxed);
            shared.counts.bytes_sent.store(earlier.bytes, Ordering::Relaxed);
        }
        shared
    }

    /// Returns what earlier runs did, where this one goes on.
    pub(super) fn earlier(&self) -> Option<&TransferHistory> {
        self.history.transfer(&self.transfer.origin).filter(|_| self.goes_on)
    }

    /// Returns the time before which the bucket keeps nothing.
    pub(super) fn cutoff(&self) -> Timestamp {
        self.retention.cutoff((self.clock)())
    }

    /// Tells how far the transfer is.
    pub(super) fn progress(&self) {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let progress = Moving {
            bytes_read: count(&self.counts.bytes_read),
            bytes_total: count(&self.counts.bytes_total),
            read: count(&self.counts.read),
            sent: count(&self.counts.sent),
            rejected: count(&self.counts.rejected),
            skipped: count(&self.counts.skipped),
            bytes_sent: count(&self.counts.bytes_sent),
        };
        self.events.send(Event::TransferProgress { address: self.address.clone(), progress });
    }

    /// Tells that a body waits.
    pub(super) fn waiting(&self, pause: Duration, why: impl Into<String>) {
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        self.events.send(Event::Waiting { address: self.address.clone(), seconds, why: why.into() });
    }

    /// Passes on why the target makes a body of `bytes` wait.
    pub(super) fn noticed(&self, notice: Notice, bytes: u64) {
        if notice.wait == Wait::Quota {
            self.limiter.refused(bytes, notice.pause, notice.asked);
        }
        let Notice { pause, attempt, message, .. } = notice;
        self.waiting(pause, format!("attempt {attempt} failed: {message}"));
    }

    /// Returns where lines went up to now.
    pub(super) fn ledger(&self) -> Ledger {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Ledger {
            read: count(&self.counts.read),
            sent: count(&self.counts.sent),
            rejected: count(&self.counts.rejected),
            skipped: count(&self.counts.skipped),
            left_out: count(&self.counts.left_out),
            damaged: count(&self.counts.damaged),
        }
    }

    /// Lists values that have no line.
    pub(super) fn leave_out(&self, values: &source::LeftOut) -> Result<(), Error> {
        self.counts.left_out.fetch_add(values.values, Ordering::Relaxed);
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).add(values)
    }

    /// Lists damage that was passed over.
    pub(super) fn pass_over(&self, damage: &source::Warning) -> Result<(), Error> {
        self.counts.damaged.fetch_add(1, Ordering::Relaxed);
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).pass_over(damage)
    }

    /// Brings the list of values without lines to the disk.
    pub(super) fn finish_left_out(&self) -> Result<(), Error> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).finish()
    }

    /// Returns the ledger of a transfer that ran to its end.
    ///
    /// What acknowledged batches of earlier runs left out for being too old is what was read for them
    /// and neither sent nor rejected: their entries do not say it.
    pub(super) fn final_ledger(&self) -> Ledger {
        let mut ledger = self.ledger();
        if let Some(earlier) = self.earlier() {
            let resumed = self.counts.resumed.load(Ordering::Relaxed);
            ledger.skipped += resumed.saturating_sub(earlier.lines + earlier.rejected);
        }
        ledger
    }
}

/// Returns the largest body the product takes, as far as it is documented.
fn largest_body(client: &Client) -> usize {
    let limit = client.kind().capabilities().max_body.unwrap_or(u64::MAX);
    usize::try_from(limit).unwrap_or(usize::MAX)
}
