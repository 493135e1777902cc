//! How a command ends, and how an error is printed.

use super::args::Diagnostics;
use crate::manifest::Problems;
pub(crate) use crate::model::Exit;
use crate::model::{Coded, told};
use std::process::ExitCode;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
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
    let message = told(error);
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
