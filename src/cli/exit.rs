//! Exit codes, and how an error is printed. One table maps blame to code.

use super::args::Diagnostics;
use crate::apply::Verdict;
use crate::manifest::Problems;
use crate::model::{Blame, Coded};
use std::process::ExitCode;

/// The exit codes of `docs/errors.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Success = 0,
    /// Failed, and nothing was changed.
    Failed = 1,
    /// `--detailed-exitcode`: there are changes.
    Changes = 2,
    /// `--detailed-exitcode`: there are changes that risk data.
    RiskyChanges = 3,
    InvalidManifest = 10,
    Stale = 11,
    Refused = 12,
    Locked = 13,
    /// Stopped part-way; the same command goes on.
    PartWay = 14,
    Authentication = 15,
    VerificationFailed = 16,
    /// 1.x files are damaged.
    Damaged = 17,
    Usage = 64,
    /// Interrupted; the journal is consistent.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// Returns the code for an error that stopped a command before it changed anything.
    pub(crate) fn of(blame: Blame) -> Self {
        match blame {
            Blame::Manifest => Self::InvalidManifest,
            Blame::Source | Blame::Target | Blame::Local | Blame::Internal => Self::Failed,
            Blame::Authentication => Self::Authentication,
            Blame::Stale => Self::Stale,
            Blame::Refused => Self::Refused,
            Blame::Locked => Self::Locked,
            Blame::Verification => Self::VerificationFailed,
            Blame::Usage => Self::Usage,
            Blame::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Success => Self::Success,
            Verdict::Failed => Self::Failed,
            Verdict::PartWay => Self::PartWay,
            Verdict::Stale => Self::Stale,
            Verdict::Authentication => Self::Authentication,
            Verdict::Verification => Self::VerificationFailed,
            Verdict::Interrupted => Self::Interrupted,
        }
    }
}

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The manifest has problems.
    Problems(Problems),
    /// An error with a code.
    Error(Box<dyn Coded>),
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl Failure {
    /// Returns the exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Problems(_) => Exit::InvalidManifest,
            Self::Error(error) => Exit::of(error.code().blame),
        }
    }

    /// Returns what to print.
    pub(crate) fn text(&self, form: Diagnostics, color: bool, width: usize) -> String {
        match self {
            Self::Problems(problems) => super::diagnostics::render(problems, form, color, width),
            Self::Error(error) => print_error(error.as_ref(), form, color),
        }
    }
}

/// Prints an error with its code, its causes and a way out.
pub(crate) fn print_error(error: &dyn Coded, form: Diagnostics, color: bool) -> String {
    let code = error.code();
    let message = with_causes(error);
    match form {
        Diagnostics::Json => serde_json::json!({
            "format_version": 1,
            "problems": [{
                "code": code.id,
                "severity": "error",
                "summary": code.summary,
                "message": message,
                "help": error.help(),
                "labels": [],
            }],
        })
        .to_string(),
        Diagnostics::Short => {
            let help = error.help().map(|help| format!(" (help: {help})")).unwrap_or_default();
            format!("error[{}]: {}{help}", code.id, message.replace('\n', " "))
        }
        Diagnostics::Human => {
            let (red, bold, cyan, end) =
                if color { ("\x1b[1;31m", "\x1b[1m", "\x1b[36m", "\x1b[0m") } else { ("", "", "", "") };
            let mut text = format!("{red}error[{}]{end}{bold}: {}{end}", code.id, code.summary);
            for line in message.lines() {
                text.push_str("\n  ");
                text.push_str(line);
            }
            if let Some(help) = error.help() {
                text.extend(["\n  ", cyan, "help:", end, " "]);
                text.push_str(&help.replace('\n', "\n        "));
            }
            text
        }
    }
}

/// Joins an error and its causes, leaving out a cause whose text the outer one already holds.
fn with_causes(error: &dyn Coded) -> String {
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
