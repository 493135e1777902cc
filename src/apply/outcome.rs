//! What became of every step.

use crate::model::{Blame, Code, Coded, Exit, told};
use crate::plan::{Action, Address};
use crate::transfer::Ledger;
use crate::verify::Report;

/// What became of a plan.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Every step, in the order of the plan.
    pub steps: Vec<StepOutcome>,
    /// Whether anything on the target was changed by this run.
    pub changed: bool,
}

/// What became of a step.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// The step.
    pub address: Address,
    /// What it was to do.
    pub action: Action,
    /// What became of it.
    pub result: StepResult,
}

/// What became of a step.
#[derive(Debug, Clone)]
pub enum StepResult {
    /// It did what the plan says, and the target was read back.
    Done(Detail),
    /// There was nothing to do: it already is as desired.
    AsDesired,
    /// The world changed since the plan was made; nothing was done.
    Stale(Failure),
    /// It failed.
    Failed(Failure, Detail),
    /// It was begun and not finished, because the run was interrupted.
    Interrupted(Detail),
    /// It was not begun.
    NotReached {
        /// The step before it that failed; `None` where the run was interrupted.
        because: Option<Address>,
    },
}

/// What a step has to tell beyond its end.
#[derive(Debug, Clone, Default)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// Where every line went.
    Transfer(Ledger),
    /// How both sides compare.
    Verify(Box<Report>),
}

/// An error, as it is told and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its code.
    pub code: &'static Code,
    /// What it and its causes say, the target's answer with it.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
}

impl Failure {
    /// Tells an error with all its causes.
    pub fn of(error: &impl Coded) -> Self {
        Self { code: error.code(), message: told(error), help: error.help() }
    }
}

/// How a run ended, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as planned.
    Success,
    /// Something failed, and nothing was changed.
    Failed,
    /// Something failed after something was changed. The same command goes on.
    PartWay,
    /// The only obstacle was that the world changed since the plan was made.
    Stale,
    /// The target refuses the token.
    Authentication,
    /// Both sides differ.
    Verification,
    /// A signal ended the run.
    Interrupted,
}

impl Verdict {
    /// Returns the exit code of the command.
    pub fn exit(self) -> Exit {
        match self {
            Self::Success => Exit::Success,
            Self::Failed => Exit::Failed,
            Self::Stale => Exit::Stale,
            Self::PartWay => Exit::PartWay,
            Self::Authentication => Exit::Authentication,
            Self::Verification => Exit::VerificationFailed,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

impl Outcome {
    /// Returns how the run ended. Of several failures the one a user must act on first counts: an
    /// interrupt, the token, differing data, any other failure, a stale plan.
    pub fn verdict(&self) -> Verdict {
        let blames: Vec<Blame> = self.failures().map(|(_, failure)| failure.code.blame).collect();
        let interrupted = self.steps.iter().any(|step| {
            matches!(step.result, StepResult::Interrupted(_) | StepResult::NotReached { because: None })
        });
        if interrupted || blames.contains(&Blame::Interrupted) {
            Verdict::Interrupted
        } else if blames.contains(&Blame::Authentication) {
            Verdict::Authentication
        } else if blames.contains(&Blame::Verification) {
            Verdict::Verification
        } else if blames.is_empty() {
            Verdict::Success
        } else if blames.iter().all(|blame| *blame == Blame::Stale) {
            Verdict::Stale
        } else if self.changed {
            Verdict::PartWay
        } else {
            Verdict::Failed
        }
    }

    /// Returns the steps that failed or are stale, in the order of the plan.
    pub fn failures(&self) -> impl Iterator<Item = (&StepOutcome, &Failure)> {
        self.steps.iter().filter_map(|step| match &step.result {
            StepResult::Failed(failure, _) | StepResult::Stale(failure) => Some((step, failure)),
            _ => None,
        })
    }

    /// Returns the steps that were not begun because of the step at `address`.
    pub fn not_reached_because_of<'a>(
        &'a self,
        address: &'a Address,
    ) -> impl Iterator<Item = &'a StepOutcome> {
        self.steps.iter().filter(move |step| {
            matches!(&step.result, StepResult::NotReached { because: Some(because) } if because == address)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::codes;
    use crate::verify::codes::FEWER;

    fn outcome(changed: bool, results: Vec<StepResult>) -> Outcome {
        let steps = results
            .into_iter()
            .map(|result| StepOutcome {
                address: Address::Bucket("a".into()),
                action: Action::Create,
                result,
            })
            .collect();
        Outcome { steps, changed }
    }

    fn failed(code: &'static Code) -> StepResult {
        StepResult::Failed(Failure { code, message: String::new(), help: None }, Detail::None)
    }

    #[test]
    fn the_verdict_names_what_a_user_must_act_on_first() {
        static TOKEN: Code = Code { id: "TG0000", summary: "", blame: Blame::Authentication };
        let verdict = |changed, results| outcome(changed, results).verdict();
        let done = || StepResult::Done(Detail::None);
        assert_eq!(verdict(true, vec![done(), StepResult::AsDesired]), Verdict::Success);
        assert_eq!(verdict(false, vec![failed(&codes::READ_BACK)]), Verdict::Failed);
        assert_eq!(verdict(true, vec![done(), failed(&codes::READ_BACK)]), Verdict::PartWay);
        assert_eq!(verdict(true, vec![done(), failed(&codes::STALE)]), Verdict::Stale);
        let mixed = vec![failed(&codes::STALE), failed(&codes::READ_BACK)];
        assert_eq!(verdict(false, mixed), Verdict::Failed);
        let mixed = vec![failed(&FEWER), failed(&codes::READ_BACK)];
        assert_eq!(verdict(true, mixed), Verdict::Verification);
        let mixed = vec![failed(&FEWER), failed(&TOKEN)];
        assert_eq!(verdict(true, mixed), Verdict::Authentication);
        let mixed = vec![failed(&TOKEN), StepResult::NotReached { because: None }];
        assert_eq!(verdict(true, mixed), Verdict::Interrupted);
    }
}
