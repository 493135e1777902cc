//! How long to wait before another attempt.

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Duration;

/// The longest wait that the server did not ask for, in first waits.
const LONGEST: u32 = 30;
/// The longest wait that the server may ask for at once; two quota windows. Longer ones are asked
/// again after this time.
const LONGEST_ASKED: Duration = Duration::from_mins(10);

/// Draws waits from a seed, so that a run can be repeated.
#[derive(Debug)]
pub(super) struct Jitter {
    state: AtomicU64,
    first: Duration,
}

impl Jitter {
    /// Builds a generator; `first` is the first wait of a row of failures.
    pub(super) fn new(seed: u64, first: Duration) -> Self {
        Self { state: AtomicU64::new(seed), first }
    }

    /// Returns the next number: the `SplitMix64` generator.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a wait before attempt `attempt + 1`, between half and all of a doubling time.
    ///
    /// `asked` is the server's `Retry-After`. It is kept, plus up to a second, so that waiting
    /// senders do not all come at once; zero is no wish, some servers send it by mistake.
    pub(super) fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let random = self.next();
        if let Some(asked) = asked.filter(|asked| !asked.is_zero()) {
            return asked.min(LONGEST_ASKED) + Duration::from_millis(random % 1_000);
        }
        let doubling = 1_u32 << attempt.saturating_sub(1).min(10);
        let half = self.first.saturating_mul(doubling.min(LONGEST)) / 2;
        let span = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).max(1);
        half + Duration::from_nanos(random % span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_thirty_seconds() {
        let jitter = Jitter::new(1, Duration::from_secs(1));
        for (attempt, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (40, 30)] {
            let pause = jitter.pause(attempt, None);
            let most = Duration::from_secs(most);
            assert!(most / 2 <= pause && pause <= most, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn keeps_what_the_server_asks_for_within_reason() {
        let jitter = Jitter::new(1, Duration::from_secs(1));
        let second = Duration::from_secs(1);
        let asked = |secs| jitter.pause(1, Some(Duration::from_secs(secs)));
        assert!((37 * second..38 * second).contains(&asked(37)));
        assert!((600 * second..601 * second).contains(&asked(9 * 3600)));
        assert!(asked(0) >= second / 2);
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let (a, b) = (Jitter::new(7, Duration::from_secs(1)), Jitter::new(7, Duration::from_secs(1)));
        for attempt in 1..20 {
            assert_eq!(a.pause(attempt, None), b.pause(attempt, None));
        }
    }
}
