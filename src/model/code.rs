//! Stable codes for everything that can go wrong, and whose fault it is.

use std::error::Error;

/// Whose fault a problem is. The exit code of a command follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// The manifest, or a file it names, is wrong.
    Manifest,
    /// The 1.x data cannot be read as asked.
    Source,
    /// The target answered with an error, or not at all.
    Target,
    /// The target refuses the token, or the token lacks a permission.
    Authentication,
    /// The world changed since the plan was made.
    Stale,
    /// A safety rule, or a missing approval, stands in the way.
    Refused,
    /// Another run holds the lock.
    Locked,
    /// Both sides were compared and differ.
    Verification,
    /// This machine: disk full, no permission, no terminal.
    Local,
    /// The command line is wrong.
    Usage,
    /// A signal ended the run.
    Interrupted,
    /// A defect of tidegate.
    Internal,
}

/// A stable code with its constant summary, as listed in `docs/errors.md`.
///
/// The summary holds no text of the user's, so it can be searched for.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `TG` and four digits.
    pub id: &'static str,
    /// One short sentence without a full stop.
    pub summary: &'static str,
    /// Whose fault it is.
    pub blame: Blame,
}

/// An error that has a code and may know a way out.
pub trait Coded: Error + Send + Sync + 'static {
    /// Returns the stable code.
    fn code(&self) -> &'static Code;

    /// Returns what to do now, as a sentence.
    fn help(&self) -> Option<String> {
        None
    }
}

/// Tells an error and its causes in one line, leaving out a cause whose text an outer one already holds.
pub fn told(error: &dyn Coded) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
