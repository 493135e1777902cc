//! What a comparison found.

use super::compare::Outcome;
use super::{Error, Expected};
use crate::model::size::print_count;
use crate::model::{BucketName, Origin, TimeRange, Timestamp};
use crate::plan::Verify;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Differences kept in a report; beyond, they are only counted.
pub(super) const KEPT: usize = 1_000;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The source side.
    pub origin: Origin,
    /// The target side.
    pub bucket: BucketName,
    /// Only points in this range were compared: from the source's first value to its last.
    pub range: TimeRange,
    /// The length of a window in nanoseconds.
    pub window_ns: i64,
    /// Measurements compared.
    pub measurements: u64,
    /// Counts compared: one a measurement, field and window.
    pub compared: u64,
    /// Values of the source.
    pub source_values: u64,
    /// Values of the target in the same windows.
    pub target_values: u64,
    /// Counts where the target has fewer.
    pub fewer: u64,
    /// Counts where the target has more.
    pub more: u64,
    /// Values that are missing in windows older than the bucket keeps points: no difference.
    pub expired: u64,
    /// Values of the source at the very last time that can be stored, which no Flux query can count. They
    /// are in no other number.
    pub uncountable: u64,
    /// Up to 1,000 of those with fewer, sorted by measurement, field and window.
    pub missing: Vec<Difference>,
    /// Up to 1,000 of those with more, sorted likewise.
    pub extra: Vec<Difference>,
    /// How often the target was asked: more than once where it was given time.
    pub rounds: u32,
    /// Seconds waited for the target between the rounds.
    pub waited_seconds: u64,
    /// Whether more values than the source has are a failure: nobody else can have written them.
    pub strict: bool,
}

/// A count that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// The measurement, unescaped.
    pub measurement: String,
    /// The field key, unescaped.
    pub field: String,
    /// The window's beginning.
    pub start: Timestamp,
    /// The first time after the window.
    pub end: Timestamp,
    /// Values of the source in it.
    pub source: u64,
    /// Values of the target in it.
    pub target: u64,
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every count is equal.
    Equal,
    /// Nothing is missing; the target has more.
    More,
    /// Something is missing.
    Fewer,
}

impl Report {
    /// Begins a report with what is known of the source.
    pub(super) fn begin(step: &Verify, expected: &Expected, strict: bool) -> Self {
        let measurements: BTreeSet<_> = expected.counts.keys().map(|series| &series.measurement).collect();
        Self {
            origin: step.origin.clone(),
            bucket: step.bucket.clone(),
            range: expected.range.unwrap_or(step.range),
            window_ns: expected.window_ns,
            measurements: measurements.len() as u64,
            compared: 0,
            source_values: expected.values,
            target_values: 0,
            fewer: 0,
            more: 0,
            expired: 0,
            uncountable: expected.uncountable,
            missing: Vec::new(),
            extra: Vec::new(),
            rounds: 0,
            waited_seconds: 0,
            strict,
        }
    }

    /// Takes in the outcomes of all questions, in their order.
    pub(super) fn finish(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            self.compared += outcome.compared;
            self.target_values += outcome.target_values;
            self.fewer += outcome.fewer;
            self.more += outcome.more;
            self.expired += outcome.expired;
            self.missing.extend(outcome.missing);
            self.extra.extend(outcome.extra);
        }
        for list in [&mut self.missing, &mut self.extra] {
            list.sort();
            list.truncate(KEPT);
        }
    }

    /// Returns the outcome in one word.
    pub fn verdict(&self) -> Verdict {
        match (self.fewer, self.more) {
            (0, 0) => Verdict::Equal,
            (0, _) => Verdict::More,
            _ => Verdict::Fewer,
        }
    }

    /// Tells whether the comparison succeeded: nothing is missing, and nothing is more that cannot be.
    pub fn passed(&self) -> bool {
        match self.verdict() {
            Verdict::Equal => true,
            Verdict::More => !self.strict,
            Verdict::Fewer => false,
        }
    }

    /// Returns the report, or the failure that it tells of.
    pub fn into_result(self) -> Result<Self, Error> {
        match self.verdict() {
            Verdict::Fewer => Err(Error::Fewer(Box::new(self))),
            Verdict::More if self.strict => Err(Error::More(Box::new(self))),
            _ => Ok(self),
        }
    }

    /// Returns the outcome as one sentence without a full stop, naming the first difference.
    pub fn summary(&self) -> String {
        let (bucket, origin) = (&self.bucket, &self.origin);
        let mut text = match self.verdict() {
            Verdict::Equal => {
                format!("`{bucket}` has the {} values of {origin}", print_count(self.source_values))
            }
            Verdict::More => {
                format!("`{bucket}` has more values than {origin} in {} counts", print_count(self.more))
            }
            Verdict::Fewer => {
                format!("`{bucket}` has fewer values than {origin} in {} counts", print_count(self.fewer))
            }
        };
        if self.expired > 0 {
            let expired = print_count(self.expired);
            // Writing to a string cannot fail, here and below.
            let _ = write!(text, ", but for {expired} in windows older than it keeps points");
        }
        if self.uncountable > 0 {
            let (values, last) = (print_count(self.uncountable), Timestamp::MAX);
            let _ = write!(text, ", and {values} at {last}, the last time there is, cannot be counted");
        }
        let first = if self.fewer > 0 { self.missing.first() } else { self.extra.first() };
        if let Some(first) = first {
            let _ = write!(text, "; first {first}");
        }
        text
    }
}

/// Prints `measurement.field from .. to ..: 3 of 4`.
impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { measurement, field, start, end, source, target } = self;
        let (target, source) = (print_count(*target), print_count(*source));
        write!(f, "`{measurement}` `{field}` from {start} to {end}: {target} of {source} values")
    }
}
