//! Spends the write quota of an organization.

use crate::model::RateLimit;
use std::sync::{Mutex, PoisonError};
use tokio::time::{Duration, Instant};

/// Shares one rate limit between all transfers to an organization.
///
/// The target counts uncompressed bytes in fixed windows. So a window is spent as fast as it can be,
/// then everything waits for the next one. When a window of the target begins is not known before its
/// first 429, whose `Retry-After` tells; until then, windows begin with the first request.
///
/// A refusal in a window that was in step means that something else spends from the same quota. Then less
/// is asked for, evenly over the window, and slowly more again. So two runs reach the end of the quota at
/// the same time, whichever is faster, and neither starves.
#[derive(Debug)]
pub struct Limiter {
    limit: Option<RateLimit>,
    state: Mutex<State>,
    /// One at a time waits, the others queue behind it in order.
    turn: tokio::sync::Mutex<()>,
}

/// The least part of a body that is worth a request of its own at the end of a window.
const LEAST_PART: u64 = 16 << 10;

/// `Retry-After` has whole seconds, so the window may begin up to a second later. What is sent in so
/// short a time before a window ends may be counted in the next one, and is here counted in both.
const UNSURE: Duration = Duration::from_secs(2);

/// A shared window is spent in so many parts, and a tenth of its time is left at its end.
const PARTS: u32 = 30;

#[derive(Debug)]
struct State {
    /// Bytes a window; less than the limit once the target refused earlier.
    bytes: u64,
    /// When the current window began.
    begun: Option<Instant>,
    /// Bytes spent in it. May be more than `bytes`: a single body may be larger.
    used: u64,
    /// Bytes spent so shortly before its end that the target may count them in the next one.
    late: u64,
    /// The target said that nothing is taken before this time.
    closed_until: Option<Instant>,
    /// Whether the beginning of windows is the target's own.
    in_step: bool,
}

impl Limiter {
    /// Builds a limiter; `None` never waits unless the target says so.
    pub fn new(limit: Option<RateLimit>) -> Self {
        let bytes = limit.map_or(u64::MAX, |limit| limit.bytes.max(1));
        let state = State { bytes, begun: None, used: 0, late: 0, closed_until: None, in_step: false };
        Self { limit, state: Mutex::new(state), turn: tokio::sync::Mutex::new(()) }
    }

    /// Returns the limit.
    pub fn limit(&self) -> Option<RateLimit> {
        self.limit
    }

    /// Waits until something of `bytes` may be sent, in the order of calls; returns how much, and counts it.
    ///
    /// Less than `bytes` is granted where the window has no room for more, so that it is used up.
    /// `waiting` is told before each wait how long it is. Dropping the future gives the turn away.
    pub(super) async fn spend(&self, bytes: u64, waiting: impl Fn(Duration)) -> u64 {
        let _turn = self.turn.lock().await;
        loop {
            match self.try_spend(bytes) {
                Ok(granted) => return granted,
                Err(until) => {
                    waiting(until - Instant::now());
                    tokio::time::sleep_until(until).await;
                }
            }
        }
    }

    /// Corrects what was counted for a body to what it has: lines cannot be cut.
    pub(super) fn settle(&self, granted: u64, bytes: u64) {
        let mut state = self.lock();
        state.used = state.used.saturating_sub(granted).saturating_add(bytes);
        state.late = state.late.min(state.used);
    }

    /// Takes in that the target refused `bytes` for its quota. The client sends them again after `pause`;
    /// `asked` is the target's `Retry-After`.
    ///
    /// The client does not ask here again, so they are counted for the window that begins then.
    pub(super) fn refused(&self, bytes: u64, pause: Duration, asked: Option<Duration>) {
        let mut state = self.lock();
        let now = Instant::now();
        let longest = self.limit.map_or(Duration::MAX, |limit| limit.per + UNSURE);
        let Some(asked) = asked.filter(|asked| *asked <= longest) else {
            // It does not say when the window ends.
            state.closed_until = state.closed_until.max(Some(now + pause));
            return;
        };
        // The next whole second: it may have been rounded down.
        let until = now + asked + Duration::from_secs(1);
        if state.in_step && state.closed_until.is_some_and(|closed| closed > now) {
            // Another body of the same window, sent before the first answer came.
            state.used = state.used.saturating_add(bytes);
            state.closed_until = state.closed_until.max(Some(until));
            state.begun = state.closed_until;
            return;
        }
        if state.in_step && self.limit.is_some() {
            state.bytes = (state.bytes / 8 * 7).max(1);
        }
        state.closed_until = Some(until);
        (state.begun, state.used, state.late, state.in_step) = (Some(until), bytes, 0, true);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_spend(&self, bytes: u64) -> Result<u64, Instant> {
        let mut state = self.lock();
        let now = Instant::now();
        if let Some(until) = state.closed_until.filter(|until| *until > now) {
            return Err(until);
        }
        let Some(limit) = self.limit else { return Ok(bytes) };
        let begun = state.window(limit, now);
        let (open, until) = state.open(limit, begun, now);
        let room = open.saturating_sub(state.used);
        let granted = match state.used {
            // A target takes one body of any size in an unused window.
            0 => bytes.min(open.max(LEAST_PART)),
            _ if room >= bytes => bytes,
            _ if room >= LEAST_PART => room,
            _ => return Err(until),
        };
        state.used = state.used.saturating_add(granted);
        if now + UNSURE > begun + limit.per {
            state.late = state.late.saturating_add(granted);
        }
        Ok(granted)
    }
}

impl State {
    /// Returns how much of the window may be spent up to now, and when that is more.
    fn open(&self, limit: RateLimit, begun: Instant, now: Instant) -> (u64, Instant) {
        let part = limit.per / PARTS;
        let parts = u32::try_from((now - begun).as_nanos() / part.as_nanos().max(1)).unwrap_or(PARTS) + 1;
        let (least, enough) = (u64::from(parts), u64::from(PARTS / 10 * 9));
        if self.bytes >= limit.bytes || least >= enough {
            return (self.bytes, begun + limit.per);
        }
        (self.bytes / enough * least, begun + part * parts)
    }

    /// Goes to the window of `now` and returns when it began.
    fn window(&mut self, limit: RateLimit, now: Instant) -> Instant {
        let mut begun = *self.begun.get_or_insert(now);
        while begun + limit.per <= now {
            begun += limit.per;
            if self.bytes < limit.bytes && self.used.saturating_add(LEAST_PART) >= self.bytes {
                // It was used up and not refused: ask for a little more.
                self.bytes = self.bytes.saturating_add((limit.bytes / 50).max(1)).min(limit.bytes);
            }
            // What a body took beyond its window is paid for by the next ones.
            let owed = self.used.saturating_sub(self.bytes);
            self.used = owed.max(self.late);
            self.late = 0;
            if self.used == 0 {
                // Windows go on in step; without a body there is nothing to count in between.
                let missed = (now - begun).as_nanos() / limit.per.as_nanos().max(1);
                begun += limit.per.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
            }
        }
        self.begun = Some(begun);
        begun
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
