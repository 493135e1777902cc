//! What became of a run: a ledger of every step, and how to go on.

mod document;

pub use document::outcome_json;

use super::Style;
use super::escape::clean;
use super::paint::{Ink, paint, verb};
use super::rows::plural;
use super::wrap::wrap;
use crate::apply::{Detail, Failure, Outcome, StepOutcome, StepResult, Verdict};
use crate::model::size::print_count;
use crate::plan::Action;
use crate::verify::Report;

/// Differences that are printed of one comparison; the JSON form has all that are kept.
const DIFFERENCES: usize = 10;

/// Renders what became of every step, and how to go on.
pub fn outcome(outcome: &Outcome, style: &Style<'_>) -> String {
    let mut ledger = Ledger { out: String::new(), style, addresses: 0 };
    let (acting, unchanged): (Vec<_>, Vec<_>) =
        outcome.steps.iter().partition(|step| step.action != Action::NoOp || style.full);
    let most = 44.min(style.width * 2 / 5);
    let widths = acting.iter().map(|step| ledger.clean(&step.address.to_string()).chars().count());
    ledger.addresses = widths.filter(|width| *width <= most).max().unwrap_or(0);
    for step in &acting {
        ledger.step(step, outcome);
    }
    if !unchanged.is_empty() {
        ledger.line(&format!(" {} unchanged", unchanged.len()));
    }
    ledger.summary(outcome);
    ledger.out
}

struct Ledger<'a> {
    out: String,
    style: &'a Style<'a>,
    /// Width of the column of addresses.
    addresses: usize,
}

/// Width of the column of results.
const RESULTS: usize = 11;

impl Ledger<'_> {
    fn clean(&self, text: &str) -> String {
        clean(text, self.style.ascii).into_owned()
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn step(&mut self, step: &StepOutcome, outcome: &Outcome) {
        let (word, ink) = word(&step.result);
        let address = self.clean(&step.address.to_string());
        let fits = address.chars().count() <= self.addresses;
        let gap = " ".repeat(self.addresses.saturating_sub(address.chars().count()));
        let result = paint(&format!("{word:<RESULTS$}"), ink, self.style.color);
        let head = format!(" {result} {}{gap}", paint(&address, Ink::Strong, self.style.color));
        let texts = self.texts(step);
        let indent = 1 + RESULTS + 1;
        match texts.split_first() {
            Some((first, rest)) if fits => {
                self.hanging(&format!("{head}  "), indent + self.addresses + 2, first);
                for text in rest {
                    self.indented(indent, text);
                }
            }
            _ => {
                self.line(&head);
                for text in &texts {
                    self.indented(indent, text);
                }
            }
        }
        if let StepResult::Failed(failure, _) | StepResult::Stale(failure) = &step.result {
            let waiting: Vec<_> =
                outcome.not_reached_because_of(&step.address).map(|step| step.address.to_string()).collect();
            if !waiting.is_empty() {
                self.indented(indent, &format!("not reached because of it: {}", waiting.join(", ")));
            }
            if let Some(help) = &failure.help {
                self.indented(indent, &format!("help: {help}"));
            }
        }
    }

    /// Returns what the step has to tell, a text a line.
    fn texts(&self, step: &StepOutcome) -> Vec<String> {
        match &step.result {
            StepResult::Done(Detail::None) => vec![verb(step.action).to_owned()],
            StepResult::Done(detail) => self.detail(detail, true),
            StepResult::AsDesired => vec!["it already is as desired".to_owned()],
            StepResult::Stale(failure) => vec![coded(failure)],
            StepResult::Failed(failure, detail) => {
                let mut texts = vec![coded(failure)];
                texts.extend(self.detail(detail, false));
                texts
            }
            StepResult::Interrupted(detail) => {
                let mut texts = vec![format!("{} was begun and is not finished", verb(step.action))];
                texts.extend(self.detail(detail, true));
                texts
            }
            StepResult::NotReached { because: Some(because) } => vec![format!("{because} comes first")],
            StepResult::NotReached { because: None } => vec!["the run was interrupted".to_owned()],
        }
    }

    /// `with_summary`: an error says already what a comparison found first.
    fn detail(&self, detail: &Detail, with_summary: bool) -> Vec<String> {
        match detail {
            Detail::None => Vec::new(),
            Detail::Transfer(ledger) => {
                let mut texts = vec![format!("lines: {ledger}")];
                if ledger.rejected > 0 {
                    texts.push(
                        "rejected lines and their reasons are in the folder `rejects` beside the journal"
                            .to_owned(),
                    );
                }
                if ledger.left_out + ledger.damaged > 0 {
                    texts.push(
                        "what was left out is listed there in `*.left-out.jsonl`, with reasons".to_owned(),
                    );
                }
                // A transfer that ran to its end always balances, or it failed for that.
                if !ledger.balances() {
                    texts.push("lines that were read and not acknowledged are sent again".to_owned());
                }
                texts
            }
            Detail::Verify(report) => {
                let mut texts = Vec::new();
                if with_summary {
                    texts.push(report.summary());
                }
                texts.extend(differences(report, self.style.full));
                texts
            }
        }
    }

    fn hanging(&mut self, head: &str, indent: usize, text: &str) {
        let text = self.clean(text);
        let width = self.style.width.saturating_sub(indent).max(24);
        let blank = " ".repeat(indent);
        let lines = wrap(&text, width);
        let first = lines.first().map_or("", String::as_str);
        self.line(&format!("{head}{first}"));
        for line in lines.iter().skip(1) {
            self.line(&format!("{blank}{line}"));
        }
    }

    fn indented(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), indent, text);
    }

    fn summary(&mut self, outcome: &Outcome) {
        let count = |wanted: &str| {
            let acting = outcome.steps.iter().filter(|step| step.action != Action::NoOp);
            acting.filter(|step| word(&step.result).0 == wanted).count()
        };
        let parts: Vec<_> = ["done", "as desired", "failed", "stale", "interrupted", "not reached"]
            .into_iter()
            .map(|word| (count(word), word))
            .filter(|(count, word)| *count > 0 || *word == "done")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let verdict = outcome.verdict();
        let ink = if verdict == Verdict::Success { Ink::Good } else { Ink::Bad };
        let head = paint(headline(verdict), ink, self.style.color);
        self.line("");
        self.line(&format!("{head} {}.", parts.join(", ")));
        if let Some(next) = next(verdict) {
            self.hanging("", 0, next);
        }
    }
}

fn coded(failure: &Failure) -> String {
    format!("{} {}", failure.code.id, failure.message)
}

/// Returns the differences of a comparison, as many as a terminal bears.
fn differences(report: &Report, full: bool) -> Vec<String> {
    let kept = report.missing.iter().chain(&report.extra);
    let most = if full { usize::MAX } else { DIFFERENCES };
    let mut texts: Vec<String> = kept.take(most).map(ToString::to_string).collect();
    let all = report.fewer.saturating_add(report.more);
    let more = all.saturating_sub(texts.len() as u64);
    if more > 0 && !texts.is_empty() {
        let word = plural(usize::try_from(more).unwrap_or(usize::MAX), "count");
        texts.push(format!("and {} more {word} that differ", print_count(more)));
    }
    texts
}

fn word(result: &StepResult) -> (&'static str, Ink) {
    match result {
        StepResult::Done(_) => ("done", Ink::Good),
        StepResult::AsDesired => ("as desired", Ink::Faint),
        StepResult::Stale(_) => ("stale", Ink::Bad),
        StepResult::Failed(..) => ("failed", Ink::Bad),
        StepResult::Interrupted(_) => ("interrupted", Ink::Changed),
        StepResult::NotReached { .. } => ("not reached", Ink::Changed),
    }
}

fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Success => "Complete:",
        Verdict::Failed => "Failed, and nothing was changed:",
        Verdict::PartWay => "Stopped part-way:",
        Verdict::Stale => "The target changed since it was planned:",
        Verdict::Authentication => "The target refuses the token:",
        Verdict::Verification => "Both sides differ:",
        Verdict::Interrupted => "Interrupted:",
    }
}

/// Returns how to go on.
fn next(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Success => None,
        Verdict::Failed => Some("Remove the cause and run the same command again."),
        Verdict::PartWay => Some(
            "What is done stays done. Remove the cause and run the same command again: it goes on from here.",
        ),
        Verdict::Stale => Some("What is done stays done. Plan again, and review what is left."),
        Verdict::Authentication => {
            Some("What is done stays done. Give the token its permissions and run the same command again.")
        }
        Verdict::Verification => Some(
            "All data was sent. Look at the windows above; `tidegate verify` compares again, and changes nothing.",
        ),
        Verdict::Interrupted => {
            Some("The journal is consistent. Run the same command again: it goes on where this run stopped.")
        }
    }
}
