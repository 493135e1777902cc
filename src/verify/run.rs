//! Asks the target and compares.

use super::compare::{Outcome, Unit, compare, extra_unit, units};
use super::report::KEPT;
use super::{Error, Expected, Options, Report, expected};
use crate::model::{Clock, Retention, TimeRange};
use crate::plan::{Address, Verify};
use crate::run::{Event, EventSender};
use crate::source::Source;
use crate::target::{Client, CountQuery, Counts};
use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Questions in flight: more would take the target's query time from its users.
const IN_FLIGHT: usize = 2;
/// The longest pause between two rounds.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long a target is given to show what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first pause; each later one is twice as long, up to a minute.
    pub first: Duration,
    /// All pauses together. Zero: the target is asked once.
    pub total: Duration,
}

/// What a comparison needs besides the step.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the data came from.
    pub source: &'a Source,
    /// Where it went.
    pub target: &'a Client,
    /// Records that the target refused, as (file, offset) in the order of reading. The file is a
    /// place in [`crate::source::PolicyFacts::files`].
    pub rejected: &'a [(usize, u64)],
    /// Whether this run created the bucket, so that nobody else can have written to it.
    pub created: bool,
    /// How long the bucket keeps points.
    pub retention: Retention,
    /// Tells the time, and with it what the bucket no longer keeps.
    pub clock: &'a Clock,
    /// Where temporary files go.
    pub directory: &'a Path,
    /// Bytes of memory for counting, at least 1 MiB.
    pub memory: usize,
    /// How long the target is given.
    pub patience: Patience,
    /// Ends the comparison early.
    pub cancel: &'a CancellationToken,
    /// Is told how far the comparison is.
    pub events: &'a EventSender,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Compares both sides. A difference is no error here: see [`Report::into_result`].
///
/// Compared is the time from the first to the last value of the source; what clients write beyond
/// does not count. In windows that began before what the bucket keeps now, points may be gone: fewer are
/// only numbered there. Where the target has fewer, it is asked again until patience ends: Cloud TSM
/// shows what it took only later.
pub async fn run(step: &Verify, context: Context<'_>) -> Result<Report, Error> {
    tokio::select! {
        report = compare_all(step, context) => report,
        () = context.cancel.cancelled() => Err(Error::Interrupted),
    }
}

async fn compare_all(step: &Verify, context: Context<'_>) -> Result<Report, Error> {
    let expected = count_source(step, &context).await?;
    let mut report = Report::begin(step, &expected, context.created);
    let Some(range) = expected.range else {
        return Ok(report);
    };
    let mut asked = units(&expected, range);
    asked.extend(only_on_target(step, &context, &expected, range).await?);
    let mut outcomes: Vec<Outcome> = Vec::new();
    outcomes.resize_with(asked.len(), Outcome::default);
    let mut open: Vec<usize> = (0..asked.len()).collect();
    let Patience { first: mut pause, total } = context.patience;
    let mut waited = Duration::ZERO;
    loop {
        report.rounds += 1;
        ask(step, &context, &expected, &asked, &open, &mut outcomes).await?;
        open.retain(|unit| outcomes.get(*unit).is_some_and(|outcome| outcome.fewer > 0));
        let pausing = pause.min(total.saturating_sub(waited)).min(LONGEST_PAUSE);
        if open.is_empty() || pausing.is_zero() {
            break;
        }
        wait(step, &context, pausing).await;
        waited += pausing;
        pause = pausing * 2;
    }
    report.waited_seconds = waited.as_secs();
    report.finish(outcomes);
    Ok(report)
}

/// Counts the source on a thread of its own.
async fn count_source(step: &Verify, context: &Context<'_>) -> Result<Expected, Error> {
    let reader = context.source.reader(&step.origin, &step.reading())?;
    let options = Options {
        range: step.range,
        latest: context.target.latest_counted(),
        rejected: context.rejected.to_vec(),
        directory: context.directory.to_owned(),
        memory: context.memory,
    };
    let (events, cancel) = (context.events.clone(), context.cancel.clone());
    let address = Address::Verify(step.origin.clone());
    let worker = tokio::task::spawn_blocking(move || {
        expected(reader, &options, |done, total| {
            events.send(Event::VerifyProgress { address: address.clone(), done, total, unit: "bytes" });
            if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    joined(worker).await?
}

/// Returns a unit for each measurement that only the target has.
async fn only_on_target(
    step: &Verify,
    context: &Context<'_>,
    expected: &Expected,
    range: TimeRange,
) -> Result<Vec<Unit>, Error> {
    let known: BTreeSet<&[u8]> = expected.counts.keys().map(|series| &series.measurement[..]).collect();
    let there = context.target.measurements(&step.bucket, &step.origin).await?;
    let unknown = there.into_iter().filter(|measurement| !known.contains(&measurement[..]));
    Ok(unknown.map(|measurement| extra_unit(measurement, range)).collect())
}

/// Asks for the `open` units, a few at a time, and takes in the answers in order.
async fn ask(
    step: &Verify,
    context: &Context<'_>,
    expected: &Expected,
    units: &[Unit],
    open: &[usize],
    outcomes: &mut [Outcome],
) -> Result<(), Error> {
    let address = Address::Verify(step.origin.clone());
    let total = open.len() as u64;
    let mut flying: VecDeque<Asked> = VecDeque::new();
    let mut waiting = open.iter().copied();
    let mut done = 0;
    loop {
        while flying.len() < IN_FLIGHT
            && let Some(index) = waiting.next()
            && let Some(unit) = units.get(index)
        {
            flying.push_back(Asked::begin(index, context.target.clone(), unit.question(step)));
        }
        let Some(mut asked) = flying.pop_front() else {
            return Ok(());
        };
        let counts = joined(&mut asked.answer).await??;
        let kept: usize = outcomes.iter().map(Outcome::kept).sum();
        if let (Some(unit), Some(outcome)) = (units.get(asked.index), outcomes.get_mut(asked.index)) {
            let room = (4 * KEPT).saturating_sub(kept - outcome.kept());
            // Not before the answer: what expires meanwhile is expired.
            let cutoff = context.retention.cutoff((context.clock)());
            *outcome = compare(unit, expected, &counts, cutoff, room.min(KEPT));
        }
        done += 1;
        context.events.send(Event::VerifyProgress { address: address.clone(), done, total, unit: "queries" });
    }
}

/// A question in flight; dropped, it is withdrawn.
struct Asked {
    index: usize,
    answer: JoinHandle<Result<Counts, crate::target::Error>>,
}

impl Asked {
    fn begin(index: usize, target: Client, question: CountQuery) -> Self {
        Self { index, answer: tokio::spawn(async move { target.counts(&question).await }) }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

async fn wait(step: &Verify, context: &Context<'_>, pause: Duration) {
    let why = if context.target.kind().capabilities().stores_before_answer {
        "the target has fewer values than the source; it may show the rest later"
    } else {
        "the target queues what it takes and shows it later"
    };
    context.events.send(Event::Waiting {
        address: Address::Verify(step.origin.clone()),
        seconds: pause.as_secs(),
        why: why.to_owned(),
    });
    tokio::time::sleep(pause).await;
}

/// Waits for a worker; one that panicked is an error, not a panic here.
async fn joined<T>(worker: impl Future<Output = Result<T, tokio::task::JoinError>>) -> Result<T, Error> {
    worker.await.map_err(|error| Error::Worker(error.to_string()))
}
