//! `tidegate validate`: checks a manifest without network and without a token.

use super::args::Diagnostics;
use super::diagnostics;
use crate::manifest::{self, Environment};
use std::path::Path;

/// What `validate` says.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Problems, or one line that all is well; goes to stdout as JSON or when valid, else to stderr.
    pub(crate) text: String,
    /// 0, or 10 for an invalid manifest.
    pub(crate) exit_code: u8,
}

/// Checks the manifest at `path`.
pub(crate) fn run(
    path: &Path,
    environment: &Environment,
    form: Diagnostics,
    color: bool,
    width: usize,
) -> Answer {
    match manifest::load(path, environment) {
        Ok(_) => Answer { text: format!("{}: valid\n", path.display()), exit_code: 0 },
        Err(problems) => {
            Answer { text: diagnostics::render(&problems, form, color, width), exit_code: 10 }
        }
    }
}
