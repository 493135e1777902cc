//! The limiter against windows in virtual time, and against a gateway that counts them.

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
    refuse(&limiter, 5, 37);
    assert_eq!(spend_all(&limiter, &[1, 1]).await, [38, 38]);
}

#[tokio::test(start_paused = true)]
async fn learns_when_windows_begin_from_a_refusal() {
    let limiter = limiter(10);
    limiter.spend(5, |_| {}).await;
    // The target's window ends 100 seconds from now, not 300; the refused body is sent again then.
    refuse(&limiter, 5, 100);
    assert_eq!(spend_all(&limiter, &[5, 5, 5, 5]).await, [101, 401, 401, 701]);
}

#[tokio::test(start_paused = true)]
async fn asks_for_less_when_refused_again_in_step() {
    let limiter = limiter(100);
    refuse(&limiter, 0, 100);
    limiter.spend(95, |_| {}).await;
    refuse(&limiter, 0, 300);
    // An eighth less; then 2 more, since the window was used up.
    assert_eq!(spend_all(&limiter, &[84, 86, 1]).await, [301, 601, 901]);
}

#[tokio::test(start_paused = true)]
async fn several_refusals_of_one_window_count_as_one() {
    let limiter = limiter(100);
    for _ in 0..4 {
        refuse(&limiter, 25, 100);
    }
    assert_eq!(spend_all(&limiter, &[1, 99]).await, [401, 401]);
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

fn refuse(limiter: &Limiter, bytes: u64, seconds: u64) {
    let asked = Duration::from_secs(seconds);
    limiter.refused(bytes, asked, Some(asked));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_time_says_nothing_about_windows() {
    let limiter = limiter(10);
    limiter.spend(5, |_| {}).await;
    limiter.refused(5, Duration::from_secs(7), None);
    limiter.refused(5, Duration::from_secs(7), Some(Duration::from_hours(9)));
    assert_eq!(spend_all(&limiter, &[5, 5]).await, [7, 300]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_right_before_a_window_ends_counts_for_the_next_one_too() {
    let limiter = limiter(10);
    limiter.spend(1, |_| {}).await;
    tokio::time::sleep(Duration::from_secs(299)).await;
    limiter.spend(9, |_| {}).await;
    assert_eq!(spend_all(&limiter, &[1, 1]).await, [1, 301]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_window_is_filled_with_a_part_of_a_body() {
    let limiter = limiter(5_100_000);
    assert_eq!(limiter.spend(5_000_000, |_| {}).await, 5_000_000);
    assert_eq!(limiter.spend(5_000_000, |_| {}).await, 100_000);
    limiter.settle(100_000, 99_000);
    // Too little for a request.
    let begun = Instant::now();
    assert_eq!(limiter.spend(5_000_000, |_| {}).await, 5_000_000);
    assert_eq!(begun.elapsed().as_secs(), 300);
}

/// A gateway that counts bytes in fixed windows, and what it saw of each sender.
struct Gateway {
    limit: u64,
    /// How far into a window the test begins.
    phase: Duration,
    begun: Instant,
    /// Bytes taken by window and sender.
    taken: Mutex<std::collections::BTreeMap<(u64, usize), u64>>,
    refusals: Mutex<Vec<u64>>,
}

impl Gateway {
    fn new(limit: u64, phase: Duration) -> Self {
        let (taken, refusals) = (Mutex::default(), Mutex::default());
        Self { limit, phase, begun: Instant::now(), taken, refusals }
    }

    fn window(&self) -> u64 {
        (self.begun.elapsed() + self.phase).as_secs() / WINDOW.as_secs()
    }

    /// Takes a body, or says in how many seconds the window ends, rounded down.
    fn take(&self, sender: usize, bytes: u64) -> Result<(), Duration> {
        let window = self.window();
        let mut taken = self.taken.lock().unwrap();
        let used: u64 = taken.range((window, 0)..=(window, usize::MAX)).map(|(_, bytes)| bytes).sum();
        if used + bytes > self.limit {
            self.refusals.lock().unwrap().push(window);
            let into = (self.begun.elapsed() + self.phase).as_nanos() % WINDOW.as_nanos();
            let into = Duration::from_nanos(u64::try_from(into).unwrap());
            let left = WINDOW.saturating_sub(into);
            return Err(Duration::from_secs(left.as_secs()));
        }
        *taken.entry((window, sender)).or_default() += bytes;
        Ok(())
    }

    /// Sends bodies in lanes as a transfer does until `end`.
    async fn fed_by(
        self: &Arc<Self>,
        sender: usize,
        limiter: &Arc<Limiter>,
        latency: Duration,
        end: Duration,
    ) {
        let lanes: Vec<_> = (0..8_u64)
            .map(|lane| {
                let (gateway, limiter) = (Arc::clone(self), Arc::clone(limiter));
                tokio::spawn(async move {
                    let mut body = 4_000_000 + lane * 333_333;
                    while gateway.begun.elapsed() < end {
                        body = 3_000_000 + (body * 7_919 + 104_729) % 2_000_000;
                        let granted = limiter.spend(body, |_| {}).await;
                        tokio::time::sleep(latency).await;
                        while let Err(asked) = gateway.take(sender, granted) {
                            let pause = asked + Duration::from_millis(500 + body % 500);
                            limiter.refused(granted, pause, (!asked.is_zero()).then_some(asked));
                            tokio::time::sleep(pause).await;
                        }
                    }
                })
            })
            .collect();
        for lane in lanes {
            lane.await.unwrap();
        }
    }

    /// Bytes of each window of `windows`, all senders together.
    fn bytes(&self, windows: std::ops::Range<u64>) -> Vec<u64> {
        let taken = self.taken.lock().unwrap();
        windows.map(|at| taken.range((at, 0)..=(at, usize::MAX)).map(|(_, bytes)| bytes).sum()).collect()
    }

    fn share(&self, sender: usize, windows: std::ops::Range<u64>) -> u64 {
        let taken = self.taken.lock().unwrap();
        windows.filter_map(|at| taken.get(&(at, sender))).sum()
    }
}

const QUOTA: u64 = 300_000_000;

#[tokio::test(start_paused = true)]
async fn uses_up_every_window_of_a_gateway_and_is_not_refused_once_its_windows_are_known() {
    for (phase, latency) in [(0, 20), (1, 20), (137, 50), (299, 1_000), (60, 5_000)] {
        let gateway = Arc::new(Gateway::new(QUOTA, Duration::from_secs(phase)));
        // Something else wrote before, so the first window ends with a refusal.
        gateway.take(9, QUOTA / 2).unwrap();
        let limiter = Arc::new(limiter(QUOTA));
        gateway.fed_by(0, &limiter, Duration::from_millis(latency), WINDOW * 20).await;
        let refusals = gateway.refusals.lock().unwrap().clone();
        assert!(refusals.iter().all(|at| *at == 0), "{phase}: {refusals:?}");
        let bytes = gateway.bytes(1..20);
        assert!(bytes.iter().all(|bytes| *bytes >= QUOTA / 100 * 99), "{phase}: {bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_runs_of_different_speed_share_a_gateway_and_leave_little_unused() {
    let gateway = Arc::new(Gateway::new(QUOTA, Duration::from_secs(137)));
    let (slow, fast) = (Arc::new(limiter(QUOTA)), Arc::new(limiter(QUOTA)));
    tokio::join!(
        gateway.fed_by(0, &slow, Duration::from_millis(200), WINDOW * 60),
        gateway.fed_by(1, &fast, Duration::from_millis(20), WINDOW * 60),
    );
    let all: u64 = gateway.bytes(10..60).iter().sum();
    assert!(all >= QUOTA * 50 / 100 * 85, "{:?}", gateway.bytes(10..60));
    for sender in 0..2 {
        let share = gateway.share(sender, 10..60);
        assert!(share >= all / 100 * 35, "{sender}: {share} of {all}");
    }
}
