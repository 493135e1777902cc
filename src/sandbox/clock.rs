//! The sandbox's time: the real one, or a test's, and how far it was moved ahead.

use crate::model::{Clock, Timestamp};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

/// The sandbox's time.
pub(super) struct SandboxClock {
    base: Clock,
    ahead: AtomicI64,
}

impl SandboxClock {
    pub(super) fn new(base: Clock) -> Self {
        Self { base, ahead: AtomicI64::new(0) }
    }

    /// Returns the time.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp((self.base)().0.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// Moves the time ahead by so many nanoseconds.
    pub(super) fn advance(&self, nanoseconds: i64) {
        let add = |ahead: i64| Some(ahead.saturating_add(nanoseconds.max(0)));
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl fmt::Debug for SandboxClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxClock").field("now", &self.now()).finish()
    }
}
