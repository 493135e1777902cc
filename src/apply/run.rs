//! A run from its first entry in the journal to its last.

use super::context::Shared;
use super::schedule::{Ended, schedule};
use super::{Context, Detail, Error, Failure, Outcome, StepOutcome, StepResult, bucket, data, dbrp};
use crate::model::{Blame, Bucket, BucketName, Coded, Database, Dbrp, Origin};
use crate::plan::{Action, Change, Diff, Plan, Risk, Step};
use crate::run::{Entry, Event, RunStarted};
use crate::{run, target, transfer, verify};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs a plan and returns what became of every step.
///
/// A step that fails keeps only those from running that need it. The result is an error only where
/// nothing was begun.
///
/// # Errors
/// Fails where the plan is refused or no plan, and where the journal takes no entry.
pub async fn run(plan: Plan, context: Context) -> Result<Outcome, Error> {
    if let Some(refusal) = plan.refusals.first() {
        return Err(Error::PlanRefused { message: refusal.message.clone(), help: refusal.help.clone() });
    }
    execute(plan, context, false).await
}

/// Runs only the comparisons of a plan, also those that were done before.
///
/// # Errors
/// As [`run()`].
pub async fn verify(mut plan: Plan, context: Context) -> Result<Outcome, Error> {
    plan.steps.retain(|step| matches!(step.change, Change::Verify(_)));
    for step in &mut plan.steps {
        step.needs.clear();
        if let Change::Verify(verify) = &mut step.change {
            verify.done = false;
        }
    }
    execute(plan, context, true).await
}

async fn execute(plan: Plan, context: Context, again: bool) -> Result<Outcome, Error> {
    let (cancel, events, parallel) = (context.cancel.clone(), context.events.clone(), context.parallel);
    let (defaults, shared) = (planned_defaults(&plan.steps), Shared::new(context));
    let run = Arc::new(Run { plan, shared, defaults, again });
    run.shared.record(&Entry::RunStarted(run.started()))?;
    let act = |position| {
        let run = Arc::clone(&run);
        async move { run.step(position).await }
    };
    let results = schedule(&run.plan.steps, parallel, &cancel, &events, act).await?;
    let steps = run.plan.steps.iter().zip(results).map(|(step, result)| StepOutcome {
        address: step.address.clone(),
        action: step.change.action(),
        result,
    });
    let outcome = Outcome { steps: steps.collect(), changed: run.shared.changed() };
    run.finish(&outcome);
    events.close();
    Ok(outcome)
}

/// Returns the mapping of each database that is its default once the plan is done.
fn planned_defaults(steps: &[Step]) -> BTreeMap<Database, Origin> {
    let defaults = steps.iter().filter_map(|step| match &step.change {
        Change::Dbrp(diff) => diff.after().filter(|after| after.default),
        _ => None,
    });
    defaults.map(|dbrp: &Dbrp| (dbrp.database.clone(), dbrp.origin())).collect()
}

/// A run of a plan.
struct Run {
    plan: Plan,
    shared: Shared,
    defaults: BTreeMap<Database, Origin>,
    /// Compares also what earlier runs compared.
    again: bool,
}

impl Run {
    fn started(&self) -> RunStarted {
        let owner = &self.shared.context.owner;
        RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: owner.command.clone(),
            plan: self.plan.digest.clone(),
            user: owner.user.clone(),
            host: owner.host.clone(),
            pid: owner.pid,
        }
    }

    /// Records the end. A failure is told and changes nothing: all steps are recorded already.
    fn finish(&self, outcome: &Outcome) {
        let exit = outcome.verdict().exit().code();
        if let Err(error) = self.shared.record(&Entry::RunFinished { exit }) {
            let failure = Failure::of(&error);
            self.shared.context.events.notice(None, failure.code, failure.message);
        }
    }

    /// Does one step: looks, acts, records, tells.
    async fn step(&self, position: usize) -> Ended {
        let Some(step) = self.plan.steps.get(position).filter(|step| step.acts()) else {
            return StepResult::AsDesired.into();
        };
        let (address, action) = (step.address.clone(), step.change.action());
        self.shared.context.events.send(Event::StepStarted { address, action });
        let ended = match self.act(step).await.and_then(|result| self.record(step, result)) {
            Ok(result) => result.into(),
            Err(error) => self.failed(step, &error),
        };
        self.tell(step, &ended.result);
        ended
    }

    async fn act(&self, step: &Step) -> Result<StepResult, Error> {
        self.shared.context.journal.ready()?;
        match &step.change {
            Change::Bucket(diff) => bucket::apply(&self.shared, step, diff).await,
            Change::Dbrp(diff) => {
                let has_default = self.has_other_default(diff.after());
                dbrp::apply(&self.shared, diff, &self.mappings(diff), has_default).await
            }
            Change::Transfer(transfer) => {
                data::transfer(&self.shared, transfer, self.kept(&transfer.bucket)).await
            }
            Change::Verify(verify) => data::verify(&self.shared, verify, self.again).await,
        }
    }

    fn has_other_default(&self, dbrp: Option<&Dbrp>) -> bool {
        dbrp.is_some_and(|dbrp| {
            self.defaults.get(&dbrp.database).is_some_and(|default| *default != dbrp.origin())
        })
    }

    /// Returns all changes of mappings of the same database.
    fn mappings(&self, of: &Diff<Dbrp>) -> Vec<&Diff<Dbrp>> {
        let database = |diff: &Diff<Dbrp>| diff.after().or(diff.before()).map(|dbrp| dbrp.database.clone());
        let diffs = self.plan.steps.iter().filter_map(|step| match &step.change {
            Change::Dbrp(diff) => Some(diff),
            _ => None,
        });
        diffs.filter(|diff| database(diff) == database(of)).collect()
    }

    /// Returns the bucket as the plan leaves it, where it is not changed before data is moved into it.
    fn kept(&self, name: &BucketName) -> Option<&Bucket> {
        self.plan.steps.iter().find_map(|step| match &step.change {
            Change::Bucket(diff @ (Diff::Keep(_) | Diff::Update { .. } | Diff::Adopt { .. })) => {
                diff.before().filter(|before| before.name == *name && !comes_first(step))
            }
            _ => None,
        })
    }

    fn record(&self, step: &Step, result: StepResult) -> Result<StepResult, Error> {
        let action = match result {
            StepResult::Done(_) => step.change.action(),
            _ => Action::NoOp,
        };
        self.shared.record(&Entry::StepDone { address: step.address.clone(), action })?;
        Ok(result)
    }

    fn failed(&self, step: &Step, error: &Error) -> Ended {
        let mut failure = Failure::of(error);
        if failure.code.blame == Blame::Interrupted {
            return StepResult::Interrupted(detail_of(error)).into();
        }
        if let (Blame::Authentication, Some(bucket)) = (failure.code.blame, step.change.bucket()) {
            failure.message = format!("{} on bucket `{bucket}`", failure.message);
        }
        let (address, code) = (step.address.clone(), failure.code.id.to_owned());
        let recorded =
            self.shared.record(&Entry::StepFailed { address, code, message: failure.message.clone() });
        let hopeless = recorded.is_err() || is_hopeless(error);
        let result = match failure.code.blame {
            Blame::Stale => StepResult::Stale(failure),
            _ => StepResult::Failed(failure, detail_of(error)),
        };
        Ended { result, stop: hopeless }
    }

    fn tell(&self, step: &Step, result: &StepResult) {
        let (address, action) = (step.address.clone(), step.change.action());
        let event = match result {
            StepResult::Done(_) => Event::StepDone { address, action },
            StepResult::AsDesired => Event::StepSkipped { address, why: "already as desired".to_owned() },
            StepResult::Failed(failure, _) | StepResult::Stale(failure) => {
                Event::StepFailed { address, code: failure.code, message: failure.message.clone() }
            }
            StepResult::Interrupted(_) => Event::StepInterrupted { address },
            StepResult::NotReached { because } => Event::StepNotReached { address, because: because.clone() },
        };
        self.shared.context.events.send(event);
    }
}

/// Tells whether a change of a bucket is done before data is moved into it: all but a shorter
/// retention are.
fn comes_first(step: &Step) -> bool {
    step.acts() && !step.risks.iter().any(|risk| matches!(risk, Risk::RetentionShrink { .. }))
}

/// Returns what a failure has to tell beyond its message.
fn detail_of(error: &Error) -> Detail {
    match error {
        Error::Verify(error) => match &**error {
            verify::Error::Fewer(report) | verify::Error::More(report) => Detail::Verify(report.clone()),
            _ => Detail::None,
        },
        Error::Transfer(error) => match &**error {
            transfer::Error::Interrupted { ledger } => Detail::Transfer(*ledger),
            _ => Detail::None,
        },
        _ => Detail::None,
    }
}

/// Tells whether every other step would fail in the same way: nothing can be recorded, or the
/// target knows no such token.
fn is_hopeless(error: &Error) -> bool {
    *error.code() == target::codes::UNAUTHORIZED || run::codes::ALL.contains(&error.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Code;
    use crate::target::AnswerError;

    fn answer(code: &'static Code, status: u16) -> target::Error {
        let (method, url) = ("POST".to_owned(), "http://h/api/v2/write".to_owned());
        Box::new(AnswerError { method, url, status, message: String::new(), code, needs: None, help: None })
            .into()
    }

    #[test]
    fn only_failures_that_every_step_would_meet_end_the_run() {
        let stopped = || run::Error::Stopped { path: "journal.jsonl".into(), why: "full".to_owned() };
        let unknown_token = || answer(&target::codes::UNAUTHORIZED, 401);
        assert!(is_hopeless(&unknown_token().into()));
        assert!(is_hopeless(&transfer::Error::from(unknown_token()).into()));
        assert!(is_hopeless(&stopped().into()));
        assert!(is_hopeless(&transfer::Error::from(stopped()).into()));
        assert!(!is_hopeless(&answer(&target::codes::FORBIDDEN, 403).into()));
        assert!(!is_hopeless(&Error::NoBucket { bucket: "a".into() }));
    }
}
