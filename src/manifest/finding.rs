//! What is found wrong, with spans; becomes [`Problems`] once all files are known.

use super::text::{Files, Span};
use super::{Label, Problem, Problems, Severity};
use crate::model::Code;

/// More are counted as one: a file with a thousand problems is not a manifest.
const MAX_KEPT: usize = 1_000;

/// A problem with spans.
#[derive(Debug)]
pub(super) struct Finding {
    code: &'static Code,
    severity: Severity,
    message: String,
    labels: Vec<(Span, String)>,
    help: Option<String>,
}

impl Finding {
    /// Builds a finding that makes the manifest invalid.
    pub(super) fn error(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// Builds a finding that does not.
    pub(super) fn warning(code: &'static Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a label; the first is the main one.
    pub(super) fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Adds the way out.
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// Findings of one run.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding.
    pub(super) fn push(&mut self, finding: Finding) {
        if self.list.len() < MAX_KEPT {
            self.list.push(finding);
        }
    }

    /// Tells whether further findings would be dropped, so that nobody needs to look for them.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MAX_KEPT
    }

    /// Tells whether any finding is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Puts places in, in the order of the files and of the places in them.
    pub(super) fn into_problems(mut self, files: &Files) -> Problems {
        self.list.sort_by_key(|finding| finding.labels.first().map(|(span, _)| (span.file, span.start)));
        let list = self
            .list
            .into_iter()
            .map(|finding| Problem {
                code: finding.code,
                severity: finding.severity,
                message: finding.message,
                labels: finding
                    .labels
                    .into_iter()
                    .map(|(span, text)| Label { place: files.place(span), text })
                    .collect(),
                help: finding.help,
            })
            .collect();
        Problems { list, sources: files.sources() }
    }
}
