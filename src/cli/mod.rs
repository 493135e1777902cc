//! The command line: the only place that prints.

mod args;
mod codes;
mod error;
mod meter;
mod progress;
mod ui;

use std::process::ExitCode;

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
