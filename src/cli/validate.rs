//! `tidegate validate`: checks a manifest without network and without a token.

use super::args::Diagnostics;
use super::diagnostics;
use crate::manifest::{self, Environment, Manifest};
use crate::model::Exit;
use std::path::Path;

/// What `validate` says.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Problems, or warnings and one line that all is well. As JSON, or when valid, it goes to stdout.
    pub(crate) text: String,
    /// How the command ends.
    pub(crate) exit: Exit,
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
        Ok((manifest, warnings)) => {
            let mut text = diagnostics::render(&warnings, form, color, width);
            if form != Diagnostics::Json {
                text.push_str(&summary(path, &manifest));
            }
            Answer { text, exit: Exit::Success }
        }
        Err(problems) => {
            Answer { text: diagnostics::render(&problems, form, color, width), exit: Exit::InvalidManifest }
        }
    }
}

/// `tidegate.yaml: valid: 3 databases, 7 retention policies`, and what else the file names.
fn summary(path: &Path, manifest: &Manifest) -> String {
    let policies = manifest.databases.values().map(|database| database.retention_policies.len()).sum();
    let counts = [
        (manifest.databases.len(), "database", "databases"),
        (policies, "retention policy", "retention policies"),
        (manifest.rules.len(), "rule", "rules"),
        (manifest.buckets.len(), "further bucket", "further buckets"),
        (manifest.mappings.len(), "further mapping", "further mappings"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .enumerate()
        .filter(|(at, (count, ..))| *at < 2 || *count > 0)
        .map(|(_, (count, one, many))| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    format!("{}: valid: {}\n", path.display(), counts.join(", "))
}
