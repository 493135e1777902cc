//! Spends the write quota of an organization.

use crate::model::RateLimit;
use std::sync::{Mutex, PoisonError};
use tokio::time::{Duration, Instant};

/// Shares one rate limit between all transfers to an organization.
///
/// The target counts uncompressed bytes in fixed windows. So a window is spent as fast as it can be,
/// then everything waits for the next one. When a window of the target begins is not known before its
/// first 429, whose `Retry-After` tells; until then, windows begin with the first request.
#[derive(Debug)]
pub struct Limiter {
    limit: Option<RateLimit>,
    state: Mutex<State>,
    /// One at a time waits, the others queue behind it in order.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    /// Bytes a window; less than the limit once the target refused earlier.
    bytes: u64,
    /// When the current window began.
    begun: Option<Instant>,
    /// Bytes spent in it. May be more than `bytes`: a single body may be larger.
    used: u64,
    /// The target said that nothing is taken before this time.
    closed_until: Option<Instant>,
    /// Whether the beginning of windows is the target's own.
    in_step: bool,
}

impl Limiter {
    /// Builds a limiter; `None` never waits unless the target says so.
    pub fn new(limit: Option<RateLimit>) -> Self {
        let bytes = limit.map_or(u64::MAX, |limit| limit.bytes.max(1));
        let state = State { bytes, begun: None, used: 0, closed_until: None, in_step: false };
        Self { limit, state: Mutex::new(state), turn: tokio::sync::Mutex::new(()) }
    }

    /// Returns the limit.
    pub fn limit(&self) -> Option<RateLimit> {
        self.limit
    }

    /// Waits until `bytes` may be sent, in the order of calls, and counts them.
    ///
    /// `waiting` is told before each wait how long it is. Dropping the future gives the turn away.
    pub(super) async fn spend(&self, bytes: u64, waiting: impl Fn(Duration)) {
        let _turn = self.turn.lock().await;
        while let Err(until) = self.try_spend(bytes) {
            waiting(until - Instant::now());
            tokio::time::sleep_until(until).await;
        }
    }

    /// Takes in that the target refused `bytes` for its quota, and asks to wait for `pause`.
    ///
    /// The client sends the same bytes again after the pause, without asking here, so they are counted
    /// for the window that begins then.
    pub(super) fn refused(&self, bytes: u64, pause: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + pause;
        if state.closed_until.is_some_and(|closed| closed > Instant::now()) {
            // Another body of the same window, sent before the first answer came.
            state.used = state.used.saturating_add(bytes);
            state.closed_until = state.closed_until.max(Some(until));
            state.begun = state.closed_until;
            return;
        }
        if state.in_step && self.limit.is_some() {
            // The windows were in step, so something else spends from the same quota.
            state.bytes = (state.bytes / 10 * 9).max(1);
        }
        state.closed_until = Some(until);
        (state.begun, state.used, state.in_step) = (Some(until), bytes, true);
    }

    fn try_spend(&self, bytes: u64) -> Result<(), Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(until) = state.closed_until.filter(|until| *until > now) {
            return Err(until);
        }
        let Some(limit) = self.limit else { return Ok(()) };
        let mut begun = *state.begun.get_or_insert(now);
        while begun + limit.per <= now {
            begun += limit.per;
            // What a body took beyond its window is paid for by the next ones.
            state.used = state.used.saturating_sub(state.bytes);
            if state.used == 0 {
                // Windows go on in step; without a body there is nothing to count in between.
                let missed = (now - begun).as_nanos() / limit.per.as_nanos().max(1);
                begun += limit.per.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
            }
        }
        state.begun = Some(begun);
        if state.used > 0 && state.used.saturating_add(bytes) > state.bytes {
            return Err(begun + limit.per);
        }
        state.used = state.used.saturating_add(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const WINDOW: Duration = Duration::from_mins(5);

    fn limiter(bytes: u64) -> Limiter {
        Limiter::new(Some(RateLimit { bytes, per: WINDOW }))
    }

    async fn spend_all(limiter: &Limiter, bodies: &[u64]) -> Vec<u64> {
        let begun = Instant::now();
        let mut times = Vec::new();
        for bytes in bodies {
            limiter.spend(*bytes, |_| {}).await;
            times.push(begun.elapsed().as_secs());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn spends_a_window_at_once_and_waits_for_the_next() {
        assert_eq!(spend_all(&limiter(10), &[4, 4, 4, 4, 2, 1]).await, [0, 0, 300, 300, 300, 600]);
    }

    #[tokio::test(start_paused = true)]
    async fn never_sends_more_than_the_limit_in_a_window() {
        let (limiter, begun) = (limiter(1_000), Instant::now());
        let mut sent = std::collections::BTreeMap::<u64, u64>::new();
        for body in (1..400_u64).map(|i| i * 37 % 400 + 1) {
            limiter.spend(body, |_| {}).await;
            *sent.entry(begun.elapsed().as_secs() / 300).or_default() += body;
        }
        assert!(sent.len() > 70 && sent.values().all(|bytes| *bytes <= 1_000), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_larger_than_a_window_is_paid_for_by_the_next_ones() {
        assert_eq!(spend_all(&limiter(10), &[25, 1, 10]).await, [0, 600, 900]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_window_is_not_saved_up() {
        let limiter = limiter(10);
        limiter.spend(1, |_| {}).await;
        tokio::time::sleep(WINDOW * 10 + Duration::from_secs(5)).await;
        assert_eq!(spend_all(&limiter, &[10, 1]).await, [0, 295]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_only_the_target_makes_it_wait() {
        let limiter = Limiter::new(None);
        assert_eq!(spend_all(&limiter, &[u64::MAX, u64::MAX]).await, [0, 0]);
        limiter.refused(5, Duration::from_secs(37));
        assert_eq!(spend_all(&limiter, &[1, 1]).await, [37, 37]);
    }

    #[tokio::test(start_paused = true)]
    async fn learns_when_windows_begin_from_a_refusal() {
        let limiter = limiter(10);
        limiter.spend(5, |_| {}).await;
        // The target's window ends 100 seconds from now, not 300; the refused body is sent again then.
        limiter.refused(5, Duration::from_secs(100));
        assert_eq!(spend_all(&limiter, &[5, 5, 5, 5]).await, [100, 400, 400, 700]);
    }

    #[tokio::test(start_paused = true)]
    async fn asks_for_less_when_refused_again_in_step() {
        let limiter = limiter(100);
        limiter.refused(0, Duration::from_secs(100));
        limiter.spend(95, |_| {}).await;
        limiter.refused(0, WINDOW);
        assert_eq!(spend_all(&limiter, &[90, 1]).await, [300, 600]);
    }

    #[tokio::test(start_paused = true)]
    async fn several_refusals_of_one_window_count_as_one() {
        let limiter = limiter(100);
        for _ in 0..4 {
            limiter.refused(25, Duration::from_secs(100));
        }
        assert_eq!(spend_all(&limiter, &[1, 99]).await, [400, 400]);
    }

    #[tokio::test(start_paused = true)]
    async fn serves_in_order_and_tells_that_it_waits() {
        let limiter = Arc::new(limiter(10));
        limiter.spend(10, |_| {}).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = (0..5)
            .map(|at| {
                let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
                tokio::spawn(async move {
                    limiter.spend(4, |wait| assert!(wait <= WINDOW)).await;
                    order.lock().unwrap().push(at);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }
}
