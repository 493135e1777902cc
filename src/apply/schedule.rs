//! The ready queue: which step runs when, and what a failure keeps from running.
//!
//! Knows nothing of targets: what a step does is a function that is passed in.

use super::{Detail, Error, Failure, StepResult};
use crate::plan::{self, Graph, Step};
use crate::run::{Event, EventSender};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long steps may take to come to an end after an interrupt, before they are abandoned. A user
/// who pressed Ctrl-C waits for it.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// What a step came to, and whether the others may go on.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) result: StepResult,
    /// No other step can succeed: nothing more is begun.
    pub(super) stop: bool,
}

impl From<StepResult> for Ended {
    fn from(result: StepResult) -> Self {
        Self { result, stop: false }
    }
}

/// Runs all steps, `parallel` at a time, each after all it needs, and returns what became of each.
///
/// What needs a step that did not succeed is not begun; the rest goes on. After `cancel` nothing is
/// begun, and what runs has [`GRACE`] to end by itself.
pub(super) async fn schedule<Act, Acting>(
    steps: &[Step],
    parallel: usize,
    cancel: &CancellationToken,
    events: &EventSender,
    act: Act,
) -> Result<Vec<StepResult>, plan::Error>
where
    Act: Fn(usize) -> Acting,
    Acting: Future<Output = Ended> + Send + 'static,
{
    let graph = Graph::new(steps)?;
    let mut ready = graph.ready();
    let mut results =
        Results { steps, graph: &graph, events, by_position: BTreeMap::new(), stopped_by: None };
    let mut running = Running::default();
    loop {
        while running.tasks.len() < parallel.max(1) && !cancel.is_cancelled() && results.stopped_by.is_none()
        {
            let Some(position) = ready.next() else { break };
            running.start(position, act(position));
        }
        let Some((position, ended)) = running.next(cancel).await else { break };
        if results.set(position, ended) {
            ready.done(position);
        }
    }
    Ok(results.into_list())
}

/// The steps under way.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Ended>,
    positions: BTreeMap<Id, usize>,
    /// Set by an interrupt: when what still runs is abandoned.
    abandon_at: Option<Instant>,
}

impl Running {
    fn start(&mut self, position: usize, acting: impl Future<Output = Ended> + Send + 'static) {
        self.positions.insert(self.tasks.spawn(acting).id(), position);
    }

    /// Waits for the next step to end; after an interrupt not longer than [`GRACE`].
    async fn next(&mut self, cancel: &CancellationToken) -> Option<(usize, Ended)> {
        if self.abandon_at.is_none() {
            tokio::select! {
                biased;
                ended = self.tasks.join_next_with_id() => return self.ended(ended?),
                () = cancel.cancelled() => self.abandon_at = Some(Instant::now() + GRACE),
            }
        }
        if let Some(abandon_at) = self.abandon_at
            && let Ok(ended) = timeout_at(abandon_at, self.tasks.join_next_with_id()).await
        {
            return self.ended(ended?);
        }
        self.tasks.abort_all();
        let ended = self.tasks.join_next_with_id().await?;
        self.ended(ended)
    }

    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) -> Option<(usize, Ended)> {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, ended),
            Err(error) => (error.id(), broken_off(error).into()),
        };
        Some((self.positions.remove(&id)?, ended))
    }
}

/// Returns what became of a step whose task did not come to its end.
fn broken_off(error: JoinError) -> StepResult {
    let Ok(panic) = error.try_into_panic() else {
        return StepResult::Interrupted(Detail::None);
    };
    let what = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "without a message".to_owned(),
    };
    StepResult::Failed(Failure::of(&Error::Panic { what }), Detail::None)
}

/// What became of the steps so far.
struct Results<'a> {
    steps: &'a [Step],
    graph: &'a Graph,
    events: &'a EventSender,
    by_position: BTreeMap<usize, StepResult>,
    stopped_by: Option<usize>,
}

impl Results<'_> {
    /// Records what became of a step and tells whether what waits for it may begin.
    fn set(&mut self, position: usize, ended: Ended) -> bool {
        let succeeded = matches!(ended.result, StepResult::Done(_) | StepResult::AsDesired);
        let interrupted = matches!(ended.result, StepResult::Interrupted(_));
        self.by_position.insert(position, ended.result);
        if !succeeded && !interrupted {
            self.not_reached(&self.graph.dependants(position), Some(position));
        }
        if ended.stop {
            self.stopped_by.get_or_insert(position);
        }
        succeeded
    }

    fn not_reached(&mut self, positions: &BTreeSet<usize>, because: Option<usize>) {
        let because = because.and_then(|at| self.steps.get(at)).map(|step| step.address.clone());
        for position in positions {
            let Some(step) = self.steps.get(*position) else { continue };
            if !self.by_position.contains_key(position) {
                self.by_position.insert(*position, StepResult::NotReached { because: because.clone() });
                let address = step.address.clone();
                self.events.send(Event::StepNotReached { address, because: because.clone() });
            }
        }
    }

    fn into_list(mut self) -> Vec<StepResult> {
        let open = (0..self.steps.len()).filter(|at| !self.by_position.contains_key(at)).collect();
        self.not_reached(&open, self.stopped_by);
        self.by_position.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::codes;
    use crate::model::{Bucket, Code, Retention, Timestamp};
    use crate::plan::{Address, Change, Diff, Need, Reason};
    use crate::run::events;
    use std::sync::{Arc, Mutex};

    fn address(name: &str) -> Address {
        Address::Bucket(name.into())
    }

    fn step(name: &str, needs: &[&str]) -> Step {
        let bucket = Bucket {
            name: name.into(),
            id: None,
            retention: Retention::Infinite,
            description: String::new(),
        };
        Step {
            address: address(name),
            change: Change::Bucket(Diff::Create(bucket)),
            needs: needs.iter().map(|need| Need { address: address(need), why: String::new() }).collect(),
            reason: Reason::Missing,
            risks: Vec::new(),
            place: None,
        }
    }

    fn failed() -> Ended {
        StepResult::Failed(
            Failure { code: &codes::READ_BACK, message: String::new(), help: None },
            Detail::None,
        )
        .into()
    }

    fn done() -> Ended {
        StepResult::Done(Detail::None).into()
    }

    /// A short word for what became of a step.
    fn word(result: &StepResult) -> String {
        let code = |code: &Code| code.id.to_owned();
        match result {
            StepResult::Done(_) => "done".to_owned(),
            StepResult::AsDesired => "as desired".to_owned(),
            StepResult::Stale(_) => "stale".to_owned(),
            StepResult::Failed(failure, _) => code(failure.code),
            StepResult::Interrupted(_) => "interrupted".to_owned(),
            StepResult::NotReached { because: Some(because) } => format!("not reached: {because}"),
            StepResult::NotReached { because: None } => "not reached".to_owned(),
        }
    }

    /// Runs steps that take `seconds(name)` each and end as `end(name)` says.
    ///
    /// Returns what became of each, and at which second each began, in the order they began.
    async fn run(
        steps: &[Step],
        parallel: usize,
        cancel: &CancellationToken,
        seconds: impl Fn(&str) -> u64,
        end: fn(&str) -> Ended,
    ) -> (Vec<String>, Vec<(String, u64)>) {
        let (events, _receiver) = events(Arc::new(|| Timestamp(0)));
        let (began, start) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let act = |position: usize| {
            let name = steps[position].address.to_string().replace("bucket.", "");
            let (began, seconds) = (Arc::clone(&began), seconds(&name));
            async move {
                began.lock().unwrap().push((name.clone(), start.elapsed().as_secs()));
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                end(&name)
            }
        };
        let results = schedule(steps, parallel, cancel, &events, act).await.unwrap();
        let began = began.lock().unwrap().clone();
        (results.iter().map(word).collect(), began)
    }

    fn began(list: &[(&str, u64)]) -> Vec<(String, u64)> {
        list.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_begins_as_soon_as_all_it_needs_is_done() {
        let steps = [step("a", &[]), step("b", &["a"]), step("c", &["a"]), step("d", &["b", "c"])];
        let seconds = |name: &str| if name == "b" { 5 } else { 1 };
        let (results, order) = run(&steps, 8, &CancellationToken::new(), seconds, |_| done()).await;
        assert_eq!(results, ["done"; 4]);
        assert_eq!(order, began(&[("a", 0), ("b", 1), ("c", 1), ("d", 6)]));
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_steps_than_allowed_run_at_a_time() {
        let steps = ["a", "b", "c", "d", "e"].map(|name| step(name, &[]));
        let (_, order) = run(&steps, 2, &CancellationToken::new(), |_| 10, |_| done()).await;
        assert_eq!(order, began(&[("a", 0), ("b", 0), ("c", 10), ("d", 10), ("e", 20)]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_needs_a_failed_step_is_not_reached_and_the_rest_goes_on() {
        let steps = [
            step("bad", &[]),
            step("good", &[]),
            step("x", &["bad"]),
            step("y", &["good", "x"]),
            step("z", &["good"]),
        ];
        let end = |name: &str| if name == "bad" { failed() } else { done() };
        let (results, order) = run(&steps, 1, &CancellationToken::new(), |_| 1, end).await;
        assert_eq!(results, ["TG0752", "done", "not reached: bucket.bad", "not reached: bucket.bad", "done"]);
        assert_eq!(order, began(&[("bad", 0), ("good", 1), ("z", 2)]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_step_keeps_back_what_needs_it() {
        let steps = [step("a", &[]), step("b", &["a"])];
        let end = |_: &str| {
            StepResult::Stale(Failure { code: &codes::STALE, message: String::new(), help: None }).into()
        };
        let (results, _) = run(&steps, 1, &CancellationToken::new(), |_| 1, end).await;
        assert_eq!(results, ["stale", "not reached: bucket.a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_hopeless_failure_nothing_more_is_begun() {
        let steps = [step("a", &[]), step("b", &[]), step("c", &[])];
        let end = |name: &str| if name == "a" { Ended { stop: true, ..failed() } } else { done() };
        let seconds = |name: &str| if name == "b" { 9 } else { 1 };
        let (results, _) = run(&steps, 2, &CancellationToken::new(), seconds, end).await;
        assert_eq!(results, ["TG0752", "done", "not reached: bucket.a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_lets_short_steps_end_abandons_long_ones_and_begins_nothing() {
        let steps = [step("long", &[]), step("short", &[]), step("then", &["short"]), step("z", &[])];
        let cancel = CancellationToken::new();
        let (stop, start) = (cancel.clone(), Instant::now());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            stop.cancel();
        });
        let seconds = |name: &str| if name == "short" { 11 } else { 100 };
        let (results, order) = run(&steps, 2, &cancel, seconds, |_| done()).await;
        assert_eq!(results, ["interrupted", "done", "not reached", "not reached"]);
        assert_eq!(order, began(&[("long", 0), ("short", 0)]));
        assert_eq!(start.elapsed(), Duration::from_secs(12));
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_after_the_last_step_changes_nothing() {
        let cancel = CancellationToken::new();
        let (results, _) = run(&[step("a", &[])], 1, &cancel, |_| 1, |_| done()).await;
        cancel.cancel();
        assert_eq!(results, ["done"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_the_failure_of_its_step_only() {
        let steps = [step("a", &[]), step("b", &["a"]), step("c", &[])];
        let end = |name: &str| if name == "a" { panic!("no such {name}") } else { done() };
        let (results, _) = run(&steps, 1, &CancellationToken::new(), |_| 1, end).await;
        assert_eq!(results, ["TG0756", "not reached: bucket.a", "done"]);
    }

    #[tokio::test(start_paused = true)]
    async fn steps_that_wait_for_each_other_are_an_error() {
        let steps = [step("a", &["b"]), step("b", &["a"])];
        let (events, _receiver) = events(Arc::new(|| Timestamp(0)));
        let act = |_| async { done() };
        let error = schedule(&steps, 1, &CancellationToken::new(), &events, act).await.unwrap_err();
        assert!(error.to_string().contains("wait for each other"), "{error}");
    }
}
