//! From a path to a manifest, step by step.

use super::finding::{Finding, Findings};
use super::text::Files;
use super::{Environment, Manifest, Problems, build, codes, decode, interpolate, overlay, schema, shape};
use std::path::Path;

/// Loads a manifest and what it extends. The second value holds warnings.
///
/// Reads these files and looks for the export files they name; no network, no secrets. An error
/// holds every problem that could be found, in the order of their places.
pub fn load(path: &Path, environment: &Environment) -> Result<(Manifest, Problems), Problems> {
    let (mut files, mut findings) = (Files::default(), Findings::default());
    let manifest = assemble(path, environment, &mut files, &mut findings);
    let has_errors = findings.has_errors();
    let problems = findings.into_problems(&files);
    match manifest {
        Some(manifest) if !has_errors => Ok((manifest, problems)),
        _ => Err(problems),
    }
}

fn assemble(
    path: &Path,
    environment: &Environment,
    files: &mut Files,
    findings: &mut Findings,
) -> Option<Manifest> {
    let mut root = overlay::read(path, files, findings)?;
    interpolate::interpolate(&mut root, environment, files, findings);
    let secrets = shape::check(&mut root, &schema::value(), files.has_overlays(), findings);
    files.hide(&secrets);
    let file = match decode::decode(&root) {
        Ok(file) => file,
        Err(error) => {
            // Where something was reported, that comes first.
            if !findings.has_errors() {
                findings.push(
                    Finding::error(&codes::UNDECODABLE, format!("the manifest cannot be decoded: {error}"))
                        .help("This is a defect of tidegate: the schema accepts the file. Please report it."),
                );
            }
            return None;
        }
    };
    build::build(path, &file, &root, files, findings)
}
