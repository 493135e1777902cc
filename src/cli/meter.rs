//! How fast a transfer is and how long it will take, as text.

use crate::model::Timestamp;
use crate::model::duration::print_seconds;
use crate::model::size::{print_bytes, print_count};
use crate::run::Moving;
use std::collections::VecDeque;
use std::fmt::Write as _;

const SECOND: i64 = 1_000_000_000;

/// The span over which a rate is taken: long enough for a quota that fills every five minutes to
/// show as waiting and not as zero, short enough to forget what a resumed run leaves out.
const SPAN: i64 = 30 * SECOND;

/// Rates of one transfer, from the times of its events.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// At most one sample a second, over [`SPAN`].
    samples: VecDeque<(Timestamp, Moving)>,
    last: Moving,
}

impl Meter {
    /// Takes the numbers at a time.
    pub(super) fn take(&mut self, at: Timestamp, now: Moving) {
        self.last = now;
        if self.samples.back().is_none_or(|(last, _)| at.0 - last.0 >= SECOND) {
            self.samples.push_back((at, now));
        }
        // The oldest sample stays just outside of the span, so that the rate covers all of it.
        while self.samples.get(1).is_some_and(|(second, _)| at.0 - second.0 >= SPAN) {
            self.samples.pop_front();
        }
    }

    /// Returns the numbers of a transfer under way as a person reads them.
    pub(super) fn text(&self) -> String {
        let (read, total) = (print_bytes(self.last.bytes_read), print_bytes(self.last.bytes_total));
        format!("{}, {read} of {total} read{}", self.lines(), self.rates().unwrap_or_default())
    }

    /// Returns where lines went.
    pub(super) fn lines(&self) -> String {
        let Moving { sent, rejected, skipped, .. } = self.last;
        let mut text = format!("{} {} sent", print_count(sent), if sent == 1 { "line" } else { "lines" });
        for (count, what) in [(rejected, "rejected"), (skipped, "skipped")] {
            if count > 0 {
                let _ = write!(text, ", {} {what}", print_count(count));
            }
        }
        text
    }

    /// Returns lines a second, bytes a second, and how long the rest takes.
    fn rates(&self) -> Option<String> {
        let ((from, first), (to, last)) = (self.samples.front()?, self.samples.back()?);
        let span = u128::try_from(to.0 - from.0).ok().filter(|span| *span > 0)?;
        let second = u128::try_from(SECOND).ok()?;
        let rate = |a: u64, b: u64| u128::from(b.saturating_sub(a)) * second / span;
        let print = |rate: u128| u64::try_from(rate).unwrap_or(u64::MAX);
        let lines = print_count(print(rate(first.sent, last.sent)));
        let bytes = print_bytes(print(rate(first.bytes_sent, last.bytes_sent)));
        let reading = rate(first.bytes_read, last.bytes_read);
        let rest = u128::from(last.bytes_total.saturating_sub(last.bytes_read));
        let left = rest.checked_div(reading).filter(|_| rest > 0);
        let left = left.map_or_else(String::new, |left| format!(", {} left", about(print(left))));
        Some(format!(", {lines} lines/s, {bytes}/s{left}"))
    }
}

/// Prints a time to the precision that a guess has.
fn about(seconds: u64) -> String {
    let unit = match seconds {
        0..60 => 1,
        60..3_600 => 10,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    print_seconds((seconds / unit * unit).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    fn moving(bytes_read: u64) -> Moving {
        let sent = bytes_read / 100;
        Moving { bytes_read, bytes_total: 1_000_000, sent, bytes_sent: bytes_read * 2, ..Moving::default() }
    }

    #[test]
    fn tells_rates_and_what_is_left() {
        let mut meter = Meter::default();
        for second in 0..=10 {
            meter.take(at(second), moving(10_000 * u64::try_from(second).unwrap()));
        }
        assert_eq!(meter.text(), "1,000 lines sent, 100 kB of 1 MB read, 100 lines/s, 20 kB/s, 1m30s left");
    }

    #[test]
    fn forgets_how_fast_it_was_long_ago() {
        let mut meter = Meter::default();
        meter.take(at(0), moving(0));
        meter.take(at(1), moving(500_000));
        for second in 2..100 {
            meter.take(at(second), moving(500_000 + 1_000 * u64::try_from(second).unwrap()));
        }
        assert!(meter.text().ends_with("10 lines/s, 2 kB/s, 6m40s left"), "{}", meter.text());
        assert!(meter.samples.len() <= 32);
    }

    #[test]
    fn tells_no_rate_before_there_is_one() {
        let mut meter = Meter::default();
        meter.take(at(5), Moving { rejected: 2, skipped: 3_000, ..moving(100) });
        assert_eq!(meter.text(), "1 line sent, 2 rejected, 3,000 skipped, 100 B of 1 MB read");
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let mut meter = Meter::default();
        meter.take(at(100), moving(100));
        meter.take(at(0), moving(200));
        meter.take(at(101), moving(300));
        assert!(meter.text().contains("lines/s"));
    }

    #[test]
    fn a_guess_is_printed_as_one() {
        assert_eq!([59, 125, 3_661, 90_061].map(about), ["59s", "2m", "1h1m", "1d1h"]);
        assert_eq!(about(0), "1s");
    }
}
