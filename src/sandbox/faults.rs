//! What goes wrong on purpose.

use super::stats::Class;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What goes wrong on purpose: by the number of the request, or at random from a seed.
///
/// Requests of the chosen classes are numbered from 0 as they arrive. The same seed gives the same
/// fault to the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// Where chance starts.
    pub seed: u64,
    /// How many of 10,000 requests meet each fault.
    pub rates: BTreeMap<Fault, u32>,
    /// Faults of single requests.
    pub listed: BTreeMap<u64, Fault>,
    /// The classes of requests that faults happen to.
    pub classes: BTreeSet<Class>,
    /// How long a delay is, in real time.
    pub delay: Duration,
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The connection is reset before the body is read.
    Refuse,
    /// The answer comes late.
    Delay,
    /// The connection is reset after the body was read; the request has no effect.
    CutBefore,
    /// The request takes effect; the connection is reset instead of an answer.
    CutAfter,
    /// The connection is reset; the request takes effect some time later.
    LateEffect,
    /// 429 with `Retry-After`, without effect.
    TooManyRequests,
    /// 503 without `Retry-After`, without effect.
    Unavailable,
    /// 502 with a page in HTML, as from a proxy, without effect.
    Html,
    /// 401, as if the token had expired, without effect.
    Unauthorized,
}

/// The rate at which every request meets a fault.
const ALL: u32 = 10_000;

impl Fault {
    /// Every fault that a client gets over by trying again.
    pub const PASSING: [Self; 8] = [
        Self::Refuse,
        Self::Delay,
        Self::CutBefore,
        Self::CutAfter,
        Self::LateEffect,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Html,
    ];

    /// Returns the word used in statistics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Delay => "delay",
            Self::CutBefore => "cut_before",
            Self::CutAfter => "cut_after",
            Self::LateEffect => "late_effect",
            Self::TooManyRequests => "too_many_requests",
            Self::Unavailable => "unavailable",
            Self::Html => "html",
            Self::Unauthorized => "unauthorized",
        }
    }
}

impl Faults {
    /// Faults of single requests of some classes.
    pub fn listed(
        classes: impl IntoIterator<Item = Class>,
        listed: impl IntoIterator<Item = (u64, Fault)>,
    ) -> Self {
        Self {
            seed: 0,
            rates: BTreeMap::new(),
            listed: listed.into_iter().collect(),
            classes: classes.into_iter().collect(),
            delay: Duration::from_millis(20),
        }
    }

    /// Every fault that passes, each to so many of 10,000 requests of any class.
    pub fn random(seed: u64, rate: u32) -> Self {
        let rates = Fault::PASSING.map(|fault| (fault, rate)).into();
        Self { seed, rates, ..Self::listed(Class::ALL, []) }
    }

    /// Answers every write so much later.
    pub fn slow_writes(delay: Duration) -> Self {
        Self { rates: BTreeMap::from([(Fault::Delay, ALL)]), delay, ..Self::listed([Class::Write], []) }
    }

    fn of(&self, number: u64) -> Option<Fault> {
        if let Some(fault) = self.listed.get(&number) {
            return Some(*fault);
        }
        let draw = mix(self.seed ^ mix(number)) % u64::from(ALL);
        let mut below = 0;
        self.rates.iter().find_map(|(fault, rate)| {
            below += u64::from(*rate);
            (draw < below).then_some(*fault)
        })
    }
}

/// Faults with the number of the next request.
#[derive(Debug)]
pub(super) struct Schedule {
    faults: Faults,
    next: AtomicU64,
}

impl Schedule {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, next: AtomicU64::new(0) }
    }

    /// Returns what goes wrong with the request that arrives now.
    pub(super) fn draw(&self, class: Class) -> Option<Fault> {
        if !self.faults.classes.contains(&class) {
            return None;
        }
        self.faults.of(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn delay(&self) -> Duration {
        self.faults.delay
    }
}

/// Spreads a number over 64 bits (the finalizer of `SplitMix64`).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_faults_again() {
        let draw = |seed| (0..200).map(|number| Faults::random(seed, 500).of(number)).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let hit = draw(1).iter().flatten().count();
        assert!((40..120).contains(&hit), "about 40 % of 200, got {hit}");
    }

    #[test]
    fn only_requests_of_the_chosen_classes_are_numbered() {
        let schedule = Schedule::new(Faults::listed([Class::Write], [(1, Fault::Html)]));
        let drawn: Vec<_> =
            [Class::Write, Class::Query, Class::Write].map(|class| schedule.draw(class)).to_vec();
        assert_eq!(drawn, [None, None, Some(Fault::Html)]);
    }
}
