//! Problems of a manifest: a code, labels on exact places, one way out.

use crate::model::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A place in a manifest file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path of the file as given on the command line or in `extends`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// First byte of the span in the file.
    pub start: usize,
    /// First byte after the span.
    pub end: usize,
}

/// A place and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A fragment, such as `first here`.
    pub text: String,
}

/// Whether a problem makes the manifest invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The manifest cannot be used.
    Error,
    /// It can, but look at this.
    Warning,
}

/// One problem of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Code and constant summary.
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong here, with the user's own words in it: one sentence without a full stop.
    pub message: String,
    /// The places; the first is the main one. Empty only where the file cannot be read.
    pub labels: Vec<Label>,
    /// One way out, as a sentence.
    pub help: Option<String>,
}

/// The texts of all files that were read, by the path in [`Place::file`].
pub type Sources = BTreeMap<String, Arc<str>>;

/// All problems of one run, in the order of their places, and the texts they point into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// Errors and warnings.
    pub list: Vec<Problem>,
    /// What the labels point into.
    pub sources: Sources,
}

impl Problems {
    /// Tells whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }
}
