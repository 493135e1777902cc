//! What happens during a run, for whoever shows it.

use crate::model::{Clock, Code, Timestamp};
use crate::plan::{Action, Address};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Something the user should know, which stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its code.
    pub code: &'static Code,
    /// One sentence without a full stop.
    pub message: String,
}

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step begins.
    StepStarted {
        /// The step.
        address: Address,
        /// What it will do.
        action: Action,
    },
    /// A step is done.
    StepDone {
        /// The step.
        address: Address,
        /// What it did.
        action: Action,
    },
    /// A step had nothing to do.
    StepSkipped {
        /// The step.
        address: Address,
        /// Why, such as `already as desired`.
        why: String,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        address: Address,
        /// The code of the error.
        code: &'static Code,
        /// What the error and its causes said.
        message: String,
    },
    /// A step was begun and not finished, because the run was interrupted.
    StepInterrupted {
        /// The step.
        address: Address,
    },
    /// A step was not begun.
    StepNotReached {
        /// The step.
        address: Address,
        /// The step that failed before it; `None` where the run was interrupted.
        because: Option<Address>,
    },
    /// How far a transfer is. All numbers are sums over all runs of it.
    TransferProgress {
        /// The step.
        address: Address,
        /// The numbers.
        progress: Moving,
    },
    /// A step waits for the target.
    Waiting {
        /// The step.
        address: Address,
        /// How long.
        seconds: u64,
        /// Why, such as `write quota used up`.
        why: String,
    },
    /// How far a comparison is.
    VerifyProgress {
        /// The step.
        address: Address,
        /// Parts compared.
        done: u64,
        /// Parts in all; 0 if not known yet.
        total: u64,
        /// What the parts are, such as `queries`; `bytes` are those of the source as it is counted.
        unit: &'static str,
    },
    /// Something to know.
    Notice {
        /// The step it is about.
        address: Option<Address>,
        /// What.
        notice: Notice,
    },
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moving {
    /// Bytes read, as they are on disk.
    pub bytes_read: u64,
    /// Bytes on disk in all.
    pub bytes_total: u64,
    /// Lines read.
    pub read: u64,
    /// Lines the target took.
    pub sent: u64,
    /// Lines the target refused.
    pub rejected: u64,
    /// Lines left out by request.
    pub skipped: u64,
    /// Bytes of the lines that the target took, before compression.
    pub bytes_sent: u64,
}

impl Event {
    /// Tells whether a later event of the same kind says all that this one says.
    fn is_superseded(&self) -> bool {
        matches!(self, Self::TransferProgress { .. } | Self::VerifyProgress { .. })
    }
}

/// An event and its time; `None` ends the run.
type Queued = Option<(Timestamp, Event)>;

/// Progress in the channel at most. Beyond, progress is dropped: the next one says more.
const QUEUED_PROGRESS: usize = 256;

/// Sends events. Never waits, never fails: nobody looking is no reason to stop.
#[derive(Clone)]
pub struct EventSender {
    queue: mpsc::UnboundedSender<Queued>,
    queued: Arc<AtomicUsize>,
    clock: Clock,
}

impl std::fmt::Debug for EventSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventSender")
    }
}

/// Receives events.
#[derive(Debug)]
pub struct EventReceiver {
    queue: mpsc::UnboundedReceiver<Queued>,
    queued: Arc<AtomicUsize>,
}

/// Makes a channel for events, which `clock` stamps.
///
/// The channel holds all steps' events, of which a plan has a few a step, and a bounded number of
/// progress events.
pub fn events(clock: Clock) -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let queued = Arc::new(AtomicUsize::new(0));
    (
        EventSender { queue: sender, queued: Arc::clone(&queued), clock },
        EventReceiver { queue: receiver, queued },
    )
}

impl EventSender {
    /// Sends an event.
    pub fn send(&self, event: Event) {
        if event.is_superseded() {
            if self.queued.load(Ordering::Relaxed) >= QUEUED_PROGRESS {
                return;
            }
            self.queued.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.queue.send(Some(((self.clock)(), event)));
    }

    /// Tells the receiver that the run is over, also where a thread still holds a sender.
    pub fn close(&self) {
        let _ = self.queue.send(None);
    }

    /// Sends a notice about a step or about the run.
    pub fn notice(&self, address: Option<&Address>, code: &'static Code, message: impl Into<String>) {
        let notice = Notice { code, message: message.into() };
        self.send(Event::Notice { address: address.cloned(), notice });
    }
}

impl EventReceiver {
    /// Waits for the next event; `None` when the run is over or all senders are gone.
    pub async fn recv(&mut self) -> Option<(Timestamp, Event)> {
        let (at, event) = self.queue.recv().await??;
        if event.is_superseded() {
            self.queued.fetch_sub(1, Ordering::Relaxed);
        }
        Some((at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    fn transfer() -> Address {
        Address::Transfer(Origin::new("telegraf", "autogen"))
    }

    #[tokio::test]
    async fn progress_that_nobody_reads_is_dropped_and_steps_are_not() {
        let (sender, mut receiver) = events(Arc::new(|| Timestamp(7)));
        for read in 0..10_000 {
            let progress = Moving { read, ..Moving::default() };
            sender.send(Event::TransferProgress { address: transfer(), progress });
        }
        for _ in 0..1_000 {
            sender.send(Event::StepNotReached { address: transfer(), because: None });
        }
        drop(sender);
        let (mut progress, mut steps) = (0, 0);
        while let Some((at, event)) = receiver.recv().await {
            assert_eq!(at, Timestamp(7));
            *if event.is_superseded() { &mut progress } else { &mut steps } += 1;
        }
        assert_eq!((progress, steps), (QUEUED_PROGRESS, 1_000));
    }

    #[tokio::test]
    async fn the_end_of_a_run_is_told_though_a_sender_is_left() {
        let (sender, mut receiver) = events(Arc::new(|| Timestamp(0)));
        sender.send(Event::StepInterrupted { address: transfer() });
        sender.close();
        assert!(receiver.recv().await.is_some());
        assert_eq!(receiver.recv().await, None);
        drop(sender);
    }

    #[tokio::test]
    async fn sending_to_nobody_is_no_error() {
        let (sender, receiver) = events(Arc::new(|| Timestamp(0)));
        drop(receiver);
        sender.send(Event::StepNotReached { address: transfer(), because: None });
    }
}
